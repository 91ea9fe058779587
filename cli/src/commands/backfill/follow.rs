//! Looks how far backfills are, again and again, until they are over.

use std::time::Duration;

use anyhow::Context as _;
use lampboard_proto::v1::{Backfill, BackfillStatus, ListBackfillsRequest};
use tokio::{
    signal::unix::{SignalKind, signal},
    time::{Instant, sleep},
};
use tonic::Status;

use super::{System, progress, show::Show};
use crate::commands::remote;

/// How often the server is asked.
const LOOK: Duration = Duration::from_millis(500);
/// For how long the server may be away: long enough to be started anew.
const PATIENCE: Duration = Duration::from_secs(30);

/// How following ended, and how the backfills were then.
pub(super) enum Followed {
    /// All of them are over.
    ToTheEnd(Vec<Backfill>),
    /// Somebody does not want to look any longer.
    Interrupted(Vec<Backfill>),
    /// The server went away, and did not come back.
    Lost(Vec<Backfill>, Status),
}

/// Follows backfills until they are over or Ctrl-C is pressed, which does not
/// stop them.
pub(super) async fn to_the_end(
    system: &mut System,
    mut backfills: Vec<Backfill>,
    mut show: Show,
) -> anyhow::Result<Followed> {
    // Before anything is shown: who sees it may press Ctrl-C.
    let mut interrupt = signal(SignalKind::interrupt()).context("can not listen for Ctrl-C")?;
    let followed = tokio::select! {
        lost = look(system, &mut backfills, &mut show) => lost,
        _ = interrupt.recv() => {
            show.leave();
            return Ok(Followed::Interrupted(backfills));
        }
    };
    show.leave();
    Ok(match followed {
        Ok(()) => Followed::ToTheEnd(backfills),
        Err(status) => Followed::Lost(backfills, status),
    })
}

async fn look(
    system: &mut System,
    backfills: &mut [Backfill],
    show: &mut Show,
) -> Result<(), Status> {
    let mut heard = Instant::now();
    show.update(backfills);
    while !backfills.iter().all(progress::is_over) {
        sleep(LOOK).await;
        match refresh(system, backfills).await {
            Ok(()) => heard = Instant::now(),
            Err(status) if remote::is_away(&status) && heard.elapsed() < PATIENCE => continue,
            Err(status) => return Err(status),
        }
        show.update(backfills);
    }
    Ok(())
}

/// Asks how far they are. One that is not there any more is over: its repository
/// is gone, and what was loaded of it.
async fn refresh(system: &mut System, backfills: &mut [Backfill]) -> Result<(), Status> {
    let request = ListBackfillsRequest {
        limit: i32::try_from(backfills.len()).unwrap_or(i32::MAX),
        ids: backfills.iter().map(|it| it.id.clone()).collect(),
    };
    let found = remote::answer(system.list_backfills(request)).await?;
    for backfill in backfills {
        if let Some(now) = found.backfills.iter().find(|it| it.id == backfill.id) {
            backfill.clone_from(now);
        } else {
            backfill.set_status(BackfillStatus::Failed);
            "no installation sees the repository any more".clone_into(&mut backfill.problem);
        }
    }
    Ok(())
}

//! `lampboard backfill`: has the server load history, and shows how far it is.

mod follow;
mod outcome;
mod progress;
mod show;

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use lampboard_proto::{
    transport::Transport,
    v1::{Backfill, StartBackfillRequest, system_service_client::SystemServiceClient},
};
use lampboard_server::Schema;
use tonic::Status;

use self::{follow::Followed, outcome::Outcome, show::Show};
use super::{
    exit::End,
    machine::{self, Machine},
    parts, remote,
};
use crate::{args::BackfillArgs, said::said};

type System = SystemServiceClient<Transport>;

/// Starts the backfills, and follows them to their ends.
pub(crate) async fn run(args: BackfillArgs) -> anyhow::Result<ExitCode> {
    let (machine, end) = if let Some(url) = &args.client.server_url {
        (machine::at(url, &args.client.server_tls), End::Usage)
    } else {
        let reached = machine::reach(&args.database, Schema::Require).await;
        (reached, End::Unavailable)
    };
    let machine = match machine {
        Ok(machine) => machine,
        Err(error) => {
            eprintln!("{}", said(&error));
            return Ok(end.into());
        }
    };
    let end = run_on(&machine, &args).await;
    machine.close().await;
    Ok(end?.into())
}

async fn run_on(machine: &Machine, args: &BackfillArgs) -> anyhow::Result<End> {
    let mut system = SystemServiceClient::new(machine.transport.clone());
    let since = since(args, parts::now())?;
    let (started, mut outcomes) = start_all(&mut system, machine, args, since).await;
    // Nobody would load anything while this process waited for it.
    let is_queued_only = machine.is_here() && !started.is_empty();
    if is_queued_only {
        eprintln!("No lampboard runs here; the next one that does will load it.");
    }
    let is_awaited = !args.no_wait && !is_queued_only;
    let (backfills, interrupted) = if !is_awaited || started.is_empty() {
        (started, false)
    } else {
        let show = Show::new(&started);
        match follow::to_the_end(&mut system, started, show).await? {
            Followed::ToTheEnd(backfills) => (backfills, false),
            Followed::Interrupted(backfills) => (backfills, true),
            Followed::Lost(backfills, status) => {
                eprintln!("{}", why(&machine.place, &status));
                eprintln!("What was under way goes on as soon as the server can.");
                outcomes.push(Outcome::lost(&status));
                (backfills, false)
            }
        }
    };
    outcomes.extend(backfills.iter().map(|it| Outcome::of(it, is_awaited)));
    if interrupted {
        eprintln!("The server goes on loading; the same command shows it again.");
    }
    tell(&outcomes, args.json)?;
    let ends = outcomes.iter().map(Outcome::end);
    let least = if is_queued_only {
        End::Running
    } else {
        End::Done
    };
    Ok(ends.max().unwrap_or(least).max(least))
}

fn since(args: &BackfillArgs, now: Timestamp) -> anyhow::Result<Timestamp> {
    let span = SignedDuration::try_from(args.since).context("--since is too long ago")?;
    now.checked_sub(span).context("--since is too long ago")
}

/// Starts a backfill of every repository, whatever becomes of the others.
async fn start_all(
    system: &mut System,
    machine: &Machine,
    args: &BackfillArgs,
    since: Timestamp,
) -> (Vec<Backfill>, Vec<Outcome>) {
    let mut names = args.repositories.clone();
    names.sort();
    names.dedup();
    let (mut started, mut refused) = (Vec::new(), Vec::new());
    for name in names {
        match start(system, &name, since).await {
            Ok(backfill) => started.push(backfill),
            Err(status) => {
                let why = why(&machine.place, &status);
                eprintln!("{name}: {why}");
                refused.push(Outcome::refused(&name, &status, why));
                if remote::is_away(&status) {
                    break;
                }
            }
        }
    }
    (started, refused)
}

async fn start(system: &mut System, name: &str, since: Timestamp) -> Result<Backfill, Status> {
    let request = StartBackfillRequest {
        repository: name.to_owned(),
        since_time: Some(prost_types::Timestamp {
            seconds: since.as_second(),
            nanos: 0,
        }),
    };
    let started = remote::answer(system.start_backfill(request)).await?;
    started
        .backfill
        .ok_or_else(|| Status::internal("the server names no backfill"))
}

/// Why a backfill was not started, and what to do about it.
fn why(url: &str, status: &Status) -> String {
    match status.code() {
        tonic::Code::NotFound => {
            "no installation of the GitHub App sees it: see whether its name is right and the App \
             installed on it"
                .to_owned()
        }
        tonic::Code::FailedPrecondition => format!(
            "{}: `lampboard doctor` tells what to do about it",
            status.message()
        ),
        _ if remote::is_away(status) => unreachable(url, status),
        _ => format!("the server refuses: {}", status.message()),
    }
}

fn unreachable(url: &str, status: &Status) -> String {
    format!(
        "no server answers at {url} ({}): start `lampboard serve`, or set LAMPBOARD_SERVER_URL to \
         where it listens",
        remote::problem(status)
    )
}

/// Writes what became of all of them.
fn tell(outcomes: &[Outcome], json: bool) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    for outcome in outcomes.iter().filter(|it| it.is_told(json)) {
        let line = if json {
            serde_json::to_string(outcome)?
        } else {
            outcome.to_string()
        };
        writeln!(out, "{line}").context("can not write what became of it")?;
    }
    Ok(())
}

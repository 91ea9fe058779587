//! Whose turn it is: a message that fails again and again lets others go before it, but not
//! what is to follow it.

use std::collections::BTreeSet;

use super::{
    super::{super::db, super::db::Connection, history},
    ChannelLease, Chosen,
    waiting::{Waiting, first_message},
};
use crate::{Result, model::RecipientState};

/// After so many tries a message lets others go first.
pub(super) const PATIENCE: i32 = 3;

/// The next of the messages that were tried before, after so many failures of the channel in
/// a row. None if there is none, or if it lets go first what was never tried.
pub(super) fn tried_before(waiting: &mut Waiting, failures: i32) -> Option<Chosen> {
    if failures > 0 {
        let tries = |tries: i32| if tries < PATIENCE { 0 } else { tries };
        waiting
            .again
            .sort_by_key(|alert| tries(alert.delivery.attempt_count));
        let first = waiting.again.first()?;
        if first.delivery.attempt_count >= PATIENCE && !waiting.due.is_empty() {
            return None;
        }
    }
    first_message(&mut waiting.again, false)
}

/// Leaves what tells of an incident behind the message that is to tell of it first, and that
/// nobody got yet.
pub(super) async fn keep_order(
    connection: &mut Connection,
    lease: &ChannelLease,
    waiting: &mut Waiting,
) -> Result<()> {
    if waiting.due.iter().all(|alert| alert.incident.is_empty()) {
        return Ok(());
    }
    let rows = db::query(
        "SELECT id, incident_id, recipients FROM alert
         WHERE state = 'pending' AND channel_id = $1 AND message_id <> '' AND incident_id <> ''",
    )
    .bind(lease.channel.clone())
    .fetch_all(connection)
    .await?;
    let mut untold: BTreeSet<String> = BTreeSet::new();
    for row in rows {
        let id: &str = row.try_get("id")?;
        let recipients = history::read_recipients(row.try_get("recipients")?, id)?;
        if !recipients.iter().any(|it| it.state == RecipientState::Sent) {
            untold.insert(row.try_get("incident_id")?);
        }
    }
    waiting
        .due
        .retain(|alert| !untold.contains(&alert.incident));
    Ok(())
}

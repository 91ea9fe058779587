//! What a channel refused since it last took something. It has failed; but its time is left to
//! it until it is known whether that was the message, or the channel.

use super::super::super::db::{self, Connection};
use crate::Result;

/// It was the message: the channel takes others.
pub(super) async fn stays(connection: &mut Connection, channel: &str) -> Result<()> {
    db::query(
        "UPDATE alert SET next_time = NULL
         WHERE channel_id = $1 AND state = 'failed' AND next_time IS NOT NULL",
    )
    .bind(channel.to_owned())
    .execute(connection)
    .await?;
    Ok(())
}

/// It was the channel: what it refused waits with the rest, unless it is disabled by now. A failure
/// stays as it is if its recovery was left out for that: who was told of neither is not told that
/// it is red.
pub(in crate::store::alerts) async fn waits(
    connection: &mut Connection,
    channel: &str,
) -> Result<()> {
    db::query(
        "UPDATE alert SET state = 'pending'
         WHERE channel_id = $1 AND state = 'failed' AND next_time IS NOT NULL
           AND EXISTS (SELECT 1 FROM alert_channel c WHERE c.id = $1 AND NOT c.disabled)
           AND NOT EXISTS (SELECT 1 FROM alert r WHERE r.channel_id = $1
                           AND r.incident_id = alert.incident_id AND r.incident_id <> ''
                           AND r.skip_reason = 'failure_not_sent')",
    )
    .bind(channel.to_owned())
    .execute(connection)
    .await?;
    Ok(())
}

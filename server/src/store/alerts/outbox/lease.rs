//! Who sends to a channel: one at a time, until its lease ends.

use jiff::{SignedDuration, Timestamp};

use super::{
    super::super::{
        db::{self, Connection},
        rows,
    },
    Tried,
};
use crate::Result;

/// Longer than any send, shorter than anybody should wait for a dead sender.
const LEASE: SignedDuration = SignedDuration::from_secs(45);

/// What a sender has while it sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChannelLease {
    pub(super) channel: String,
    /// Greater with each sender: the outcome of an older one is not taken.
    pub(super) number: i64,
}

/// Takes a channel, or goes on with it. None: another one has it, or it is not there.
pub(super) async fn take(
    connection: &mut Connection,
    channel: &str,
    holder: String,
    tried: Option<&Tried>,
    now: Timestamp,
) -> Result<Option<ChannelLease>> {
    let row = db::query(
        "SELECT lease_holder, lease_number, lease_until FROM alert_channel WHERE id = $1",
    )
    .bind(channel.to_owned())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let of_holder = row.try_get::<&str, _>("lease_holder")? == holder;
    let number: i64 = row.try_get("lease_number")?;
    let until: i64 = row.try_get("lease_until")?;
    if !of_holder && until > now.as_microsecond() {
        return Ok(None);
    }
    let goes_on = of_holder && tried.is_some_and(|tried| tried.lease.number == number);
    let lease = ChannelLease {
        channel: channel.to_owned(),
        number: if goes_on { number } else { number + 1 },
    };
    let until = now.checked_add(LEASE).unwrap_or(Timestamp::MAX);
    db::query(
        "UPDATE alert_channel SET lease_holder = $1, lease_number = $2, lease_until = $3
         WHERE id = $4",
    )
    .bind(holder)
    .bind(lease.number)
    .bind(until.as_microsecond())
    .bind(channel.to_owned())
    .execute(connection)
    .await?;
    Ok(Some(lease))
}

/// Lets others have it at once.
pub(super) async fn give_back(connection: &mut Connection, lease: &ChannelLease) -> Result<()> {
    db::query("UPDATE alert_channel SET lease_until = 0 WHERE id = $1")
        .bind(lease.channel.clone())
        .execute(connection)
        .await?;
    Ok(())
}

/// When the channel may be sent to (None: not before people saw to it), and how often in a row
/// it could not be.
pub(super) async fn readiness(
    connection: &mut Connection,
    lease: &ChannelLease,
) -> Result<(Option<Timestamp>, i32)> {
    let row = db::query("SELECT ready_time, failure_count FROM alert_channel WHERE id = $1")
        .bind(lease.channel.clone())
        .fetch_one(connection)
        .await?;
    let ready = rows::maybe_time(&row, "alert_channel", "ready_time", &lease.channel)?;
    Ok((ready, row.try_get("failure_count")?))
}

//! Addresses of a channel that nothing is sent to: refused for good, or unsubscribed.

use jiff::Timestamp;

use super::super::super::db::{self, Connection};
use crate::{
    Result,
    model::{AlertChannel, ChannelAddress, LeftOut},
};

/// Leaves an address out. Who does not want anything stays left out, whatever is refused.
pub(in crate::store::alerts) async fn leave_out(
    connection: &mut Connection,
    channel: &str,
    address: &str,
    (state, answer): (&'static str, &str),
    now: Timestamp,
) -> Result<()> {
    db::query(
        "INSERT INTO alert_recipient (channel_id, address, state, answer, update_time)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (channel_id, address) DO UPDATE
         SET state = excluded.state, answer = excluded.answer,
             update_time = excluded.update_time
         WHERE excluded.state = 'unsubscribed' AND alert_recipient.state <> 'unsubscribed'",
    )
    .bind(channel.to_owned())
    .bind(address.to_owned())
    .bind(state)
    .bind(answer.to_owned())
    .bind(now.as_microsecond())
    .execute(connection)
    .await?;
    Ok(())
}

/// Tries addresses again that were refused, and forgets those that the channel has no more:
/// who unsubscribed comes back by being taken out and added again.
pub(super) async fn take_in_again(
    connection: &mut Connection,
    channel: &AlertChannel,
) -> Result<()> {
    let ChannelAddress::Email { addresses } = &channel.content.address else {
        return Ok(());
    };
    let is_forgotten = |out: &&LeftOut| {
        let is_there = |address: &String| address.eq_ignore_ascii_case(&out.address);
        !out.unsubscribed || !addresses.iter().any(is_there)
    };
    for out in channel.left_out.iter().filter(is_forgotten) {
        db::query("DELETE FROM alert_recipient WHERE channel_id = $1 AND address = $2")
            .bind(channel.id.clone())
            .bind(out.address.clone())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

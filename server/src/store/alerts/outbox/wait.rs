//! What waits after a try that failed: the channel, or the message alone.

use jiff::Timestamp;

use super::{
    super::super::db::{self, Connection, Query},
    HORIZON, Outcome, Tried,
    turns::PATIENCE,
};
use crate::{Result, ids, model::backoff};

/// What has to wait before a message is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Back {
    /// All that goes to the channel, which does not work.
    Channel,
    /// The message alone: it is about it, or about one of its readers.
    Message,
    /// The message, for a moment: some readers got it just now, and the rest is to follow.
    Rest,
}

/// What is done about a try that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// The channel waits.
    Channel,
    /// The message waits until then, and the channel goes on.
    Message(Timestamp),
    /// The message has waited for long enough, and the channel goes on.
    GivenUp,
}

impl Wait {
    pub(super) async fn of(
        connection: &mut Connection,
        tried: &Tried,
        now: Timestamp,
    ) -> Result<Self> {
        let Outcome::Later {
            asked: None,
            chance,
            back,
            ..
        } = &tried.outcome
        else {
            return Ok(Self::Channel);
        };
        let attempts = attempts(connection, tried).await?;
        let failures = match back {
            Back::Channel if !is_to_blame(connection, tried, attempts).await? => {
                return Ok(Self::Channel);
            }
            Back::Rest => 1,
            Back::Channel | Back::Message => attempts,
        };
        let first = ids::time_of(&tried.message_id).unwrap_or(now);
        let end = first.checked_add(HORIZON).unwrap_or(Timestamp::MAX);
        if now >= end {
            return Ok(Self::GivenUp);
        }
        let next = now.checked_add(backoff(failures, None, *chance));
        Ok(Self::Message(next.unwrap_or(end).min(end)))
    }
}

/// Whether it is the message, as the channel has taken others since it failed before.
async fn is_to_blame(connection: &mut Connection, tried: &Tried, attempts: i32) -> Result<bool> {
    let row = db::query("SELECT failure_count FROM alert_channel WHERE id = $1")
        .bind(tried.lease.channel.clone())
        .fetch_one(connection)
        .await?;
    Ok(attempts >= PATIENCE && row.try_get::<i32, _>("failure_count")? == 0)
}

/// How often the message was tried by now.
async fn attempts(connection: &mut Connection, tried: &Tried) -> Result<i32> {
    let mut query =
        Query::new("SELECT attempt_count FROM alert WHERE state = 'pending' AND channel_id = ");
    query.push_bind(tried.lease.channel.clone());
    query
        .push(" AND message_id = ")
        .push_bind(tried.message_id.clone());
    query.push(" ORDER BY attempt_count DESC LIMIT 1");
    let row = query.fetch_optional(connection).await?;
    Ok(row
        .map(|row| row.try_get("attempt_count"))
        .transpose()?
        .unwrap_or(1))
}

//! What came of a message, taken into the outbox.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{
    super::{
        super::db::{self, Connection, Query},
        channels, to_json,
    },
    ChannelLease, refused,
    wait::{Back, Wait},
};
use crate::{
    Result,
    model::{RecipientOutcome, RecipientState, backoff},
};

/// After so many refusals in a row a channel is paused.
const MOST_REFUSALS: i32 = 3;

/// What came of a message.
#[derive(Clone)]
pub(crate) struct Tried {
    /// Under which it was sent.
    pub(crate) lease: ChannelLease,
    pub(crate) message_id: String,
    pub(crate) outcome: Outcome,
    /// What the provider answered.
    pub(crate) answer: String,
    /// Where it went, as the provider names it.
    pub(crate) thread: String,
    /// What came of it for each recipient, if there are several.
    pub(crate) recipients: Vec<RecipientOutcome>,
    /// To whom nothing more is to be sent, and what was answered for him.
    pub(crate) left_out: Vec<(String, String)>,
}

/// What is to be done about a message.
#[derive(Clone)]
pub(crate) enum Outcome {
    /// Nothing. After a while the next one may follow.
    Sent { pause: SignedDuration },
    /// It is tried again: as soon as the provider asked, or as usual.
    Later {
        error: String,
        asked: Option<Duration>,
        /// Between 0 and 1, by which waits differ.
        chance: f64,
        /// What waits until then.
        back: Back,
        /// Whether it may be there all the same, as whoever was asked did not answer. Then it
        /// is not sent once more to a channel that rather has nothing than something twice.
        may_be_there: bool,
    },
    /// The channel is given up at once if it is gone, or with the third refusal in a row, and
    /// then what it refused waits. Until then the message is given up.
    Refused { error: String, is_gone: bool },
    /// It is given up, which says nothing of the channel.
    Unsendable { error: String },
}

impl Tried {
    /// Says of a message that was put off for a day what became of it in the end: some of its
    /// readers have it, or nobody has.
    fn give_up(&mut self) {
        let Outcome::Later { error, .. } = &self.outcome else {
            return;
        };
        let error = format!("given up after 24 hours; {error}");
        let mut some_have_it = false;
        for recipient in &mut self.recipients {
            match recipient.state {
                RecipientState::Pending => recipient.state = RecipientState::Failed,
                RecipientState::Sent => some_have_it = true,
                RecipientState::Failed => {}
            }
        }
        self.outcome = if some_have_it {
            Outcome::Sent {
                pause: SignedDuration::ZERO,
            }
        } else {
            Outcome::Unsendable { error }
        };
    }
}

/// Writes it down.
pub(super) async fn write(
    connection: &mut Connection,
    mut tried: Tried,
    now: Timestamp,
) -> Result<()> {
    let wait = Wait::of(connection, &tried, now).await?;
    if wait == Wait::GivenUp {
        tried.give_up();
    }
    for (address, answer) in &tried.left_out {
        let refused = ("refused", answer.as_str());
        channels::leave_out(connection, &tried.lease.channel, address, refused, now).await?;
    }
    let mut query = Query::new("UPDATE alert SET claim = NULL, answer = ");
    query.push_bind(tried.answer.clone());
    if !tried.recipients.is_empty() {
        query
            .push(", recipients = ")
            .push_bind(to_json(&tried.recipients)?);
    }
    match &tried.outcome {
        Outcome::Sent { .. } => {
            query.push(", state = 'sent', error = '', next_time = NULL, send_time = ");
            query.push_bind(now.as_microsecond());
            query.push(", thread = ").push_bind(tried.thread.clone());
        }
        Outcome::Later {
            error,
            may_be_there: true,
            ..
        } if holds(connection, &tried.lease).await? => {
            query.push(", state = 'failed', next_time = NULL, possible_repeat = TRUE, error = ");
            let why = "it may have been sent: retry it if it was not";
            query.push_bind(format!("{why}; {error}"));
        }
        // What the channel would not take now waits until people have seen to it.
        Outcome::Later { error, .. }
        | Outcome::Refused {
            error,
            is_gone: true,
        } => {
            query.push(", error = ").push_bind(error.clone());
            if let Wait::Message(next) = wait {
                query.push(", next_time = ");
                query.push_bind(next.as_microsecond());
            }
            if let Outcome::Later {
                may_be_there: true, ..
            } = &tried.outcome
            {
                query.push(", possible_repeat = TRUE");
            }
        }
        // The time that is left says that it may have been the channel.
        Outcome::Refused { error, .. } => {
            query.push(", state = 'failed', error = ");
            query.push_bind(error.clone());
        }
        Outcome::Unsendable { error } => {
            query.push(", state = 'failed', next_time = NULL, error = ");
            query.push_bind(error.clone());
        }
    }
    query.push(" WHERE state = 'pending' AND channel_id = ");
    query.push_bind(tried.lease.channel.clone());
    query
        .push(" AND message_id = ")
        .push_bind(tried.message_id.clone());
    query.push(" AND claim = ").push_bind(tried.lease.number);
    query.execute(&mut *connection).await?;
    write_channel(connection, tried, wait, now).await
}

/// Whether a channel rather has nothing than something twice.
async fn holds(connection: &mut Connection, lease: &ChannelLease) -> Result<bool> {
    let row = db::query("SELECT holds FROM alert_channel WHERE id = $1")
        .bind(lease.channel.clone())
        .fetch_one(connection)
        .await?;
    Ok(row.try_get("holds")?)
}

/// How sending to the channel goes by now.
async fn write_channel(
    connection: &mut Connection,
    tried: Tried,
    wait: Wait,
    now: Timestamp,
) -> Result<()> {
    let id = tried.lease.channel;
    let row = db::query("SELECT failure_count, refusal_count FROM alert_channel WHERE id = $1")
        .bind(id.clone())
        .fetch_one(&mut *connection)
        .await?;
    let failures: i32 = row.try_get("failure_count")?;
    let refusals: i32 = row.try_get("refusal_count")?;
    let after = |wait| {
        now.checked_add(wait)
            .unwrap_or(Timestamp::MAX)
            .as_microsecond()
    };
    let now = now.as_microsecond();
    let (reason, ready, failures, refusals) = match tried.outcome {
        // The channel works, for others or for some of its readers.
        _ if wait != Wait::Channel => (None, Some(now), 0, refusals),
        Outcome::Unsendable { .. } => return Ok(()),
        Outcome::Sent { pause } => {
            if refusals > 0 {
                refused::stays(connection, &id).await?;
            }
            (None, Some(after(pause)), 0, 0)
        }
        Outcome::Later {
            error,
            asked,
            chance,
            ..
        } => {
            let failures = failures.saturating_add(1);
            let ready = after(backoff(failures, asked, chance));
            (Some(error), Some(ready), failures, refusals)
        }
        Outcome::Refused { error, is_gone } => {
            let refusals = refusals.saturating_add(1);
            if is_gone || refusals >= MOST_REFUSALS {
                refused::waits(connection, &id).await?;
                (Some(error), None, 0, refusals)
            } else {
                (None, Some(now), 0, refusals)
            }
        }
    };
    // Since when: the first of the failures in a row.
    db::query(
        "UPDATE alert_channel SET pause_reason = $1,
                pause_time = CASE WHEN $1 = '' THEN NULL ELSE COALESCE(pause_time, $2) END,
                ready_time = $3, failure_count = $4, refusal_count = $5 WHERE id = $6",
    )
    .bind(reason.unwrap_or_default())
    .bind(now)
    .bind(ready)
    .bind(failures)
    .bind(refusals)
    .bind(id)
    .execute(connection)
    .await?;
    Ok(())
}

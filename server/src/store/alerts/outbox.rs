//! The outbox: what waits for a channel is handed to one sender at a time, and what came of
//! it is taken only from that one.
//!
//! A sender holds the channel by a lease with a number. Before it sends, what it sends is
//! marked with that number; the outcome takes the mark away. A mark that is there when a
//! sender begins is of one that died in between: whether that was sent nobody knows.

mod given_up;
mod lease;
pub(super) mod refused;
mod tried;
mod turns;
mod wait;
mod waiting;

pub(crate) use lease::ChannelLease;
pub(crate) use tried::{Outcome, Tried};
pub(crate) use wait::Back;

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};

use super::{
    super::{
        News, Store,
        db::{self, Connection, Pool, Query},
        sql,
    },
    Ids, channels,
};
use crate::{
    Error, Result,
    model::{Alert, AlertChannel, Pace},
};
use waiting::Waiting;

/// For how long an alert is tried.
const HORIZON: SignedDuration = SignedDuration::from_hours(24);

/// What a sender is to do next for a channel.
pub(crate) enum Next {
    /// Send this, and tell what came of it.
    Send(Box<Outgoing>),
    /// Nothing before then, or until something is raised. The lease is given back.
    Wait(Option<Timestamp>),
    /// Another one sends to it.
    Held,
}

/// One message to a channel.
pub(crate) struct Outgoing {
    /// Under which it is sent.
    pub(crate) lease: ChannelLease,
    /// Identifies it over all tries.
    pub(crate) message_id: String,
    /// What it tells, the oldest first. More than one are told in few words each.
    pub(crate) alerts: Vec<Alert>,
    /// Where to.
    pub(crate) channel: AlertChannel,
    /// What is secret of that, sealed.
    pub(crate) secret: Option<Vec<u8>>,
    /// Where an earlier message of its incident went. Empty if none is known.
    pub(crate) thread: String,
    /// Whether it may have been sent before.
    pub(crate) possible_repeat: bool,
}

impl Store {
    /// The channels for which something waits that may be sent by now, or that a dead
    /// sender left.
    pub(crate) async fn due_channels(&self, now: Timestamp) -> Result<Vec<String>> {
        let query = db::query(
            "SELECT c.id FROM alert_channel c
             WHERE c.ready_time <= $1 AND (c.lease_until <= $1 OR c.lease_holder = $2)
               AND EXISTS (SELECT 1 FROM alert a WHERE a.channel_id = c.id
                           AND a.state = 'pending' AND a.next_time <= $1)",
        )
        .bind(self.lease_time(now).await?.as_microsecond())
        .bind(self.origin.to_string());
        let rows = query.fetch_all(&self.readers).await?;
        rows.iter().map(|row| Ok(row.try_get("id")?)).collect()
    }

    /// Frees what dead processes held, where this one has the database for itself.
    pub(crate) async fn free_channels(&self) -> Result<()> {
        if matches!(self.readers, Pool::Postgres(_)) {
            return Ok(());
        }
        self.write(|connection, _| {
            async move {
                let free = "UPDATE alert_channel SET lease_until = 0 WHERE lease_until > 0";
                db::query(free).execute(connection).await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }

    /// Takes what came of the last message to a channel, and lets others have the channel.
    pub(crate) async fn last_message(&self, channel: String, tried: Tried) -> Result<()> {
        let holder = self.origin.to_string();
        self.write(move |connection, now| {
            async move { conclude(connection, &channel, holder, tried, now).await }.boxed()
        })
        .await
    }

    /// Takes what came of the last message to a channel, and gives the next one.
    pub(crate) async fn next_message(&self, channel: String, tried: Option<Tried>) -> Result<Next> {
        let holder = self.origin.to_string();
        self.writer
            .write(move |connection, now| {
                async move {
                    let next = advance(connection, &channel, holder, tried, now).await?;
                    Ok((next, News::default()))
                }
                .boxed()
            })
            .await
    }
}

/// Takes what came of a message, unless another one has the channel by now.
async fn conclude(
    connection: &mut Connection,
    channel: &str,
    holder: String,
    tried: Tried,
    now: Timestamp,
) -> Result<()> {
    let taken = lease::take(connection, channel, holder, Some(&tried), now).await?;
    if let Some(lease) = taken {
        if tried.lease == lease {
            tried::write(connection, tried, now).await?;
        }
        lease::give_back(connection, &lease).await?;
    }
    Ok(())
}

async fn advance(
    connection: &mut Connection,
    channel: &str,
    holder: String,
    tried: Option<Tried>,
    now: Timestamp,
) -> Result<Next> {
    let Some(lease) = lease::take(connection, channel, holder, tried.as_ref(), now).await? else {
        return Ok(Next::Held);
    };
    if let Some(tried) = tried
        && tried.lease == lease
    {
        tried::write(connection, tried, now).await?;
    }
    let next = choose(connection, &lease, now).await?;
    if !matches!(next, Next::Send(_)) {
        lease::give_back(connection, &lease).await?;
    }
    Ok(next)
}

/// Chooses what is sent next.
async fn choose(connection: &mut Connection, lease: &ChannelLease, now: Timestamp) -> Result<Next> {
    let found = channels::find(&mut *connection, Some(&lease.channel))
        .await?
        .pop();
    let channel = found.ok_or(Error::NotFound("channel"))?;
    let (ready, failures) = lease::readiness(connection, lease).await?;
    match ready {
        Some(ready) if ready <= now => {}
        later => return Ok(Next::Wait(later)),
    }
    let mut waiting = Waiting::read(connection, lease, now).await?;
    waiting.tidy(connection, &channel, lease, now).await?;
    if let Some(again) = waiting.left_by_the_dead(connection, &channel).await? {
        return begin(connection, lease, channel, again).await;
    }
    turns::keep_order(connection, lease, &mut waiting).await?;
    if let Some(again) = turns::tried_before(&mut waiting, failures) {
        return begin(connection, lease, channel, again).await;
    }
    if waiting.due.is_empty() {
        return Ok(Next::Wait(waiting.next_time(connection, lease).await?));
    }
    let chosen = match waiting.limited(connection, lease, now).await? {
        Some(chosen) => chosen,
        None => match waiting.pace(connection, lease, now).await? {
            Pace::One => waiting.due.drain(..1).collect(),
            Pace::Digest => std::mem::take(&mut waiting.due),
            Pace::Wait(time) => return Ok(Next::Wait(Some(time))),
        },
    };
    if chosen.is_empty() {
        return Ok(Next::Wait(waiting.next_time(connection, lease).await?));
    }
    let message = Chosen {
        message_id: Ids::at(now).next()?,
        // One that was part of another message, and that somebody retried.
        possible_repeat: chosen.iter().any(|it| it.delivery.possible_repeat),
        alerts: chosen,
    };
    begin(connection, lease, channel, message).await
}

/// What was chosen to be sent.
struct Chosen {
    message_id: String,
    alerts: Vec<Alert>,
    possible_repeat: bool,
}

/// Marks what is about to be sent.
async fn begin(
    connection: &mut Connection,
    lease: &ChannelLease,
    channel: AlertChannel,
    chosen: Chosen,
) -> Result<Next> {
    let ids: Vec<&String> = chosen.alerts.iter().map(|alert| &alert.id).collect();
    for chunk in sql::padded(&ids) {
        let mut query = Query::new("UPDATE alert SET attempt_count = attempt_count + 1, claim = ");
        query.push_bind(lease.number);
        query
            .push(", message_id = ")
            .push_bind(chosen.message_id.clone());
        if chosen.possible_repeat {
            query.push(", possible_repeat = TRUE");
        }
        query.push(" WHERE id IN (");
        sql::push_list(&mut query, chunk.iter().copied());
        query.push(")");
        query.execute(&mut *connection).await?;
    }
    let thread = match &chosen.alerts[..] {
        [alert] => thread(connection, lease, alert).await?,
        _ => String::new(),
    };
    let secret = channels::secret(connection, &lease.channel).await?;
    Ok(Next::Send(Box::new(Outgoing {
        lease: lease.clone(),
        message_id: chosen.message_id,
        alerts: chosen.alerts,
        channel,
        secret,
        thread,
        possible_repeat: chosen.possible_repeat,
    })))
}

/// Where the first message went that tells the failure of an alert's incident. That a build of
/// it took long is another matter: its message does not become that of the failure.
async fn thread(
    connection: &mut Connection,
    lease: &ChannelLease,
    alert: &Alert,
) -> Result<String> {
    let mut query = Query::new(
        "SELECT thread FROM alert WHERE thread <> '' AND kind IN ('failure', 'stays_red') \
         AND incident_id <> '' AND channel_id = ",
    );
    query.push_bind(lease.channel.clone());
    query
        .push(" AND incident_id = ")
        .push_bind(alert.incident.clone());
    query.push(" ORDER BY id LIMIT 1");
    let row = query.fetch_optional(connection).await?;
    Ok(row
        .map(|row| row.try_get("thread"))
        .transpose()?
        .unwrap_or_default())
}

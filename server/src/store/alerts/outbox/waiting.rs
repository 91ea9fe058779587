//! What waits for a channel: tidied of what is not to be told any more, and chosen from.

mod silenced;
mod tidy;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{
    super::{
        super::{
            db::{self, Connection, Query},
            rows, sql,
        },
        history, rules,
    },
    ChannelLease, Chosen,
};
use crate::{
    Result,
    model::{Alert, AlertChannel, AlertRule, AlertState, PACE_WINDOW, Pace, STORM_WINDOW, Told},
};

/// How many alerts are looked at, and told at once, at most.
const AT_ONCE: i64 = 2000;
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// What waits for a channel and may be sent by now, the oldest first.
pub(super) struct Waiting {
    /// What was never tried.
    pub(super) due: Vec<Alert>,
    /// What was tried, and failed then.
    pub(super) again: Vec<Alert>,
    /// What a dead sender left.
    left: Vec<Alert>,
    rules: BTreeMap<String, AlertRule>,
}

impl Waiting {
    pub(super) async fn read(
        connection: &mut Connection,
        lease: &ChannelLease,
        now: Timestamp,
    ) -> Result<Self> {
        let mut waiting = Self {
            due: Vec::new(),
            again: Vec::new(),
            left: Vec::new(),
            rules: BTreeMap::new(),
        };
        let mut query = Query::new("SELECT a.claim IS NOT NULL AS is_left, a.* FROM alert a");
        query.push(" WHERE a.state = 'pending' AND a.channel_id = ");
        query.push_bind(lease.channel.clone());
        query
            .push(" AND a.next_time <= ")
            .push_bind(now.as_microsecond());
        query.push(" ORDER BY a.id LIMIT ").push_bind(AT_ONCE);
        for row in query.fetch_all(&mut *connection).await? {
            let alert = history::read(&row)?;
            if row.try_get("is_left")? {
                waiting.left.push(alert);
            } else if alert.delivery.message_id.is_empty() {
                waiting.due.push(alert);
            } else {
                waiting.again.push(alert);
            }
        }
        let rules = rules::enabled(connection).await?;
        waiting.rules = rules
            .into_iter()
            .map(|rule| (rule.id.clone(), rule))
            .collect();
        Ok(waiting)
    }

    /// What a dead sender left, if something is to be done about it: sent again, unless the
    /// channel holds such alerts.
    pub(super) async fn left_by_the_dead(
        &mut self,
        connection: &mut Connection,
        channel: &AlertChannel,
    ) -> Result<Option<Chosen>> {
        if channel.content.holds {
            let left = std::mem::take(&mut self.left);
            set(
                connection,
                &left,
                "state = 'failed', next_time = NULL, claim = NULL, possible_repeat = TRUE, \
                 error = 'it may have been sent when its sender died: retry it if it was not'",
            )
            .await?;
        }
        Ok(first_message(&mut self.left, true))
    }

    /// What a rule may send that has sent nearly as much as it may in an hour: what it has
    /// in one message, or nothing. None if no rule has.
    pub(super) async fn limited(
        &mut self,
        connection: &mut Connection,
        lease: &ChannelLease,
        now: Timestamp,
    ) -> Result<Option<Vec<Alert>>> {
        let limits: Vec<(String, usize)> = self
            .rules
            .values()
            .filter_map(|rule| {
                let most = usize::try_from(rule.content.max_per_hour).ok()?;
                (most > 0).then(|| (rule.id.clone(), most))
            })
            .collect();
        for (rule, most) in limits {
            let due = self
                .due
                .iter()
                .filter(|alert| alert.rule.id == rule)
                .count();
            if due == 0 {
                continue;
            }
            let sent = sent_times(connection, lease, &rule, now).await?;
            match most.saturating_sub(sent.len()) {
                0 => {
                    let free = sent.first().and_then(|first| first.checked_add(HOUR).ok());
                    let held = self.take_out(|alert| alert.rule.id == rule);
                    hold(connection, &held, free.unwrap_or(now)).await?;
                    if self.due.is_empty() {
                        return Ok(Some(Vec::new()));
                    }
                }
                1 if due > 1 => return Ok(Some(self.take_out(|alert| alert.rule.id == rule))),
                _ => {}
            }
        }
        Ok(None)
    }

    /// How the next message is made.
    pub(super) async fn pace(
        &self,
        connection: &mut Connection,
        lease: &ChannelLease,
        now: Timestamp,
    ) -> Result<Pace> {
        let ago = |span| {
            now.checked_sub(span)
                .unwrap_or(Timestamp::MIN)
                .as_microsecond()
        };
        let row = db::query(
            "SELECT COUNT(*) AS messages, MAX(send_time) AS last_time,
                    MAX(CASE WHEN alerts > 1 THEN send_time END) AS digest_time,
                    (SELECT COUNT(*) FROM alert r WHERE r.channel_id = $1 AND r.create_time > $3
                     AND r.state <> 'skipped') AS raised
             FROM (SELECT COUNT(*) AS alerts, MAX(send_time) AS send_time FROM alert
                   WHERE channel_id = $1 AND state = 'sent' AND send_time > $2
                   GROUP BY message_id) AS message",
        )
        .bind(lease.channel.clone())
        .bind(ago(PACE_WINDOW))
        .bind(ago(STORM_WINDOW))
        .fetch_one(connection)
        .await?;
        let count = |number: i64| usize::try_from(number).unwrap_or_default();
        let told = Told {
            messages: count(row.try_get("messages")?),
            last: rows::maybe_time(&row, "alert", "last_time", &lease.channel)?,
            last_digest: rows::maybe_time(&row, "alert", "digest_time", &lease.channel)?,
            raised: count(row.try_get("raised")?),
        };
        // What was held for the same hours is told together.
        if self.due.iter().filter(|alert| was_held(alert)).count() > 1 {
            return Ok(Pace::Digest);
        }
        Ok(told.pace(self.due.len(), now))
    }

    /// When something else may be sent to the channel.
    pub(super) async fn next_time(
        &self,
        connection: &mut Connection,
        lease: &ChannelLease,
    ) -> Result<Option<Timestamp>> {
        let row = db::query(
            "SELECT MIN(next_time) AS next_time FROM alert
             WHERE channel_id = $1 AND state = 'pending'",
        )
        .bind(lease.channel.clone())
        .fetch_one(connection)
        .await?;
        rows::maybe_time(&row, "alert", "next_time", &lease.channel)
    }

    fn all(&self) -> impl Iterator<Item = &Alert> {
        self.due.iter().chain(&self.again).chain(&self.left)
    }

    /// Takes some out of all that waits.
    fn take_out(&mut self, mut is_one: impl FnMut(&Alert) -> bool) -> Vec<Alert> {
        let mut out = Vec::new();
        for list in [&mut self.due, &mut self.again, &mut self.left] {
            let (taken, kept) = std::mem::take(list).into_iter().partition(&mut is_one);
            *list = kept;
            out.extend::<Vec<Alert>>(taken);
        }
        out
    }
}

/// Whether it was held, for quiet hours or a limit: not to be tried, and not until somebody
/// retried it, which leaves the error of what became of it before.
fn was_held(alert: &Alert) -> bool {
    let AlertState::Pending { next_time } = alert.state else {
        return false;
    };
    next_time > alert.create_time && alert.delivery.error.is_empty()
}

/// The alerts of the message that the first of them was in.
pub(super) fn first_message(alerts: &mut Vec<Alert>, possible_repeat: bool) -> Option<Chosen> {
    let message_id = alerts.first()?.delivery.message_id.clone();
    let of_message = |alert: &Alert| alert.delivery.message_id == message_id;
    let (chosen, rest): (Vec<_>, Vec<_>) = std::mem::take(alerts).into_iter().partition(of_message);
    *alerts = rest;
    Some(Chosen {
        possible_repeat: possible_repeat || chosen.iter().any(|it| it.delivery.possible_repeat),
        message_id,
        alerts: chosen,
    })
}

/// When a rule sent messages to a channel within the last hour, the first of them first.
async fn sent_times(
    connection: &mut Connection,
    lease: &ChannelLease,
    rule: &str,
    now: Timestamp,
) -> Result<Vec<Timestamp>> {
    let since = now.checked_sub(HOUR).unwrap_or(Timestamp::MIN);
    let mut query = Query::new(
        "SELECT MIN(send_time) AS send_time FROM alert WHERE state = 'sent' AND channel_id = ",
    );
    query.push_bind(lease.channel.clone());
    query.push(" AND rule_id = ").push_bind(rule.to_owned());
    query
        .push(" AND send_time > ")
        .push_bind(since.as_microsecond());
    query.push(" GROUP BY message_id ORDER BY 1");
    let rows = query.fetch_all(connection).await?;
    let time = |row| rows::time(row, "alert", "send_time", rule);
    rows.iter().map(time).collect()
}

async fn hold(connection: &mut Connection, alerts: &[Alert], until: Timestamp) -> Result<()> {
    for chunk in sql::padded(&ids(alerts)) {
        let mut query = Query::new("UPDATE alert SET next_time = ");
        query.push_bind(until.as_microsecond());
        query.push(" WHERE id IN (");
        sql::push_list(&mut query, chunk.iter().copied());
        query.push(")");
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn set(connection: &mut Connection, alerts: &[Alert], what: &'static str) -> Result<()> {
    for chunk in sql::padded(&ids(alerts)) {
        let mut query = Query::new("UPDATE alert SET ");
        query.push(what).push(" WHERE id IN (");
        sql::push_list(&mut query, chunk.iter().copied());
        query.push(")");
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

fn ids(alerts: &[Alert]) -> Vec<&String> {
    alerts.iter().map(|alert| &alert.id).collect()
}

//! What was told, is to be told, and was not.

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};

use super::{
    super::{
        Store, attempts, bad_value,
        db::{self, Connection, Executor, Query, Row},
        rows, sql,
    },
    from_json,
};
use crate::{
    Error, Result,
    model::{
        Alert, AlertDelivery, AlertKind, AlertState, BuildId, Named, RecipientOutcome, SkipReason,
        TimeRange,
    },
};

const COLUMNS: &str = "a.id, a.rule_id, a.rule_name, a.channel_id, a.channel_name, a.run_id, \
     a.run_attempt, a.repository_id, a.incident_id, a.kind, a.state, a.skip_reason, \
     a.first_alert_id, a.attempt_count, a.error, a.answer, a.possible_repeat, a.message_id, \
     a.recipients, a.create_time, a.send_time, a.next_time";

/// What one message tells was raised within this: what waits for longer is given up, and no
/// quiet hours are longer than a week.
const TOGETHER: SignedDuration = SignedDuration::from_hours(9 * 24);

/// Which alerts.
#[derive(Clone, Debug, Default)]
pub(crate) struct AlertQuery {
    pub(crate) build: Option<BuildId>,
    /// Empty means any; so in all that follow.
    pub(crate) channel: String,
    pub(crate) rule: String,
    pub(crate) incident: String,
    pub(crate) states: Vec<&'static str>,
    pub(crate) kinds: Vec<AlertKind>,
    pub(crate) create_time: TimeRange,
}

/// A page of alerts to be listed, newest first.
pub(crate) struct AlertPage {
    pub(crate) query: AlertQuery,
    /// Where the page before ended: its create time and id.
    pub(crate) after: Option<(i64, String)>,
    pub(crate) size: usize,
}

impl Store {
    /// Lists alerts of repositories that are seen, newest first.
    pub(crate) async fn alerts(&self, page: AlertPage) -> Result<Vec<Alert>> {
        let mut query = select();
        query.push(" JOIN repository r ON r.id = a.repository_id WHERE r.hidden_time IS NULL");
        push_condition(&mut query, page.query);
        if let Some((time, id)) = page.after {
            query.push(" AND (a.create_time, a.id) < (").push_bind(time);
            query.push(", ").push_bind(id).push(")");
        }
        query.push(" ORDER BY a.create_time DESC, a.id DESC LIMIT ");
        query.push_bind(i64::try_from(page.size).unwrap_or(i64::MAX));
        let rows = query.fetch_all(&self.readers).await?;
        rows.iter().map(read).collect()
    }

    /// Has an alert that failed tried again.
    pub(crate) async fn retry_alert(&self, id: String) -> Result<Alert> {
        let is_part = self.is_part(&id).await?;
        self.write(move |connection, now| retry(connection, id, is_part, now).boxed())
            .await
    }

    /// Whether the message of an alert told others, too.
    async fn is_part(&self, id: &str) -> Result<bool> {
        let Some(alert) = find(&self.readers, id).await? else {
            return Ok(false);
        };
        let time = alert.create_time;
        let first = time.checked_sub(TOGETHER).unwrap_or(Timestamp::MIN);
        let last = time.checked_add(TOGETHER).unwrap_or(Timestamp::MAX);
        let row = db::query(
            "SELECT 1 FROM alert WHERE channel_id = $1 AND message_id = $2 AND message_id <> ''
               AND id <> $3 AND create_time >= $4 AND create_time <= $5 LIMIT 1",
        )
        .bind(alert.channel.id)
        .bind(alert.delivery.message_id)
        .bind(id.to_owned())
        .bind(first.as_microsecond())
        .bind(last.as_microsecond())
        .fetch_optional(&self.readers)
        .await?;
        Ok(row.is_some())
    }
}

/// One of several that a message told becomes a message of its own, and is named so: who has
/// seen that message must not take this one for it.
async fn retry(
    connection: &mut Connection,
    id: String,
    is_part: bool,
    now: Timestamp,
) -> Result<Alert> {
    let alert = find(&mut *connection, &id)
        .await?
        .ok_or(Error::NotFound("alert"))?;
    if alert.state != AlertState::Failed {
        return Err(Error::Precondition(
            "only an alert that failed can be tried again",
        ));
    }
    let channel = db::query("SELECT 1 FROM alert_channel WHERE id = $1 AND NOT disabled")
        .bind(alert.channel.id.clone())
        .fetch_optional(&mut *connection)
        .await?;
    channel.ok_or(Error::Precondition(
        "the channel of this alert is disabled or was deleted",
    ))?;
    let mut query = Query::new("UPDATE alert SET state = 'pending', claim = NULL, next_time = ");
    query.push_bind(now.as_microsecond());
    if is_part {
        query.push(", message_id = ''");
    }
    query.push(" WHERE id = ").push_bind(id.clone());
    query.execute(&mut *connection).await?;
    find(connection, &id).await?.ok_or(Error::NotFound("alert"))
}

async fn find(executor: impl Into<Executor<'_>>, id: &str) -> Result<Option<Alert>> {
    let mut query = select();
    query.push(" WHERE a.id = ").push_bind(id.to_owned());
    let row = query.fetch_optional(executor).await?;
    row.as_ref().map(read).transpose()
}

fn push_condition(query: &mut Query, asked: AlertQuery) {
    if let Some(build) = asked.build {
        query.push(" AND a.run_id = ").push_bind(build.run.0);
        query.push(" AND a.run_attempt = ").push_bind(build.attempt);
        query
            .push(" AND a.repository_id = ")
            .push_bind(build.repository.0);
    }
    for (column, id) in [
        (" AND a.channel_id = ", asked.channel),
        (" AND a.rule_id = ", asked.rule),
        (
            " AND a.incident_id <> '' AND a.incident_id = ",
            asked.incident,
        ),
    ] {
        if !id.is_empty() {
            query.push(column).push_bind(id);
        }
    }
    let kinds: Vec<&'static str> = asked.kinds.into_iter().map(AlertKind::word).collect();
    for (column, words) in [("a.state", asked.states), ("a.kind", kinds)] {
        if !words.is_empty() {
            query.push(" AND ").push(column).push(" IN (");
            sql::push_list(query, &words);
            query.push(")");
        }
    }
    for (bound, time) in [
        (" AND a.create_time >= ", asked.create_time.start),
        (" AND a.create_time < ", asked.create_time.end),
    ] {
        if let Some(time) = time {
            query.push(bound).push_bind(time.as_microsecond());
        }
    }
}

/// Starts a query for alerts.
pub(super) fn select() -> Query {
    let mut query = Query::new("SELECT ");
    query.push(COLUMNS).push(" FROM alert a");
    query
}

/// Reads an alert.
pub(super) fn read(row: &Row) -> Result<Alert> {
    let id: String = row.try_get("id")?;
    let kind: &str = row.try_get("kind")?;
    let kind = AlertKind::ALL.into_iter().find(|it| it.word() == kind);
    Ok(Alert {
        rule: Named {
            id: row.try_get("rule_id")?,
            display_name: row.try_get("rule_name")?,
        },
        channel: Named {
            id: row.try_get("channel_id")?,
            display_name: row.try_get("channel_name")?,
        },
        build: attempts::read(row)?,
        incident: row.try_get("incident_id")?,
        kind: kind.ok_or_else(|| bad_value("alert", "kind", &id, &"not a kind"))?,
        state: read_state(row, &id)?,
        delivery: read_delivery(row, &id)?,
        create_time: rows::time(row, "alert", "create_time", &id)?,
        id,
    })
}

fn read_state(row: &Row, id: &str) -> Result<AlertState> {
    let at = |column| rows::time(row, "alert", column, id);
    let state: &str = row.try_get("state")?;
    Ok(match state {
        "pending" => AlertState::Pending {
            next_time: at("next_time")?,
        },
        "sent" => AlertState::Sent {
            send_time: at("send_time")?,
        },
        "failed" => AlertState::Failed,
        "skipped" => AlertState::Skipped(read_reason(row, id)?),
        _ => return Err(bad_value("alert", "state", &id, &"not a state")),
    })
}

fn read_reason(row: &Row, id: &str) -> Result<SkipReason> {
    let reason: &str = row.try_get("skip_reason")?;
    Ok(match reason {
        "duplicate" => SkipReason::Duplicate {
            first: row.try_get("first_alert_id")?,
        },
        "over_while_quiet" => SkipReason::OverWhileQuiet,
        "failure_not_sent" => SkipReason::FailureNotSent,
        "channel_gone" => SkipReason::ChannelGone,
        "rule_gone" => SkipReason::RuleGone,
        "repository_hidden" => SkipReason::RepositoryHidden,
        "too_old" => SkipReason::TooOld,
        _ => return Err(bad_value("alert", "skip_reason", &id, &"not a reason")),
    })
}

fn read_delivery(row: &Row, id: &str) -> Result<AlertDelivery> {
    Ok(AlertDelivery {
        attempt_count: row.try_get("attempt_count")?,
        error: row.try_get("error")?,
        answer: row.try_get("answer")?,
        possible_repeat: row.try_get("possible_repeat")?,
        message_id: row.try_get("message_id")?,
        recipients: read_recipients(row.try_get("recipients")?, id)?,
    })
}

pub(super) fn read_recipients(text: &str, id: &str) -> Result<Vec<RecipientOutcome>> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    from_json(text, ("alert", "recipients"), id)
}

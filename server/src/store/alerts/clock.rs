//! Raises what time alone brings: branches that stay red, builds that wait.

use futures_util::FutureExt as _;
use jiff::Timestamp;

use super::{
    super::{
        News, Store,
        db::{Connection, Executor, Query},
        filter,
        rows::{self, BUILD_COLUMNS, SHOWN_COLUMNS},
    },
    Ids,
    raise::{self, Wanted},
    rules,
};
use crate::{
    Result,
    model::{AlertKind, AlertRule, Build, Trigger},
};

/// How many alerts of a rule are raised at once. The rest comes with the next look.
const AT_ONCE: i64 = 500;

/// The last failures of what is red, unless a rule told it; the id of the rule follows.
const RED: &str = "i.id AS incident \
     FROM incident i CROSS JOIN build b CROSS JOIN repository r \
     WHERE i.resolve_time IS NULL AND b.run_id = i.last_run_id \
       AND b.run_attempt = i.last_run_attempt AND b.repository_id = i.repository_id \
       AND r.id = b.repository_id \
       AND NOT EXISTS (SELECT 1 FROM alert a WHERE a.incident_id = i.id \
           AND a.incident_id <> '' AND a.kind = 'stays_red'";
/// The builds none of whose jobs has started, in the same way.
const WAITING: &str = "'' AS incident FROM build b CROSS JOIN repository r \
     WHERE b.end_time IS NULL AND b.jobs_start_time IS NULL AND b.latest_attempt \
       AND b.status IN ('requested', 'queued', 'pending', 'waiting') \
       AND r.id = b.repository_id \
       AND NOT EXISTS (SELECT 1 FROM alert a WHERE a.run_id = b.run_id \
           AND a.run_attempt = b.run_attempt AND a.repository_id = b.repository_id \
           AND a.kind = 'queued'";

impl Store {
    /// Raises what has become due by a time; says how many alerts wait.
    pub(crate) async fn raise_by_time(&self, now: Timestamp) -> Result<usize> {
        // Most of the time there is nothing, and nobody is held up for that.
        if !self.is_due_by_time(now).await? {
            return Ok(0);
        }
        self.writer
            .write(move |connection, now| {
                async move {
                    let raised = raise_all(connection, now).await?;
                    let news = News {
                        raised,
                        ..News::default()
                    };
                    Ok((raised, news))
                }
                .boxed()
            })
            .await
    }

    async fn is_due_by_time(&self, now: Timestamp) -> Result<bool> {
        for rule in self.alert_rules().await? {
            if let Some(query) = candidates(&rule, now)
                && !due(&self.readers, query).await?.is_empty()
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

async fn raise_all(connection: &mut Connection, now: Timestamp) -> Result<usize> {
    let rules = rules::enabled(connection).await?;
    let mut wanted = Vec::new();
    for rule in &rules {
        if let Some(query) = candidates(rule, now) {
            for (build, incident) in due(&mut *connection, query).await? {
                wanted.push(Wanted {
                    rule,
                    kind: kind(rule.content.trigger),
                    build: build.record.id,
                    incident,
                });
            }
        }
    }
    raise::raise(connection, wanted, &mut Ids::at(now), now).await
}

fn kind(trigger: Trigger) -> AlertKind {
    match trigger {
        Trigger::Queue { .. } => AlertKind::Queued,
        _ => AlertKind::StaysRed,
    }
}

/// What a rule may have to tell by now and did not, if it is one of time. What was so before
/// the rule was made, or Lampboard heard of the repository, is no news.
pub(in crate::store) fn candidates(rule: &AlertRule, now: Timestamp) -> Option<Query> {
    let (span, since, source) = match rule.content.trigger {
        Trigger::StaysRed { longer_than } => (longer_than, "i.open_time", RED),
        Trigger::Queue { longer_than } => (longer_than, "b.start_time", WAITING),
        _ => return None,
    };
    if rule.content.disabled {
        return None;
    }
    let until = now.checked_sub(span).ok()?.as_microsecond();
    let mut query = Query::new("SELECT ");
    query.push(BUILD_COLUMNS).push(", ").push(SHOWN_COLUMNS);
    query.push(", ").push(source);
    query.push(" AND a.rule_id = ").push_bind(rule.id.clone());
    // Here and not of what was found: what others leave open would fill the limit for ever.
    query.push(") AND ");
    filter::push_condition(&mut query, &rule.content.filter.clone().into());
    query.push(" AND ").push(since);
    query.push(" >= COALESCE(r.first_time, 0) AND ").push(since);
    query
        .push(" >= ")
        .push_bind(rule.create_time.as_microsecond());
    query.push(" AND ").push(since).push(" < ").push_bind(until);
    query.push(" LIMIT ").push_bind(AT_ONCE);
    Some(query)
}

/// The builds that are found, with their open incidents.
async fn due(executor: impl Into<Executor<'_>>, query: Query) -> Result<Vec<(Build, String)>> {
    let rows = query.fetch_all(executor).await?.into_iter();
    let found = rows.map(|row| Ok((rows::build(&row)?, row.try_get("incident")?)));
    found.collect()
}

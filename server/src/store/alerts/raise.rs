//! Raises alerts: at most one of a build for each channel, by the rule that may tell it first.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{
    super::{
        attempts,
        db::{Connection, Query},
        sql,
    },
    Ids, rules,
};
use crate::{
    Result,
    model::{
        self, AlertKind, AlertRule, Build, BuildId, Edge, Filter, Incident, IncidentKey, Limit,
        Place, Trigger, USUAL_OF,
    },
};

const COLUMNS: [&str; 15] = [
    "id",
    "rule_id",
    "rule_name",
    "channel_id",
    "channel_name",
    "run_id",
    "run_attempt",
    "repository_id",
    "incident_id",
    "kind",
    "state",
    "skip_reason",
    "first_alert_id",
    "create_time",
    "next_time",
];

/// Something that a rule has to tell its channels.
pub(super) struct Wanted<'a> {
    pub(super) rule: &'a AlertRule,
    pub(super) kind: AlertKind,
    pub(super) build: BuildId,
    /// Empty if none.
    pub(super) incident: String,
}

/// Raises what rules say of builds that were decided just now; says how many alerts wait.
pub(super) async fn of_builds(
    connection: &mut Connection,
    builds: &[Build],
    edges: &BTreeMap<BuildId, Edge>,
    ids: &mut Ids,
    now: Timestamp,
) -> Result<usize> {
    if builds.is_empty() {
        return Ok(0);
    }
    let rules = rules::enabled(connection).await?;
    let filters: Vec<Filter> = rules
        .iter()
        .map(|r| r.content.filter.clone().into())
        .collect();
    let mut wanted = Vec::new();
    for build in builds {
        let edge = edges.get(&build.record.id);
        for (rule, filter) in rules.iter().zip(&filters) {
            if filter.matches(build)
                && let Some(kind) = told_by(connection, rule, build, edge).await?
            {
                let incident = edge.and_then(incident).map(|it| it.id.clone());
                wanted.push(Wanted {
                    rule,
                    kind,
                    build: build.record.id,
                    incident: incident.unwrap_or_default(),
                });
            }
        }
    }
    raise(connection, wanted, ids, now).await
}

/// The incident that an edge is of.
fn incident(edge: &Edge) -> Option<&Incident> {
    match edge {
        Edge::Opened(incident) | Edge::StillRed { incident, .. } | Edge::Resolved(incident) => {
            Some(incident)
        }
        Edge::StillGreen => None,
    }
}

/// What a rule says of a build that it is about.
async fn told_by(
    connection: &mut Connection,
    rule: &AlertRule,
    build: &Build,
    edge: Option<&Edge>,
) -> Result<Option<AlertKind>> {
    if let Trigger::Duration(limit) = rule.content.trigger {
        let slow = is_slow(connection, limit, build).await?;
        return Ok(slow.then_some(AlertKind::Slow));
    }
    Ok(edge.and_then(|edge| rule.content.trigger.says(edge)))
}

async fn is_slow(connection: &mut Connection, limit: Limit, build: &Build) -> Result<bool> {
    let Some(took) = build.record.wall_time() else {
        return Ok(false);
    };
    let usual = match limit {
        Limit::TimesUsual(_) => usual(connection, build).await?,
        Limit::LongerThan(_) => None,
    };
    Ok(limit.is_exceeded(took, usual))
}

/// The median of the last successes of a workflow and branch before a build, if there are
/// enough of them.
pub(super) async fn usual(
    connection: &mut Connection,
    build: &Build,
) -> Result<Option<SignedDuration>> {
    let query = select_usual(build);
    let mut spans = Vec::new();
    for row in query.fetch_all(connection).await? {
        spans.push(row.try_get::<i64, _>("span")?);
    }
    Ok(model::usual(spans))
}

pub(in crate::store) fn select_usual(build: &Build) -> Query {
    let key = IncidentKey::of(build.record.id.repository, &build.record.facts);
    let place = Place::of(&build.record);
    let mut query = Query::new(
        "SELECT end_time - start_time AS span FROM build \
         WHERE conclusion = 'success' AND end_time IS NOT NULL AND repository_id = ",
    );
    query.push_bind(key.repository.0);
    query.push(" AND workflow_id = ").push_bind(key.workflow.0);
    query.push(" AND branch = ").push_bind(key.branch);
    query
        .push(" AND head_repository = ")
        .push_bind(key.head_repository);
    query.push(" AND (run_number, run_attempt) < (");
    query.push_bind(place.run_number);
    query.push(", ").push_bind(place.run_attempt).push(")");
    query.push(" ORDER BY run_number DESC, run_attempt DESC LIMIT ");
    query.push_bind(i64::try_from(USUAL_OF).unwrap_or(i64::MAX));
    query
}

/// When a rule that raises something now may tell it, by its quiet hours.
fn tell_time(rule: &AlertRule, now: Timestamp) -> Timestamp {
    let quiet = rule.content.quiet_hours.as_ref();
    quiet.and_then(|quiet| quiet.end_after(now)).unwrap_or(now)
}

/// Puts what is wanted of each build into the order in which rules may tell it: one that has to
/// wait, or may, must not keep others from telling it now. That a build failed says more than
/// that it took long. Builds keep their order, and else the oldest rule is the first.
fn sort(wanted: &mut [Wanted<'_>], tell_times: &BTreeMap<&str, Timestamp>) {
    let mut places: BTreeMap<BuildId, usize> = BTreeMap::new();
    for want in &*wanted {
        let next = places.len();
        places.entry(want.build).or_insert(next);
    }
    wanted.sort_by_key(|want| {
        let place = places.get(&want.build).copied();
        let tell_time = tell_times.get(want.rule.id.as_str()).copied();
        let is_limited = want.rule.content.max_per_hour > 0;
        (place, tell_time, is_limited, want.kind)
    });
}

/// Writes alerts: those that a channel is told already, and recoveries of what it was not
/// told, as skipped. Says how many wait.
pub(super) async fn raise(
    connection: &mut Connection,
    mut wanted: Vec<Wanted<'_>>,
    ids: &mut Ids,
    now: Timestamp,
) -> Result<usize> {
    if wanted.is_empty() {
        return Ok(0);
    }
    let mut tell_times = BTreeMap::new();
    for rule in wanted.iter().map(|want| want.rule) {
        let id = rule.id.as_str();
        tell_times.entry(id).or_insert_with(|| tell_time(rule, now));
    }
    sort(&mut wanted, &tell_times);
    let channels = channels(connection, &wanted).await?;
    let mut told = Told::read(connection, &wanted).await?;
    let mut rows = Vec::new();
    for want in &wanted {
        for channel in &want.rule.content.channels {
            let Some(name) = channels.get(channel) else {
                continue;
            };
            let Some(state) = told.judge(want, channel) else {
                continue;
            };
            let id = ids.next()?;
            told.note(want, channel, &id, &state);
            rows.push((id, want, channel, name, state));
        }
    }
    for chunk in sql::chunks(&rows) {
        let mut query = sql::insert("alert", &COLUMNS);
        query.push_values(chunk, |mut row, (id, want, channel, name, judged)| {
            let (state, reason, first) = match judged {
                Judged::New => ("pending", "", ""),
                Judged::Duplicate(first) => ("skipped", "duplicate", first.as_str()),
                Judged::FailureNotSent => ("skipped", "failure_not_sent", ""),
            };
            let next = tell_times
                .get(want.rule.id.as_str())
                .copied()
                .unwrap_or(now);
            let next = (*judged == Judged::New).then_some(next.as_microsecond());
            row.push_bind(id.clone())
                .push_bind(want.rule.id.clone())
                .push_bind(want.rule.content.display_name.clone())
                .push_bind((*channel).clone())
                .push_bind((*name).clone())
                .push_bind(want.build.run.0)
                .push_bind(want.build.attempt)
                .push_bind(want.build.repository.0)
                .push_bind(want.incident.clone())
                .push_bind(want.kind.word())
                .push_bind(state)
                .push_bind(reason)
                .push_bind(first)
                .push_bind(now.as_microsecond())
                .push_bind(next);
        });
        query.execute(&mut *connection).await?;
    }
    let waiting = rows.iter().filter(|(.., judged)| *judged == Judged::New);
    Ok(waiting.count())
}

/// The names of the channels that are told and not left out.
async fn channels(
    connection: &mut Connection,
    wanted: &[Wanted<'_>],
) -> Result<BTreeMap<String, String>> {
    let ids: BTreeSet<&String> = wanted
        .iter()
        .flat_map(|it| &it.rule.content.channels)
        .collect();
    let ids: Vec<&String> = ids.into_iter().collect();
    let mut found = BTreeMap::new();
    for chunk in sql::padded(&ids) {
        let mut query =
            Query::new("SELECT id, display_name FROM alert_channel WHERE NOT disabled AND id IN (");
        sql::push_list(&mut query, chunk.iter().copied());
        query.push(")");
        for row in query.fetch_all(&mut *connection).await? {
            found.insert(row.try_get("id")?, row.try_get("display_name")?);
        }
    }
    Ok(found)
}

/// What is to become of an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Judged {
    New,
    /// This one tells the channel.
    Duplicate(String),
    FailureNotSent,
}

/// What channels were told already.
struct Told {
    /// Of a build or, if it stays red, of an incident: by the alert.
    once: BTreeMap<(String, Subject), String>,
    /// Of an incident's failure, by the rule.
    failures: BTreeSet<(String, String, String)>,
    /// Whether it went wrong, by channel and incident.
    failed: BTreeSet<(String, String)>,
}

/// What a channel is told once.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Build(BuildId),
    Wait(BuildId),
    Red(String),
}

impl Subject {
    fn of(kind: AlertKind, build: BuildId, incident: &str) -> Self {
        match kind {
            AlertKind::Failure | AlertKind::Recovery | AlertKind::Slow => Self::Build(build),
            AlertKind::Queued => Self::Wait(build),
            AlertKind::StaysRed => Self::Red(incident.to_owned()),
        }
    }
}

impl Told {
    async fn read(connection: &mut Connection, wanted: &[Wanted<'_>]) -> Result<Self> {
        let mut told = Self {
            once: BTreeMap::new(),
            failures: BTreeSet::new(),
            failed: BTreeSet::new(),
        };
        let builds: BTreeSet<i64> = wanted.iter().map(|it| it.build.run.0).collect();
        let builds: Vec<i64> = builds.into_iter().collect();
        for chunk in sql::padded(&builds) {
            let mut query = select();
            query.push(" WHERE run_id IN (");
            sql::push_list(&mut query, &chunk);
            query.push(")");
            told.add(connection, query).await?;
        }
        let incidents: BTreeSet<&String> = wanted.iter().map(|it| &it.incident).collect();
        let incidents: Vec<&String> = incidents.into_iter().filter(|id| !id.is_empty()).collect();
        for chunk in sql::padded(&incidents) {
            let mut query = select();
            query.push(" WHERE incident_id <> '' AND incident_id IN (");
            sql::push_list(&mut query, chunk.iter().copied());
            query.push(")");
            told.add(connection, query).await?;
        }
        Ok(told)
    }

    async fn add(&mut self, connection: &mut Connection, query: Query) -> Result<()> {
        for row in query.fetch_all(connection).await? {
            let kind: &str = row.try_get("kind")?;
            let Some(kind) = AlertKind::ALL.into_iter().find(|it| it.word() == kind) else {
                continue;
            };
            let channel: String = row.try_get("channel_id")?;
            let incident: String = row.try_get("incident_id")?;
            let state: &str = row.try_get("state")?;
            let reason: &str = row.try_get("skip_reason")?;
            if state != "skipped" {
                let subject = Subject::of(kind, attempts::read(&row)?, &incident);
                self.once
                    .insert((channel.clone(), subject), row.try_get("id")?);
            }
            let tells_failure = matches!(kind, AlertKind::Failure | AlertKind::StaysRed);
            if tells_failure && state == "failed" {
                self.failed.insert((channel.clone(), incident.clone()));
            }
            if tells_failure && (state != "skipped" || reason == "duplicate") {
                self.failures
                    .insert((row.try_get("rule_id")?, channel, incident));
            }
        }
        Ok(())
    }

    /// What becomes of an alert. None: it is not even noted.
    fn judge(&self, want: &Wanted<'_>, channel: &str) -> Option<Judged> {
        if want.kind == AlertKind::Recovery {
            let failure = (
                want.rule.id.clone(),
                channel.to_owned(),
                want.incident.clone(),
            );
            if !self.failures.contains(&failure) {
                return None;
            }
        }
        let subject = Subject::of(want.kind, want.build, &want.incident);
        if let Some(first) = self.once.get(&(channel.to_owned(), subject)) {
            return Some(Judged::Duplicate(first.clone()));
        }
        let failed = (channel.to_owned(), want.incident.clone());
        if want.kind == AlertKind::Recovery && self.failed.contains(&failed) {
            return Some(Judged::FailureNotSent);
        }
        Some(Judged::New)
    }

    fn note(&mut self, want: &Wanted<'_>, channel: &str, id: &str, judged: &Judged) {
        if *judged == Judged::New {
            let subject = Subject::of(want.kind, want.build, &want.incident);
            self.once
                .insert((channel.to_owned(), subject), id.to_owned());
        }
        if want.kind == AlertKind::Failure {
            let failure = (
                want.rule.id.clone(),
                channel.to_owned(),
                want.incident.clone(),
            );
            self.failures.insert(failure);
        }
    }
}

fn select() -> Query {
    Query::new(
        "SELECT id, rule_id, channel_id, run_id, run_attempt, repository_id, incident_id, kind, \
         state, skip_reason FROM alert",
    )
}

//! Raises alerts: at most one of a build for each channel, by the rule that may tell it first.

mod told;

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
};

use jiff::{SignedDuration, Timestamp};

use super::{
    super::{
        db::{Connection, Query},
        sql,
    },
    Ids, rules,
};
use crate::{
    Result,
    model::{
        self, AlertKind, AlertRule, Build, BuildId, Edge, Filter, IncidentKey, Limit, Place,
        Trigger, USUAL_OF,
    },
};
use told::{Judged, Told};

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
        let incident = edge.and_then(Edge::incident).map(|it| it.id.clone());
        let mut usual = Usual::of(build);
        for (rule, filter) in rules.iter().zip(&filters) {
            if (ends_for(rule, edge) || filter.matches(build))
                && let Some(kind) = told_by(connection, rule, edge, &mut usual).await?
            {
                wanted.push(Wanted {
                    rule,
                    kind,
                    build: build.record.id,
                    incident: incident.clone().unwrap_or_default(),
                });
            }
        }
    }
    raise(connection, wanted, ids, now).await
}

/// Whether a build ends an incident that a rule may have told of. Whatever ends it, who was told
/// of the failure is told.
fn ends_for(rule: &AlertRule, edge: Option<&Edge>) -> bool {
    let is_of_time = matches!(rule.content.trigger, Trigger::Duration(_));
    matches!(edge, Some(Edge::Resolved(_))) && !is_of_time
}

/// What a rule says of a build that it is about.
async fn told_by(
    connection: &mut Connection,
    rule: &AlertRule,
    edge: Option<&Edge>,
    usual: &mut Usual<'_>,
) -> Result<Option<AlertKind>> {
    if let Trigger::Duration(limit) = rule.content.trigger {
        let slow = usual.is_exceeded(connection, limit).await?;
        return Ok(slow.then_some(AlertKind::Slow));
    }
    let says = edge.and_then(|edge| rule.content.trigger.says(edge));
    Ok(says.filter(|_| !edge.is_some_and(|edge| is_no_news(rule, edge))))
}

/// Whether a rule was made when a branch was red already, and for longer than it waits: what
/// was so before a rule is no news.
fn is_no_news(rule: &AlertRule, edge: &Edge) -> bool {
    match (rule.content.trigger, edge) {
        (Trigger::Change { failures }, Edge::StillRed(incident)) => {
            incident.failure_count > failures && incident.open_time < rule.create_time
        }
        _ => false,
    }
}

/// What a build usually takes: asked for once, and only if a rule wants it.
struct Usual<'a> {
    build: &'a Build,
    found: OnceCell<Option<SignedDuration>>,
}

impl<'a> Usual<'a> {
    fn of(build: &'a Build) -> Self {
        Self {
            build,
            found: OnceCell::new(),
        }
    }

    /// Whether the build took long.
    async fn is_exceeded(&mut self, connection: &mut Connection, limit: Limit) -> Result<bool> {
        let Some(took) = self.build.record.wall_time() else {
            return Ok(false);
        };
        let usual = match (limit, self.found.get()) {
            (Limit::LongerThan(_), _) => None,
            (Limit::TimesUsual(_), Some(found)) => *found,
            (Limit::TimesUsual(_), None) => {
                let found = usual(connection, self.build).await?;
                *self.found.get_or_init(|| found)
            }
        };
        Ok(limit.is_exceeded(took, usual))
    }
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

//! What a rule would have sent.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use lampboard_proto::v1;

use super::{
    super::convert::{self, Check},
    Alerts,
};
use crate::{
    Error, Result,
    model::{
        AlertKind, Build, Edge, Filter, IncidentKey, Limit, Place, Standing, TimeRange, Trigger,
        is_decisive,
    },
    store::BuildPage,
};

const USUAL_RANGE: SignedDuration = SignedDuration::from_hours(14 * 24);
const LONGEST_RANGE: SignedDuration = SignedDuration::from_hours(31 * 24);
/// How many builds are looked at.
const MOST_BUILDS: usize = 50_000;
const MOST_MESSAGES: usize = 100;
const PAGE: usize = 1000;

impl Alerts {
    pub(super) async fn dry_run_alert_rule(
        &self,
        request: v1::DryRunAlertRuleRequest,
    ) -> Result<v1::DryRunAlertRuleResponse> {
        let rule = request.rule.unwrap_or_default();
        let (rule, range) = Check::run(|check| {
            let rule = convert::unsent_rule(check, rule);
            (
                rule,
                convert::time_range(check, "end_time_range", request.end_time_range),
            )
        })?;
        let range = self.range(range)?;
        let about: Filter = rule.filter.into();
        // How a branch stands is decided by all of its builds, also by those that the rule is
        // not about.
        let branches = Filter {
            end_time: range,
            actors: Vec::new(),
            events: Vec::new(),
            ..about.clone()
        };
        let mut builds = self.ended(&branches).await?;
        builds.sort_by_key(|build| (build.record.end_time(), Place::of(&build.record)));
        let mut replay = Replay::new(rule.trigger, about);
        for build in &builds {
            replay.take(build);
        }
        let messages = replay.told.iter().take(MOST_MESSAGES);
        let messages = messages.map(|(kind, build)| v1::DryRunMessage {
            kind: convert::alert_kind_to_proto(*kind).into(),
            build: Some(convert::build_to_proto(build)),
        });
        Ok(v1::DryRunAlertRuleResponse {
            message_count: i32::try_from(replay.told.len()).unwrap_or(i32::MAX),
            suppressed_count: replay.suppressed,
            messages: messages.collect(),
        })
    }

    fn range(&self, asked: TimeRange) -> Result<TimeRange> {
        let end = asked.end.unwrap_or(self.clock.now());
        let usual = end.checked_sub(USUAL_RANGE).unwrap_or(Timestamp::MIN);
        let start = asked.start.unwrap_or(usual);
        if end.duration_since(start) > LONGEST_RANGE {
            return Err(Error::invalid(
                "end_time_range",
                "must be at most 31 days long",
            ));
        }
        Ok(TimeRange {
            start: Some(start),
            end: Some(end),
        })
    }

    /// All builds of a filter.
    async fn ended(&self, filter: &Filter) -> Result<Vec<Build>> {
        let mut builds = Vec::new();
        let mut after = None;
        loop {
            let page = BuildPage {
                filter,
                after,
                size: PAGE,
            };
            let listed = self.store.builds(page).await?;
            builds.extend(listed.builds);
            after = listed.next;
            if builds.len() > MOST_BUILDS {
                return Err(Error::TooMuch(
                    "more than 50000 builds match: ask for a shorter time, or for fewer of them",
                ));
            }
            if after.is_none() {
                return Ok(builds);
            }
        }
    }
}

/// Plays builds in the order of their ends.
struct Replay<'a> {
    trigger: Trigger,
    /// Which builds are told.
    about: Filter,
    standings: BTreeMap<IncidentKey, Standing>,
    /// What the last successes took, the last one last.
    spans: BTreeMap<IncidentKey, Vec<i64>>,
    /// Where a failure was told, and its recovery is to come.
    failures: BTreeSet<IncidentKey>,
    told: Vec<(AlertKind, &'a Build)>,
    suppressed: i32,
}

impl<'a> Replay<'a> {
    fn new(trigger: Trigger, about: Filter) -> Self {
        Self {
            trigger,
            about,
            standings: BTreeMap::new(),
            spans: BTreeMap::new(),
            failures: BTreeSet::new(),
            told: Vec::new(),
            suppressed: 0,
        }
    }

    fn take(&mut self, build: &'a Build) {
        let record = &build.record;
        if !is_decisive(record) {
            return;
        }
        let key = IncidentKey::of(record.id.repository, &record.facts);
        if let Trigger::Duration(limit) = self.trigger {
            return self.take_span(key, limit, build);
        }
        let standing = self.standings.entry(key).or_default();
        let edge = standing.take(record, String::new);
        let Some(edge) = edge else {
            return;
        };
        let is_about = self.about.matches(build);
        let says = match (self.trigger.says(&edge), edge) {
            // It is told to whom its failure was told.
            (Some(AlertKind::Recovery), Edge::Resolved(incident)) => {
                let was_told = self.failures.remove(&incident.key);
                was_told.then_some(AlertKind::Recovery)
            }
            (says, Edge::Opened(incident) | Edge::StillRed(incident)) if is_about => {
                let is_once = matches!(self.trigger, Trigger::Change { .. });
                let is_told = says.is_some() && (self.failures.insert(incident.key) || !is_once);
                self.suppressed += i32::from(!is_told);
                is_told.then_some(AlertKind::Failure)
            }
            _ => None,
        };
        self.told.extend(says.map(|kind| (kind, build)));
    }

    fn take_span(&mut self, key: IncidentKey, limit: Limit, build: &'a Build) {
        let Some(took) = build.record.wall_time() else {
            return;
        };
        let spans = self.spans.entry(key).or_default();
        let last = spans
            .iter()
            .rev()
            .take(crate::model::USUAL_OF)
            .copied()
            .collect();
        let is_about = self.about.matches(build);
        if is_about && limit.is_exceeded(took, crate::model::usual(last)) {
            self.told.push((AlertKind::Slow, build));
        }
        if crate::model::outcome(&build.record) == Some(crate::model::Outcome::Success) {
            spans.push(i64::try_from(took.as_micros()).unwrap_or(i64::MAX));
        }
    }
}

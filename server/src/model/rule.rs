//! Alert rules: which builds matter, what has to happen, and who is told.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{AlertKind, Edge, Filter, Pattern, QuietHours, WorkflowId};

/// A rule as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AlertRule {
    /// Identifies it: a UUID.
    pub(crate) id: String,
    /// What it says.
    pub(crate) content: RuleContent,
    /// Counts its changes.
    pub(crate) version: i64,
    /// When it was created.
    pub(crate) create_time: Timestamp,
    /// When it was last changed.
    pub(crate) update_time: Timestamp,
}

/// What a rule says: what people set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RuleContent {
    /// What people call it.
    pub(crate) display_name: String,
    /// Which builds matter.
    pub(crate) filter: RuleFilter,
    /// What has to happen.
    pub(crate) trigger: Trigger,
    /// The ids of the channels that are told.
    pub(crate) channels: Vec<String>,
    /// When nobody is to be disturbed.
    pub(crate) quiet_hours: Option<QuietHours>,
    /// How many messages it may send to a channel in an hour. Zero: any number.
    pub(crate) max_per_hour: i32,
    /// Whether it is ignored.
    pub(crate) disabled: bool,
}

/// Which builds a rule is about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct RuleFilter {
    /// Full names of repositories.
    pub(crate) repositories: Vec<Pattern>,
    /// Names of workflows.
    pub(crate) workflows: Vec<Pattern>,
    /// Ids of workflows.
    pub(crate) workflow_ids: Vec<i64>,
    /// Names of branches.
    pub(crate) branches: Vec<Pattern>,
    /// Logins of who started the attempt.
    pub(crate) actors: Vec<Pattern>,
    /// Events.
    pub(crate) events: Vec<String>,
    /// Only builds of the default branch.
    pub(crate) default_branch_only: bool,
}

impl From<RuleFilter> for Filter {
    fn from(filter: RuleFilter) -> Self {
        Self {
            repositories: filter.repositories,
            workflows: filter.workflows,
            workflow_ids: filter.workflow_ids.into_iter().map(WorkflowId).collect(),
            branches: filter.branches,
            actors: filter.actors,
            events: filter.events,
            default_branch_only: filter.default_branch_only,
            ..Self::default()
        }
    }
}

/// What has to happen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Trigger {
    /// A build fails.
    Failure,
    /// So many runs in a row fail on a branch of a workflow, and one succeeds again.
    Change { failures: i32 },
    /// A branch of a workflow is red for longer than this.
    StaysRed { longer_than: SignedDuration },
    /// A build took long.
    Duration(Limit),
    /// A build waits for its first job for longer than this.
    Queue { longer_than: SignedDuration },
}

/// What is long.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Limit {
    /// Longer than this.
    LongerThan(SignedDuration),
    /// More than so many times the usual.
    TimesUsual(f64),
}

impl Trigger {
    /// The word under which the store keeps such rules.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Change { .. } => "change",
            Self::StaysRed { .. } => "stays_red",
            Self::Duration(_) => "duration",
            Self::Queue { .. } => "queue",
        }
    }

    /// What a rule says of how a build changed its branch. A failure of enough in a row is for
    /// whoever was not told of one before: the rule may not be about the first of them. A
    /// recovery is for whoever was told of the failure. How long builds take and wait is
    /// another matter.
    pub(crate) fn says(self, edge: &Edge) -> Option<AlertKind> {
        match (self, edge) {
            (Self::Failure, Edge::Opened(_) | Edge::StillRed(_)) => Some(AlertKind::Failure),
            (Self::Change { failures }, Edge::Opened(incident) | Edge::StillRed(incident)) => {
                (incident.failure_count >= failures).then_some(AlertKind::Failure)
            }
            (Self::Change { .. } | Self::StaysRed { .. }, Edge::Resolved(_)) => {
                Some(AlertKind::Recovery)
            }
            _ => None,
        }
    }
}

/// How many successes say what is usual, and how many at least.
pub(crate) const USUAL_OF: usize = 30;
const USUAL_AT_LEAST: usize = 5;

/// What is usual where the last successes took so many microseconds: the smallest value with
/// at least half of them at or below it. None if they are too few.
pub(crate) fn usual(mut spans: Vec<i64>) -> Option<SignedDuration> {
    if spans.len() < USUAL_AT_LEAST {
        return None;
    }
    spans.sort_unstable();
    let middle = spans.get(spans.len().div_ceil(2) - 1)?;
    Some(SignedDuration::from_micros((*middle).max(0)))
}

impl Limit {
    /// Whether a build took long, where others usually take `usual`.
    pub(crate) fn is_exceeded(self, took: SignedDuration, usual: Option<SignedDuration>) -> bool {
        match self {
            Self::LongerThan(limit) => took > limit,
            Self::TimesUsual(times) => {
                usual.is_some_and(|usual| took.as_secs_f64() > usual.as_secs_f64() * times)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixtures::{at, build_id, facts},
        model::{Incident, IncidentKey},
    };

    fn red(failure_count: i32) -> Incident {
        let failure = build_id(1, 1);
        Incident {
            id: String::new(),
            key: IncidentKey::of(failure.repository, &facts("failure", 0)),
            workflow: "CI".to_owned(),
            first_failure: failure,
            last_failure: failure,
            success: None,
            last_success: None,
            failure_count,
            open_time: at(0),
            resolve_time: None,
        }
    }

    #[test]
    fn each_trigger_says_its_own_of_each_edge() {
        let edges = [
            Edge::Opened(red(1)),
            Edge::StillRed(red(1)),
            Edge::StillRed(red(2)),
            Edge::StillRed(red(3)),
            Edge::Resolved(red(3)),
            Edge::StillGreen,
        ];
        let hour = SignedDuration::from_hours(1);
        for (trigger, says) in [
            (Trigger::Failure, "FFFF--"),
            (Trigger::Change { failures: 1 }, "FFFFR-"),
            (Trigger::Change { failures: 2 }, "--FFR-"),
            (Trigger::Change { failures: 3 }, "---FR-"),
            (Trigger::StaysRed { longer_than: hour }, "----R-"),
            (Trigger::Queue { longer_than: hour }, "------"),
            (Trigger::Duration(Limit::LongerThan(hour)), "------"),
        ] {
            let letters = edges.iter().map(|edge| match trigger.says(edge) {
                Some(AlertKind::Failure) => 'F',
                Some(AlertKind::Recovery) => 'R',
                Some(kind) => panic!("{kind:?}"),
                None => '-',
            });
            assert_eq!(letters.collect::<String>(), says, "{trigger:?}");
        }
    }
}

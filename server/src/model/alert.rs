//! Alerts: what is told, how far it got, and the incidents that they are about.

#![expect(dead_code, reason = "the parts come one after the other")]

use jiff::{SignedDuration, Timestamp};

use super::{Build, Job};

/// What an alert says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AlertKind {
    /// A build failed.
    Failure,
    /// Builds succeed again.
    Recovery,
    /// A branch of a workflow stays red.
    StaysRed,
    /// A build took long.
    Slow,
    /// A build waits long.
    Queued,
}

/// All that is told of one build.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Message {
    /// What it says.
    pub(crate) kind: AlertKind,
    /// When it was raised.
    pub(crate) create_time: Timestamp,
    /// What the rule that raised it is called.
    pub(crate) rule: String,
    /// The build that it is about.
    pub(crate) build: Build,
    /// The jobs of it that failed, with their steps.
    pub(crate) failed_jobs: Vec<Job>,
    /// What successes of its workflow and branch usually take, if that is known.
    pub(crate) usual: Option<SignedDuration>,
    /// The incident that it belongs to.
    pub(crate) incident: Option<IncidentFacts>,
}

/// What is told of an incident.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct IncidentFacts {
    /// Identifies it: a UUID.
    pub(crate) id: String,
    /// When its first failure ended.
    pub(crate) open_time: Timestamp,
    /// When it was resolved, if it was.
    pub(crate) resolve_time: Option<Timestamp>,
    /// How many runs failed in it.
    pub(crate) failures: i32,
    /// Its first failure, unless that was deleted.
    pub(crate) first_failure: Option<Build>,
    /// The last success before it, if one is known.
    pub(crate) last_success: Option<Build>,
}

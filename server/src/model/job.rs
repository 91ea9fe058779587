//! A job of a build, with its steps.

use std::cmp::Ordering;

use jiff::Timestamp;

use super::{BuildId, JobId, Status};

/// One job of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Job {
    /// Which job.
    pub(crate) id: JobId,
    /// The build it belongs to, known or not.
    pub(crate) build: BuildId,
    /// What the latest report said.
    pub(crate) facts: JobFacts,
}

/// What one report says of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JobFacts {
    /// What it is doing, and how it ended.
    pub(crate) status: Status,
    /// When it ended. Set exactly when it is over.
    pub(crate) end_time: Option<Timestamp>,
    /// When a runner started it.
    pub(crate) start_time: Option<Timestamp>,
    /// When it was created.
    pub(crate) create_time: Timestamp,
    /// Its name, matrix values included.
    pub(crate) name: String,
    /// The runner labels that it asked for.
    pub(crate) labels: Vec<String>,
    /// The runner that took it. Empty until one did.
    pub(crate) runner: String,
    /// The page of the job on GitHub.
    pub(crate) url: String,
    /// Its steps, in order.
    pub(crate) steps: Vec<Step>,
}

/// One step of a job.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Step {
    /// Counts the steps, from 1.
    pub(crate) number: i32,
    /// Its name.
    pub(crate) name: String,
    /// What it is doing, and how it ended.
    pub(crate) status: Status,
    /// When it started.
    pub(crate) start_time: Option<Timestamp>,
    /// When it ended.
    pub(crate) end_time: Option<Timestamp>,
}

impl JobFacts {
    /// GitHub gives jobs no time of change, so progress decides: what is over,
    /// then the later end, then the further status, then more steps done. The
    /// rest only makes the order total.
    fn rank(&self) -> impl Ord + '_ {
        (
            (self.status.is_completed(), self.end_time),
            &self.status,
            self.steps
                .iter()
                .filter(|step| step.status.is_completed())
                .count(),
            &self.steps,
            (self.start_time, self.create_time),
            (&self.name, &self.labels, &self.runner, &self.url),
        )
    }

    /// The first step that failed.
    pub(crate) fn failed_step(&self) -> Option<&Step> {
        self.steps.iter().find(|step| {
            step.status
                .conclusion()
                .is_some_and(|conclusion| conclusion.outcome() == super::Outcome::Failure)
        })
    }
}

impl PartialOrd for JobFacts {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The greater one is the later report.
impl Ord for JobFacts {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

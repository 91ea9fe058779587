//! GitHub's words for what a run, a job or a step is doing and how it ended.

use serde::Serialize;

/// What a run, a job or a step is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Asked for, and not yet looked at.
    Requested,
    /// Waiting for its turn in a concurrency group.
    Pending,
    /// Waiting for a runner.
    Queued,
    /// Waiting for a person's approval.
    Waiting,
    /// Running.
    InProgress,
    /// Over.
    Completed,
}

/// How a run, a job or a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// It passed.
    Success,
    /// It failed.
    Failure,
    /// Someone, or a newer run, stopped it.
    Cancelled,
    /// Its condition did not hold, or what it needs failed.
    Skipped,
    /// It ran past its time limit.
    TimedOut,
    /// A maintainer must approve it first.
    ActionRequired,
    /// It neither passed nor failed.
    Neutral,
    /// GitHub gave it up after two weeks.
    Stale,
    /// It could not be started, for example for an invalid workflow file.
    StartupFailure,
    /// A word that GitHub has not thought of yet.
    Novel,
}

impl Conclusion {
    /// How a run ended whose jobs ended so: the worst of them, and skipped only if all were.
    pub(super) fn of_jobs(jobs: impl IntoIterator<Item = Self>) -> Self {
        jobs.into_iter()
            .max_by_key(|conclusion| conclusion.weight())
            .unwrap_or(Self::Success)
    }

    fn weight(self) -> u8 {
        match self {
            Self::Skipped => 0,
            Self::Success | Self::Neutral => 1,
            Self::ActionRequired => 2,
            Self::Cancelled => 3,
            Self::Failure => 4,
            Self::TimedOut => 5,
            Self::StartupFailure => 6,
            Self::Stale | Self::Novel => 7,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Conclusion::{self, Cancelled, Failure, Skipped, Success, TimedOut};

    #[test]
    fn a_run_ends_as_its_worst_job() {
        let table = [
            (vec![Success, Success], Success),
            (vec![Success, Skipped], Success),
            (vec![Skipped, Skipped], Skipped),
            (vec![Success, Failure, Skipped], Failure),
            (vec![Cancelled, Success], Cancelled),
            (vec![Failure, Cancelled], Failure),
            (vec![Failure, TimedOut], TimedOut),
        ];
        for (jobs, expected) in table {
            assert_eq!(Conclusion::of_jobs(jobs.clone()), expected, "{jobs:?}");
        }
    }
}

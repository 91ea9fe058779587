//! Status and conclusion in GitHub's own words; a word that is new to us is kept as it came.

/// What a build, a job or a step is doing.
///
/// The order is the rank by which two reports of the same second are told
/// apart: the further one is the later one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Status {
    /// A word that this version does not know.
    Unknown(String),
    /// Asked for; GitHub has not queued it yet.
    Requested,
    /// Waiting for a runner.
    Queued,
    /// Held back by a concurrency limit.
    Pending,
    /// Waiting for a person.
    Waiting,
    /// Running.
    InProgress,
    /// Over.
    Completed(Conclusion),
}

/// How a build, a job or a step ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Conclusion {
    /// A word that this version does not know.
    Unknown(String),
    /// GitHub gave up on it after two weeks.
    Stale,
    /// Its conditions did not hold.
    Skipped,
    /// Neither a pass nor a failure.
    Neutral,
    /// It waits for someone outside of GitHub Actions.
    ActionRequired,
    /// Someone, or a newer run, cancelled it.
    Cancelled,
    /// Every job passed.
    Success,
    /// It could not be started.
    StartupFailure,
    /// It ran past its time limit.
    TimedOut,
    /// A job failed.
    Failure,
}

/// What a conclusion counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Success.
    Success,
    /// Failure, timed out or startup failure.
    Failure,
    /// Everything else: shown, and counted as neither.
    Neither,
}

impl Status {
    /// Reads GitHub's words; `conclusion` is looked at only when it is over.
    pub(crate) fn from_words(status: &str, conclusion: Option<&str>) -> Self {
        match status {
            "requested" => Self::Requested,
            "queued" => Self::Queued,
            "pending" => Self::Pending,
            "waiting" => Self::Waiting,
            "in_progress" => Self::InProgress,
            "completed" => Self::Completed(Conclusion::from_word(conclusion.unwrap_or_default())),
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// GitHub's word.
    pub(crate) fn word(&self) -> &str {
        match self {
            Self::Unknown(word) => word,
            Self::Requested => "requested",
            Self::Queued => "queued",
            Self::Pending => "pending",
            Self::Waiting => "waiting",
            Self::InProgress => "in_progress",
            Self::Completed(_) => "completed",
        }
    }

    /// The conclusion, once it is over.
    pub(crate) fn conclusion(&self) -> Option<&Conclusion> {
        match self {
            Self::Completed(conclusion) => Some(conclusion),
            _ => None,
        }
    }

    /// Whether it is over. What is over stays so.
    pub(crate) fn is_completed(&self) -> bool {
        matches!(self, Self::Completed(_))
    }
}

impl Conclusion {
    /// Reads GitHub's word.
    pub(crate) fn from_word(word: &str) -> Self {
        match word {
            "success" => Self::Success,
            "failure" => Self::Failure,
            "cancelled" => Self::Cancelled,
            "timed_out" => Self::TimedOut,
            "startup_failure" => Self::StartupFailure,
            "action_required" => Self::ActionRequired,
            "neutral" => Self::Neutral,
            "skipped" => Self::Skipped,
            "stale" => Self::Stale,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// GitHub's word.
    pub(crate) fn word(&self) -> &str {
        match self {
            Self::Unknown(word) => word,
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "timed_out",
            Self::StartupFailure => "startup_failure",
            Self::ActionRequired => "action_required",
            Self::Neutral => "neutral",
            Self::Skipped => "skipped",
            Self::Stale => "stale",
        }
    }

    /// Whether a build that ends so may never have had a job.
    pub(crate) fn is_jobless(&self) -> bool {
        matches!(self, Self::StartupFailure | Self::ActionRequired)
    }

    /// What it counts as.
    pub(crate) fn outcome(&self) -> Outcome {
        match self {
            Self::Success => Outcome::Success,
            Self::Failure | Self::TimedOut | Self::StartupFailure => Outcome::Failure,
            _ => Outcome::Neither,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::StatusFilter;

    #[test]
    fn words_survive_reading_and_writing() {
        let statuses = [
            "requested",
            "queued",
            "pending",
            "waiting",
            "in_progress",
            "frozen",
        ];
        for word in statuses {
            let status = Status::from_words(word, None);
            assert_eq!(status.word(), word);
            assert!(!status.is_completed());
        }
        for word in StatusFilter::CONCLUSION_WORDS {
            let status = Status::from_words("completed", Some(word));
            assert_eq!(status.word(), "completed");
            let conclusion = status.conclusion().unwrap();
            assert_eq!(conclusion.word(), word);
            assert!(!matches!(conclusion, Conclusion::Unknown(_)));
        }
        let odd = Status::from_words("completed", Some("exploded"));
        assert_eq!(odd.conclusion().map(Conclusion::word), Some("exploded"));
    }

    #[test]
    fn the_order_is_the_rank() {
        let words = ["requested", "queued", "pending", "waiting", "in_progress"];
        let ranks = words.map(|word| Status::from_words(word, None));
        assert!(ranks.is_sorted());
        assert!(ranks[4] < Status::Completed(Conclusion::Skipped));
        assert!(Status::Unknown("zzz".to_owned()) < ranks[0]);
    }
}

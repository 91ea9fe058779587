//! Knows GitHub's words for what a run, a job or a step is doing and how it ended.

use lampboard_proto::v1::{BuildConclusion, BuildStatus};

use super::text;

/// Status and conclusion, with GitHub's words where ours say "unknown".
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) status: BuildStatus,
    pub(super) status_text: String,
    pub(super) conclusion: BuildConclusion,
    pub(super) conclusion_text: String,
}

impl Outcome {
    /// Makes nothing of a status that is missing: there is no word to keep.
    ///
    /// A conclusion counts exactly when the status is completed. Completed
    /// without a conclusion is completed all the same, with an unknown one and
    /// no word for it: completed is final, and a later report says better.
    pub(super) fn new(status: Option<&str>, conclusion: Option<&str>) -> Option<Self> {
        let word = status.filter(|word| !word.is_empty())?;
        let status = status_of(word);
        let mut outcome = Self {
            status,
            status_text: kept(word, status == BuildStatus::Unknown),
            conclusion: BuildConclusion::Unspecified,
            conclusion_text: String::new(),
        };
        if status == BuildStatus::Completed {
            let word = conclusion.unwrap_or_default();
            outcome.conclusion = conclusion_of(word);
            outcome.conclusion_text = kept(word, outcome.conclusion == BuildConclusion::Unknown);
        }
        Some(outcome)
    }

    pub(super) fn is_completed(&self) -> bool {
        self.status == BuildStatus::Completed
    }
}

fn kept(word: &str, unknown: bool) -> String {
    if unknown {
        text::word(word)
    } else {
        String::new()
    }
}

fn status_of(word: &str) -> BuildStatus {
    match word {
        "requested" => BuildStatus::Requested,
        "queued" => BuildStatus::Queued,
        "pending" => BuildStatus::Pending,
        "waiting" => BuildStatus::Waiting,
        "in_progress" => BuildStatus::InProgress,
        "completed" => BuildStatus::Completed,
        _ => BuildStatus::Unknown,
    }
}

fn conclusion_of(word: &str) -> BuildConclusion {
    match word {
        "success" => BuildConclusion::Success,
        "failure" => BuildConclusion::Failure,
        "cancelled" => BuildConclusion::Cancelled,
        "timed_out" => BuildConclusion::TimedOut,
        "startup_failure" => BuildConclusion::StartupFailure,
        "action_required" => BuildConclusion::ActionRequired,
        "neutral" => BuildConclusion::Neutral,
        "skipped" => BuildConclusion::Skipped,
        "stale" => BuildConclusion::Stale,
        _ => BuildConclusion::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(status: &str, conclusion: Option<&str>) -> Outcome {
        Outcome::new(Some(status), conclusion).unwrap()
    }

    #[test]
    fn knows_githubs_words() {
        // The name of a value is GitHub's word in capitals.
        for number in 1..=6 {
            let status = BuildStatus::try_from(number).unwrap();
            let name = status.as_str_name().trim_start_matches("BUILD_STATUS_");
            let outcome = outcome(&name.to_lowercase(), None);
            assert_eq!((outcome.status, outcome.status_text.as_str()), (status, ""));
        }
        for number in 1..=9 {
            let conclusion = BuildConclusion::try_from(number).unwrap();
            let name = conclusion
                .as_str_name()
                .trim_start_matches("BUILD_CONCLUSION_");
            let outcome = outcome("completed", Some(&name.to_lowercase()));
            assert_eq!(outcome.conclusion, conclusion);
            assert_eq!(outcome.conclusion_text, "");
        }
    }

    #[test]
    fn keeps_words_it_does_not_know() {
        let status = outcome("paused2", Some("success"));
        assert_eq!(status.status, BuildStatus::Unknown);
        assert_eq!(status.status_text, "paused2");
        assert_eq!(status.conclusion, BuildConclusion::Unspecified);

        let conclusion = outcome("completed", Some("stale2"));
        assert_eq!(conclusion.conclusion, BuildConclusion::Unknown);
        assert_eq!(conclusion.conclusion_text, "stale2");
        assert_eq!(
            outcome("completed", Some("Success")).conclusion_text,
            "Success"
        );
    }

    #[test]
    fn has_a_conclusion_exactly_when_completed() {
        let running = outcome("in_progress", Some("success"));
        assert_eq!(running.conclusion, BuildConclusion::Unspecified);

        let ended = outcome("completed", None);
        assert_eq!(ended.conclusion, BuildConclusion::Unknown);
        assert_eq!(ended.conclusion_text, "");
    }

    #[test]
    fn makes_nothing_of_no_status() {
        assert_eq!(Outcome::new(None, Some("success")), None);
        assert_eq!(Outcome::new(Some(""), Some("success")), None);
    }
}

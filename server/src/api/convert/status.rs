//! Statuses and conclusions: GitHub's words on our side, numbers on the wire.

use lampboard_proto::v1::{BuildConclusion, BuildStatus};

use super::Check;
use crate::model::{Conclusion, Status, StatusFilter};

/// GitHub's words are short; a longer one is not a word.
const LONGEST_WORD: usize = 100;

/// The four fields by which builds, jobs and steps tell their status.
pub(super) struct StatusFields {
    pub(super) status: i32,
    pub(super) status_text: String,
    pub(super) conclusion: i32,
    pub(super) conclusion_text: String,
}

/// Reads them: the conclusion must be set exactly when it is over.
pub(super) fn status(check: &mut Check, fields: StatusFields) -> Status {
    let status_text = check.text("status_text", fields.status_text, LONGEST_WORD);
    let word = match BuildStatus::try_from(fields.status) {
        Ok(BuildStatus::Unspecified) | Err(_) => {
            check.refuse("status", "must be set to a known value");
            return Status::Unknown(status_text);
        }
        Ok(BuildStatus::Unknown) => return Status::Unknown(unknown(&status_text)),
        Ok(BuildStatus::Completed) => {
            let text = check.text("conclusion_text", fields.conclusion_text, LONGEST_WORD);
            return Status::Completed(conclusion(check, fields.conclusion, text));
        }
        Ok(status) => status_word(status),
    };
    if fields.conclusion != 0 {
        check.refuse("conclusion", "must be unset until status is completed");
    }
    Status::from_words(word, None)
}

/// A word that we do know is no unknown word, and would come back as itself.
fn unknown(text: &str) -> String {
    match Status::from_words(text, None) {
        Status::Unknown(text) => text,
        _ => format!("?{text}"),
    }
}

fn conclusion(check: &mut Check, conclusion: i32, text: String) -> Conclusion {
    match BuildConclusion::try_from(conclusion) {
        Ok(BuildConclusion::Unspecified) | Err(_) => {
            check.refuse("conclusion", "must be set to a known value when completed");
            Conclusion::Unknown(text)
        }
        Ok(BuildConclusion::Unknown) => match Conclusion::from_word(&text) {
            Conclusion::Unknown(text) => Conclusion::Unknown(text),
            _ => Conclusion::Unknown(format!("?{text}")),
        },
        Ok(conclusion) => Conclusion::from_word(conclusion_word(conclusion)),
    }
}

/// Writes them.
pub(super) fn status_to_proto(status: &Status) -> StatusFields {
    let (status_number, status_text) = match status {
        Status::Unknown(word) => (BuildStatus::Unknown, word.clone()),
        Status::Requested => (BuildStatus::Requested, String::new()),
        Status::Queued => (BuildStatus::Queued, String::new()),
        Status::Pending => (BuildStatus::Pending, String::new()),
        Status::Waiting => (BuildStatus::Waiting, String::new()),
        Status::InProgress => (BuildStatus::InProgress, String::new()),
        Status::Completed(_) => (BuildStatus::Completed, String::new()),
    };
    let (conclusion, conclusion_text) = match status.conclusion() {
        None => (BuildConclusion::Unspecified, String::new()),
        Some(Conclusion::Unknown(word)) => (BuildConclusion::Unknown, word.clone()),
        Some(conclusion) => (conclusion_to_proto(conclusion), String::new()),
    };
    StatusFields {
        status: status_number.into(),
        status_text,
        conclusion: conclusion.into(),
        conclusion_text,
    }
}

/// Writes a conclusion.
pub(super) fn conclusion_to_proto(conclusion: &Conclusion) -> BuildConclusion {
    match conclusion {
        Conclusion::Unknown(_) => BuildConclusion::Unknown,
        Conclusion::Success => BuildConclusion::Success,
        Conclusion::Failure => BuildConclusion::Failure,
        Conclusion::Cancelled => BuildConclusion::Cancelled,
        Conclusion::TimedOut => BuildConclusion::TimedOut,
        Conclusion::StartupFailure => BuildConclusion::StartupFailure,
        Conclusion::ActionRequired => BuildConclusion::ActionRequired,
        Conclusion::Neutral => BuildConclusion::Neutral,
        Conclusion::Skipped => BuildConclusion::Skipped,
        Conclusion::Stale => BuildConclusion::Stale,
    }
}

/// Reads a status to filter by.
pub(super) fn status_filter(check: &mut Check, status: i32) -> StatusFilter {
    match BuildStatus::try_from(status) {
        Ok(BuildStatus::Unknown) => StatusFilter::Unknown,
        Ok(BuildStatus::Unspecified) | Err(_) => {
            check.refuse("", "must be a known status");
            StatusFilter::Unknown
        }
        Ok(status) => StatusFilter::Word(status_word(status)),
    }
}

/// Reads a conclusion to filter by.
pub(super) fn conclusion_filter(check: &mut Check, conclusion: i32) -> StatusFilter {
    match BuildConclusion::try_from(conclusion) {
        Ok(BuildConclusion::Unknown) => StatusFilter::Unknown,
        Ok(BuildConclusion::Unspecified) | Err(_) => {
            check.refuse("", "must be a known conclusion");
            StatusFilter::Unknown
        }
        Ok(conclusion) => StatusFilter::Word(conclusion_word(conclusion)),
    }
}

fn status_word(status: BuildStatus) -> &'static str {
    match status {
        BuildStatus::Unspecified | BuildStatus::Unknown => "",
        BuildStatus::Queued => "queued",
        BuildStatus::InProgress => "in_progress",
        BuildStatus::Completed => "completed",
        BuildStatus::Waiting => "waiting",
        BuildStatus::Requested => "requested",
        BuildStatus::Pending => "pending",
    }
}

fn conclusion_word(conclusion: BuildConclusion) -> &'static str {
    match conclusion {
        BuildConclusion::Unspecified | BuildConclusion::Unknown => "",
        BuildConclusion::Success => "success",
        BuildConclusion::Failure => "failure",
        BuildConclusion::Cancelled => "cancelled",
        BuildConclusion::TimedOut => "timed_out",
        BuildConclusion::StartupFailure => "startup_failure",
        BuildConclusion::ActionRequired => "action_required",
        BuildConclusion::Neutral => "neutral",
        BuildConclusion::Skipped => "skipped",
        BuildConclusion::Stale => "stale",
    }
}

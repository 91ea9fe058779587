//! Counts and logs what is asked of GitHub, without credentials.

use std::sync::atomic::{AtomicU64, Ordering};

use http::StatusCode;
use metrics::{counter, describe_counter, describe_gauge, gauge};

use super::{
    Budget,
    wire::{Answer, Failure, Question},
};

const REQUESTS: &str = "lampboard_github_requests_total";
const REMAINING: &str = "lampboard_github_rate_limit_remaining";

/// Counts the requests that somebody causes: tokens, redirects and repetitions
/// among them.
#[derive(Debug, Default)]
pub struct RequestCounter {
    sent: AtomicU64,
    not_modified: AtomicU64,
}

impl RequestCounter {
    /// How many requests were sent.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// How many of them were answered with "not modified", which costs nothing.
    pub fn not_modified(&self) -> u64 {
        self.not_modified.load(Ordering::Relaxed)
    }

    pub(super) fn count(&self, answer: &Result<Answer, Failure>) {
        self.sent.fetch_add(1, Ordering::Relaxed);
        if matches!(answer, Ok(answer) if answer.status == StatusCode::NOT_MODIFIED) {
            self.not_modified.fetch_add(1, Ordering::Relaxed);
        }
    }
}

pub(super) fn describe() {
    describe_counter!(REQUESTS, "Requests to GitHub, by what became of them");
    describe_gauge!(
        REMAINING,
        "The requests that GitHub still allows, by installation"
    );
}

/// Takes notice of a request and its answer.
pub(super) fn asked(question: &Question, answer: &Result<Answer, Failure>, is_limited: bool) {
    let outcome = match answer {
        Err(Failure::Unavailable(_)) => "unavailable",
        Err(Failure::TooLarge) => "too_large",
        Ok(_) if is_limited => "limited",
        Ok(answer) => outcome(answer.status),
    };
    counter!(REQUESTS, "outcome" => outcome).increment(1);
    tracing::debug!(
        method = %question.method,
        path = question.shown_path(),
        status = answer.as_ref().ok().map(|answer| answer.status.as_u16()),
        outcome,
        "asked GitHub"
    );
}

/// Takes notice of what is left.
pub(super) fn remaining(budget: &Budget) {
    let Some(remaining) = budget.remaining else {
        return;
    };
    let installation = match budget.installation_id {
        Some(id) => id.to_string(),
        None => "app".to_owned(),
    };
    let remaining = u32::try_from(remaining).unwrap_or(u32::MAX);
    gauge!(REMAINING, "installation" => installation).set(f64::from(remaining));
}

fn outcome(status: StatusCode) -> &'static str {
    match status.as_u16() {
        304 => "not_modified",
        200..300 => "ok",
        300..400 => "redirected",
        401 => "unauthorized",
        403 => "forbidden",
        404 | 410 => "not_found",
        400..500 => "refused",
        _ => "unavailable",
    }
}

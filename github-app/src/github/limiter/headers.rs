//! What an answer says of GitHub's limits.

use http::{HeaderMap, header};
use jiff::{SignedDuration, Timestamp};

use crate::github::skew::{Skew, http_date};

/// What an answer says of the limits, in our time.
#[derive(Debug, Default)]
pub(in crate::github) struct RateHeaders {
    pub(super) limit: Option<u64>,
    pub(super) remaining: Option<u64>,
    pub(super) reset: Option<Timestamp>,
    pub(super) retry_at: Option<Timestamp>,
    /// Whether they are those of the ordinary API; some of it has its own.
    pub(super) is_core: bool,
}

impl RateHeaders {
    pub(in crate::github) fn read(headers: &HeaderMap, skew: &Skew, now: Timestamp) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let number = |name: &str| text(name).and_then(|text| text.trim().parse::<u64>().ok());
        let reset = text("x-ratelimit-reset").and_then(|text| text.trim().parse().ok());
        Self {
            limit: number("x-ratelimit-limit"),
            remaining: number("x-ratelimit-remaining"),
            reset: reset
                .and_then(|reset| Timestamp::from_second(reset).ok())
                .map(|reset| skew.ours(reset)),
            retry_at: text(header::RETRY_AFTER.as_str())
                .and_then(|text| retry_at(text.trim(), skew, now)),
            is_core: text("x-ratelimit-resource").is_none_or(|resource| resource == "core"),
        }
    }
}

/// `Retry-After` is a number of seconds or a time.
fn retry_at(text: &str, skew: &Skew, now: Timestamp) -> Option<Timestamp> {
    match text.parse() {
        Ok(seconds) => now
            .checked_add(SignedDuration::from_secs(seconds))
            .ok()
            .or(Some(Timestamp::MAX)),
        Err(_) => http_date(text).map(|date| skew.ours(date)),
    }
}

//! How far GitHub's clock is from ours, as its answers tell.

use std::sync::{Mutex, PoisonError};

use http::{HeaderMap, header};
use jiff::{SignedDuration, Timestamp, fmt::rfc2822::DateTimeParser};

/// `Date` tells whole seconds and has been on its way: so little means nothing.
const UNCERTAINTY: SignedDuration = SignedDuration::from_secs(2);

/// How far GitHub's clock is ahead of ours, as last told.
#[derive(Default)]
pub(super) struct Skew(Mutex<Option<SignedDuration>>);

impl Skew {
    /// Learns from the `Date` of an answer that came at `now`.
    pub(super) fn learn(&self, headers: &HeaderMap, now: Timestamp) {
        let date = headers
            .get(header::DATE)
            .and_then(|date| date.to_str().ok());
        if let Some(date) = date.and_then(http_date) {
            *self.offset() = Some(date.duration_since(now));
        }
    }

    /// What was told last, however little it is.
    pub(super) fn told(&self) -> Option<SignedDuration> {
        *self.offset()
    }

    /// GitHub's time at a time of ours.
    pub(super) fn theirs(&self, ours: Timestamp) -> Timestamp {
        ours.checked_add(self.certain()).unwrap_or(ours)
    }

    /// Our time at a time of GitHub's.
    pub(super) fn ours(&self, theirs: Timestamp) -> Timestamp {
        theirs.checked_sub(self.certain()).unwrap_or(theirs)
    }

    fn certain(&self) -> SignedDuration {
        self.told()
            .filter(|offset| offset.abs() > UNCERTAINTY)
            .unwrap_or_default()
    }

    fn offset(&self) -> std::sync::MutexGuard<'_, Option<SignedDuration>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a time as HTTP writes it.
pub(super) fn http_date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn learn(ours: &str, date: &'static str) -> (Skew, Timestamp) {
        let skew = Skew::default();
        let now = ours.parse().unwrap();
        let headers = HeaderMap::from_iter([(header::DATE, HeaderValue::from_static(date))]);
        skew.learn(&headers, now);
        (skew, now)
    }

    #[test]
    fn learns_how_far_ahead_github_is() {
        let (skew, now) = learn("2026-03-01T12:00:00Z", "Sun, 01 Mar 2026 12:05:00 GMT");
        assert_eq!(skew.told(), Some(SignedDuration::from_mins(5)));
        assert_eq!(skew.theirs(now).to_string(), "2026-03-01T12:05:00Z");
        assert_eq!(skew.ours(skew.theirs(now)), now);
        let (skew, now) = learn("2026-03-01T12:10:00Z", "Sun, 01 Mar 2026 12:05:00 GMT");
        assert_eq!(skew.theirs(now).to_string(), "2026-03-01T12:05:00Z");
    }

    #[test]
    fn makes_nothing_of_a_second_or_two() {
        let (skew, now) = learn("2026-03-01T12:05:01.5Z", "Sun, 01 Mar 2026 12:05:00 GMT");
        assert_eq!(skew.told(), Some(SignedDuration::from_millis(-1500)));
        assert_eq!(skew.theirs(now), now);
    }

    #[test]
    fn knows_nothing_before_it_was_told() {
        assert_eq!(learn("2026-03-01T12:00:00Z", "yesterday").0.told(), None);
    }
}

//! When a receiver wants to be asked again.

use std::time::Duration;

use http::{HeaderMap, header};
use jiff::{Timestamp, fmt::rfc2822};

/// Nobody waits longer for one answer.
const MOST: Duration = Duration::from_hours(1);

/// Reads `Retry-After`: seconds, or a date.
pub(super) fn read(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => until(text, now)?,
    };
    Some(wait.min(MOST))
}

fn until(date: &str, now: Timestamp) -> Option<Duration> {
    let time = rfc2822::parse(date).ok()?.timestamp();
    Some(time.duration_since(now).try_into().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(text: &str) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, text.parse().unwrap());
        let now = "1994-11-06T08:49:00Z".parse().unwrap();
        read(&headers, now).map(|wait| wait.as_secs())
    }

    #[test]
    fn seconds_and_dates_are_read() {
        assert_eq!(wait("30"), Some(30));
        assert_eq!(wait("0"), Some(0));
        assert_eq!(wait("86400"), Some(3600));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT"), Some(37));
        assert_eq!(wait("Sun, 06 Nov 1994 08:48:37 GMT"), Some(0));
        assert_eq!(wait("Mon, 07 Nov 1994 08:49:37 GMT"), Some(3600));
        for odd in ["", "soon", "-1", "1.5", "99999999999999999999999"] {
            assert_eq!(wait(odd), None, "{odd}");
        }
    }
}

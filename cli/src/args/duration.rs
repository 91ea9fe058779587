//! Spans of time as settings: `60s`, `10m`, `30d`, or a number of seconds.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

/// How far back something goes; None for `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct History(pub(crate) Option<Duration>);

/// Reads a span of time. A day is 24 hours.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    let unreadable = || format!("{text:?} is not a time like 60s, 10m or 30d");
    let span: Span = text.parse().map_err(|_| unreadable())?;
    let span = span.to_duration(SpanRelativeTo::days_are_24_hours());
    let span = span.map_err(|_| unreadable())?;
    Duration::try_from(span).map_err(|_| unreadable())
}

/// Reads a span of time that is not nothing.
pub(crate) fn positive(text: &str) -> Result<Duration, String> {
    match parse(text)? {
        Duration::ZERO => Err("it must be longer than nothing".to_owned()),
        span => Ok(span),
    }
}

/// Reads how far back to go, or `off`. The unit must be told: `400` that was meant to be
/// days would delete all that is older than 400 seconds.
pub(crate) fn history(text: &str) -> Result<History, String> {
    match text {
        "off" => Ok(History(None)),
        text if text.parse::<u64>().is_ok_and(|count| count > 0) => {
            Err(format!("it needs a unit, such as {text}d for days"))
        }
        text => positive(text).map(|span| History(Some(span))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_with_a_unit_or_seconds() {
        assert_eq!(parse("60s"), Ok(Duration::from_mins(1)));
        assert_eq!(parse("45"), Ok(Duration::from_secs(45)));
        assert_eq!(parse("30d"), Ok(Duration::from_hours(30 * 24)));
        assert_eq!(parse("1h30m"), Ok(Duration::from_mins(90)));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "soon", "-5", "-5s", "5 parsecs"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(positive("0s").is_err());
        assert_eq!(history("off"), Ok(History(None)));
        assert!(history("0").is_err());
    }

    #[test]
    fn how_far_back_is_told_with_a_unit() {
        let days = Duration::from_hours(400 * 24);
        assert_eq!(history("400d"), Ok(History(Some(days))));
        let problem = history("400").unwrap_err();
        assert!(problem.contains("400d"), "{problem}");
    }
}

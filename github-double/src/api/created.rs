//! The date syntax of GitHub's searches, in which `created` is asked for.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A range of times, both ends within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Created {
    from: Timestamp,
    to: Timestamp,
}

impl Created {
    /// Parses `2026-01-01`, `2026-01-01..2026-01-07`, `*..2026-01-07`, `>=2026-01-01T09:00:00Z` and
    /// their like. `None` for what GitHub would not understand.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut range = Self {
            from: Timestamp::MIN,
            to: Timestamp::MAX,
        };
        if let Some((from, to)) = text.split_once("..") {
            if from != "*" {
                range.from = Point::parse(from)?.first;
            }
            if to != "*" {
                range.to = Point::parse(to)?.last;
            }
        } else if let Some(time) = text.strip_prefix(">=") {
            range.from = Point::parse(time)?.first;
        } else if let Some(time) = text.strip_prefix("<=") {
            range.to = Point::parse(time)?.last;
        } else if let Some(time) = text.strip_prefix('>') {
            range.from = Point::parse(time)?.last + SECOND;
        } else if let Some(time) = text.strip_prefix('<') {
            range.to = Point::parse(time)?.first - SECOND;
        } else {
            let point = Point::parse(text)?;
            (range.from, range.to) = (point.first, point.last);
        }
        Some(range)
    }

    pub(super) fn contains(self, time: Timestamp) -> bool {
        self.from <= time && time <= self.to
    }
}

const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// The seconds that one written time means: itself, or a whole day.
struct Point {
    first: Timestamp,
    last: Timestamp,
}

impl Point {
    fn parse(text: &str) -> Option<Self> {
        if let Ok(time) = text.parse::<Timestamp>() {
            return Some(Self {
                first: time,
                last: time,
            });
        }
        let day: Date = (text.len() == 10).then(|| text.parse().ok())??;
        let last = day.at(23, 59, 59, 0).to_zoned(TimeZone::UTC).ok()?;
        Some(Self {
            first: day.to_zoned(TimeZone::UTC).ok()?.timestamp(),
            last: last.timestamp(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_what_they_say() {
        let times = [
            "2026-01-01T00:00:00Z",
            "2026-01-01T23:59:59Z",
            "2026-01-02T00:00:00Z",
            "2026-01-07T12:00:00Z",
            "2026-01-08T00:00:00Z",
        ];
        let table = [
            ("2026-01-01", [true, true, false, false, false]),
            ("2026-01-01..2026-01-07", [true, true, true, true, false]),
            ("*..2026-01-01", [true, true, false, false, false]),
            ("2026-01-02..*", [false, false, true, true, true]),
            (">=2026-01-02", [false, false, true, true, true]),
            (">2026-01-01", [false, false, true, true, true]),
            ("<2026-01-02", [true, true, false, false, false]),
            ("<=2026-01-02", [true, true, true, false, false]),
            ("<=2026-01-01T23:59:59Z", [true, true, false, false, false]),
            ("<2026-01-01T23:59:59Z", [true, false, false, false, false]),
            (
                "2026-01-07T14:00:00+02:00",
                [false, false, false, true, false],
            ),
        ];
        for (text, expected) in table {
            let range = Created::parse(text).unwrap();
            let held = times.map(|time| range.contains(time.parse().unwrap()));
            assert_eq!(held, expected, "{text}");
        }
    }

    #[test]
    fn what_github_does_not_understand_is_no_range() {
        for text in ["", "yesterday", "2026", "2026-13-01", ">=", "2026-01-01.."] {
            assert_eq!(Created::parse(text), None, "{text}");
        }
    }
}

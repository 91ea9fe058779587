//! Windows of time and the periods that a time series cuts them into.

use jiff::{SignedDuration, Span, Timestamp, ToSpan as _, Zoned, tz::TimeZone};

use super::TimeRange;

const DEFAULT_LENGTH: SignedDuration = SignedDuration::from_hours(7 * 24);
const DAY: SignedDuration = SignedDuration::from_hours(24);
const MOST_PERIODS: usize = 1000;

/// The time that numbers are made for, by when builds finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// Where it starts. None: with the first build.
    pub(crate) start: Option<Timestamp>,
    /// Where it ends, not included.
    pub(crate) end: Timestamp,
}

impl Window {
    /// The window that a range asks for: up to now if it has no end, the last 7
    /// days if it has neither. None if it would end before it starts.
    pub(crate) fn of(range: TimeRange, now: Timestamp) -> Option<Self> {
        let end = range.end.unwrap_or(now);
        let start = match range.start {
            None if range.end.is_none() => end.saturating_sub(DEFAULT_LENGTH).ok(),
            start => start,
        };
        let window = Self { start, end };
        start.is_none_or(|start| start <= end).then_some(window)
    }

    /// The equally long window just before.
    pub(crate) fn previous(self) -> Option<Self> {
        let start = self.start?;
        let length = self.end.duration_since(start);
        Some(Self {
            start: start.checked_sub(length).ok(),
            end: start,
        })
    }

    /// The window just before, if it has a start, and the window.
    pub(crate) fn with_previous(self) -> Intervals {
        match self.previous() {
            Some(previous) => Intervals {
                start: previous.start,
                ends: vec![previous.end, self.end],
            },
            None => self.into(),
        }
    }
}

/// Stretches of time without gaps between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Intervals {
    /// Where the first one starts. None: with the first build.
    pub(crate) start: Option<Timestamp>,
    /// Where each ends, in order, not included.
    pub(crate) ends: Vec<Timestamp>,
}

impl Intervals {
    /// Which one holds a time.
    pub(crate) fn index(&self, time: Timestamp) -> Option<usize> {
        if self.start.is_some_and(|start| time < start) {
            return None;
        }
        let index = self.ends.partition_point(|end| *end <= time);
        (index < self.ends.len()).then_some(index)
    }

    /// All of them as one.
    pub(crate) fn range(&self) -> TimeRange {
        TimeRange {
            start: self.start,
            end: self.ends.last().copied(),
        }
    }
}

impl From<Window> for Intervals {
    fn from(window: Window) -> Self {
        Self {
            start: window.start,
            ends: vec![window.end],
        }
    }
}

/// A time series can not be cut as asked.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PeriodError {
    /// The period is out of bounds.
    #[error("must be from a minute to 366 days")]
    Length,
    /// A period between days that is not of whole days would drift through them.
    #[error("must be a whole number of days when it is longer than one")]
    NotWholeDays,
    /// There would be too many.
    #[error("must cut the window into at most 1000 periods")]
    TooMany,
    /// There is no first one.
    #[error("needs a window with a start")]
    NoStart,
}

/// The starts of the periods of a window, in order.
#[derive(Debug)]
pub(crate) struct Periods {
    starts: Vec<Timestamp>,
}

impl Periods {
    /// Cuts a window. Periods of whole days follow the calendar of the zone, so
    /// that a day of 23 or 25 hours is one period; shorter ones are counted from
    /// the zone's midnight before the window.
    pub(crate) fn cut(
        window: Window,
        period: SignedDuration,
        zone: &TimeZone,
    ) -> Result<Self, PeriodError> {
        let start = window.start.ok_or(PeriodError::NoStart)?;
        if period < SignedDuration::from_mins(1) || period > DAY * 366 {
            return Err(PeriodError::Length);
        }
        let midnight = start
            .to_zoned(zone.clone())
            .start_of_day()
            .map_err(|_| PeriodError::NoStart)?;
        let starts = if period < DAY {
            cut_evenly(&midnight, start, window.end, period)?
        } else {
            cut_by_days(&midnight, window.end, period)?
        };
        Ok(Self { starts })
    }

    /// The starts.
    pub(crate) fn starts(&self) -> &[Timestamp] {
        &self.starts
    }

    /// What of the window is in each.
    pub(crate) fn within(&self, window: Window) -> Intervals {
        let ends = self.starts.iter().skip(1).copied();
        Intervals {
            start: window.start,
            ends: ends.chain([window.end]).collect(),
        }
    }
}

fn cut_evenly(
    midnight: &Zoned,
    start: Timestamp,
    end: Timestamp,
    period: SignedDuration,
) -> Result<Vec<Timestamp>, PeriodError> {
    let since_midnight = start.duration_since(midnight.timestamp());
    let skipped = since_midnight.as_nanos() / period.as_nanos();
    let offset = SignedDuration::from_nanos_i128(skipped * period.as_nanos());
    let mut next = midnight.timestamp().saturating_add(offset).ok();
    collect(end, || {
        let current = next?;
        next = current.checked_add(period).ok();
        Some(current)
    })
}

fn cut_by_days(
    midnight: &Zoned,
    end: Timestamp,
    period: SignedDuration,
) -> Result<Vec<Timestamp>, PeriodError> {
    if period.as_nanos() % DAY.as_nanos() != 0 {
        return Err(PeriodError::NotWholeDays);
    }
    let days = period.as_hours() / 24;
    let mut count = 0;
    collect(end, || {
        // From the first midnight each time: a midnight that summer time skips
        // must not move the ones after it.
        let span: Span = (days * count).days();
        count += 1;
        let day = midnight.date().checked_add(span).ok()?;
        Some(day.to_zoned(midnight.time_zone().clone()).ok()?.timestamp())
    })
}

fn collect(
    end: Timestamp,
    mut next: impl FnMut() -> Option<Timestamp>,
) -> Result<Vec<Timestamp>, PeriodError> {
    let mut starts = Vec::new();
    while let Some(start) = next().filter(|start| *start < end) {
        if starts.len() == MOST_PERIODS {
            return Err(PeriodError::TooMany);
        }
        // Where a zone skipped a whole day, that day has no period.
        if starts.last() != Some(&start) {
            starts.push(start);
        }
    }
    Ok(starts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn window(start: &str, end: &str) -> Window {
        Window {
            start: Some(at(start)),
            end: at(end),
        }
    }

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    #[test]
    fn the_default_is_the_last_seven_days() {
        let now = at("2026-03-08T12:00:00Z");
        let window = Window::of(TimeRange::default(), now).unwrap();
        assert_eq!(
            window,
            self::window("2026-03-01T12:00:00Z", "2026-03-08T12:00:00Z")
        );
        assert_eq!(
            window.previous(),
            Some(self::window("2026-02-22T12:00:00Z", "2026-03-01T12:00:00Z"))
        );
    }

    #[test]
    fn no_window_ends_before_it_starts() {
        let now = at("2026-03-08T12:00:00Z");
        let from = |start: &str| TimeRange {
            start: Some(at(start)),
            end: None,
        };
        assert_eq!(Window::of(from("2026-03-08T12:00:01Z"), now), None);
        assert!(Window::of(from("2026-03-08T12:00:00Z"), now).is_some());
    }

    #[test]
    fn a_range_without_start_has_no_window_before() {
        let range = TimeRange {
            start: None,
            end: Some(at("2026-03-08T12:00:00Z")),
        };
        assert_eq!(
            Window::of(range, at("2026-04-01T00:00:00Z"))
                .unwrap()
                .previous(),
            None
        );
    }

    #[test]
    fn days_follow_summer_time() {
        let window = window("2026-03-28T09:00:00Z", "2026-03-30T09:00:00Z");
        let periods = Periods::cut(window, DAY, &zone("Europe/Berlin")).unwrap();
        assert_eq!(
            periods.starts(),
            [
                at("2026-03-27T23:00:00Z"),
                at("2026-03-28T23:00:00Z"),
                at("2026-03-29T22:00:00Z"),
            ]
        );
        let within = periods.within(window);
        assert_eq!(within.index(at("2026-03-28T08:59:59Z")), None);
        assert_eq!(within.index(at("2026-03-29T21:59:59Z")), Some(1));
        assert_eq!(within.index(at("2026-03-29T22:00:00Z")), Some(2));
        assert_eq!(within.index(at("2026-03-30T09:00:00Z")), None);
    }

    #[test]
    fn a_day_that_a_zone_skipped_is_no_period() {
        let window = window("2011-12-28T00:00:00Z", "2012-01-02T00:00:00Z");
        let periods = Periods::cut(window, DAY, &zone("Pacific/Apia")).unwrap();
        assert!(periods.starts().is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn hours_start_at_midnight() {
        let window = window("2026-01-05T10:17:00Z", "2026-01-05T12:00:00Z");
        let periods = Periods::cut(window, SignedDuration::from_hours(1), &TimeZone::UTC).unwrap();
        assert_eq!(
            periods.starts(),
            [at("2026-01-05T10:00:00Z"), at("2026-01-05T11:00:00Z")]
        );
    }

    #[test]
    fn what_can_not_be_cut_says_why() {
        let window = window("2026-01-01T00:00:00Z", "2026-12-01T00:00:00Z");
        let cut = |window, minutes| {
            Periods::cut(window, SignedDuration::from_mins(minutes), &TimeZone::UTC).unwrap_err()
        };
        assert_eq!(cut(window, 0), PeriodError::Length);
        assert_eq!(cut(window, 60 * 24 * 367), PeriodError::Length);
        assert_eq!(cut(window, 60 * 36), PeriodError::NotWholeDays);
        assert_eq!(cut(window, 1), PeriodError::TooMany);
        let open = Window {
            start: None,
            ..window
        };
        assert_eq!(cut(open, 60), PeriodError::NoStart);
    }
}

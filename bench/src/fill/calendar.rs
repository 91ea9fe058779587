//! When runs begin: through a year, more of them in working hours.

use jiff::{SignedDuration, Timestamp, civil::Weekday, tz::TimeZone};

use super::chance::Weighted;

const HOURS: i64 = 365 * 24;

/// The hours of a year up to some moment.
pub(super) struct Calendar {
    start: Timestamp,
    hours: Weighted,
}

impl Calendar {
    pub(super) fn until(end: Timestamp) -> Self {
        let start = end - SignedDuration::from_hours(HOURS);
        let times = (0..HOURS).map(|hour| start + SignedDuration::from_hours(hour));
        Self {
            start,
            hours: Weighted::new(times.map(weight)),
        }
    }

    /// When a share of all runs, from 0 to 1, has begun.
    pub(super) fn at(&self, share: f64) -> Timestamp {
        let hour = self.hours.place(share);
        let hours = f64::from(u32::try_from(hour).unwrap_or(u32::MAX));
        let hours = hours + self.hours.within(hour, share);
        self.start + SignedDuration::from_secs_f64(hours * 3600.0)
    }
}

fn weight(time: Timestamp) -> f64 {
    let time = time.to_zoned(TimeZone::UTC);
    let day = match time.weekday() {
        Weekday::Saturday | Weekday::Sunday => 0.3,
        _ => 1.0,
    };
    let hour = match time.hour() {
        4..13 => 3.0,
        13..18 => 1.5,
        _ => 0.6,
    };
    day * hour
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_run_begins_at_the_end_and_the_first_a_year_before() {
        let end: Timestamp = "2026-01-31T12:34:56Z".parse().unwrap();
        let calendar = Calendar::until(end);
        assert_eq!(calendar.at(1.0), end);
        assert_eq!(calendar.at(0.0), end - SignedDuration::from_hours(HOURS));
    }

    #[test]
    fn most_runs_begin_in_working_hours() {
        let calendar = Calendar::until("2026-01-31T12:00:00Z".parse().unwrap());
        let hours = (0..1000).map(|run| {
            let time = calendar.at(f64::from(run) / 1000.0);
            time.to_zoned(TimeZone::UTC).hour()
        });
        let working = hours.filter(|hour| (4..13).contains(hour)).count();
        assert!((600..700).contains(&working), "{working}");
    }
}

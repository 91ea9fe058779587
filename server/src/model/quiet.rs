//! Quiet hours: when nobody is to be disturbed.

use jiff::{SignedDuration, Timestamp, Zoned, civil::Time, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// More than a week has no quiet stretch, since not every day may be quiet as a whole.
const LONGEST: SignedDuration = SignedDuration::from_hours(8 * 24);

/// Hours of each day, and whole days, in the time zone of whoever is not to be disturbed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct QuietHours {
    /// The IANA name of the time zone.
    pub(crate) time_zone: String,
    /// From when to when. If the end is not later than the start, it is on the next day.
    pub(crate) hours: Option<(Time, Time)>,
    /// Days that are quiet as a whole, from 1 for Monday to 7 for Sunday.
    pub(crate) days: Vec<i8>,
}

impl QuietHours {
    /// When the quiet hours end that a time is in. None if it is in none.
    ///
    /// A zone that is not known any more has none: rather a message at night than none.
    pub(crate) fn end_after(&self, time: Timestamp) -> Option<Timestamp> {
        let zone = TimeZone::get(&self.time_zone).ok()?;
        let mut at = time.to_zoned(zone);
        if !self.holds(&at) {
            return None;
        }
        let latest = at.checked_add(LONGEST).ok()?;
        while self.holds(&at) && at < latest {
            at = self.next_boundary(&at)?;
        }
        Some(at.timestamp())
    }

    fn holds(&self, at: &Zoned) -> bool {
        let of_day = self.hours.is_some_and(|(start, end)| {
            let time = at.time();
            if start < end {
                start <= time && time < end
            } else {
                time >= start || time < end
            }
        });
        of_day || self.days.contains(&at.weekday().to_monday_one_offset())
    }

    /// The next time at which quiet may begin or end.
    fn next_boundary(&self, at: &Zoned) -> Option<Zoned> {
        let tomorrow = at.tomorrow().ok()?.start_of_day().ok()?;
        let of_hours = self.hours.into_iter().flat_map(|(start, end)| [start, end]);
        // A time that a change of the clocks leaves out comes as soon as it is over.
        let of_hours = of_hours.filter_map(|time| at.with().time(time).build().ok());
        of_hours
            .filter(|boundary| boundary > at)
            .chain([tomorrow])
            .min_by_key(Zoned::timestamp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn hours(start: &str, end: &str, days: &[i8]) -> QuietHours {
        QuietHours {
            time_zone: "Europe/Vienna".to_owned(),
            hours: Some((start.parse().unwrap(), end.parse().unwrap())),
            days: days.to_vec(),
        }
    }

    #[test]
    fn quiet_hours_end_in_their_own_time_zone() {
        let night = hours("22:00", "07:00", &[]);
        for (at, end) in [
            ("2026-01-05T20:59:59Z", None),
            ("2026-01-05T21:00:00Z", Some("2026-01-06T06:00:00Z")),
            ("2026-01-06T05:59:59Z", Some("2026-01-06T06:00:00Z")),
            ("2026-01-06T06:00:00Z", None),
            // In summer the same hours are an hour earlier in UTC.
            ("2026-07-06T20:30:00Z", Some("2026-07-07T05:00:00Z")),
            // The night in which the clocks go forward.
            ("2026-03-28T23:00:00Z", Some("2026-03-29T05:00:00Z")),
        ] {
            assert_eq!(night.end_after(time(at)), end.map(time), "{at}");
        }
    }

    #[test]
    fn whole_days_and_hours_that_touch_are_one_stretch() {
        let weekend = hours("22:00", "07:00", &[6, 7]);
        // Friday evening until Monday morning.
        let end = Some(time("2026-01-12T06:00:00Z"));
        for at in [
            "2026-01-09T21:30:00Z",
            "2026-01-10T12:00:00Z",
            "2026-01-11T23:30:00Z",
        ] {
            assert_eq!(weekend.end_after(time(at)), end, "{at}");
        }
        assert_eq!(weekend.end_after(time("2026-01-09T12:00:00Z")), None);
    }

    #[test]
    fn an_unknown_zone_has_none() {
        let nowhere = QuietHours {
            time_zone: "Nowhere/Land".to_owned(),
            ..hours("00:00", "00:00", &[])
        };
        assert_eq!(nowhere.end_after(time("2026-01-09T12:00:00Z")), None);
    }
}

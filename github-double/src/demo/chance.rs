//! How long things take and how often they happen.

use fastrand::Rng;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// True in so many cases of one.
pub(super) fn happens(share: f64, rng: &mut Rng) -> bool {
    rng.f64() < share
}

/// One of the choices.
pub(super) fn pick<'a, T>(choices: &'a [T], rng: &mut Rng) -> &'a T {
    &choices[rng.usize(..choices.len())]
}

/// A duration in seconds from the range, each equally likely.
pub(super) fn between(range: std::ops::Range<i64>, rng: &mut Rng) -> SignedDuration {
    SignedDuration::from_secs(rng.i64(range))
}

/// A duration whose median is given, and which is now and then far longer: log-normal.
pub(super) fn around(median: SignedDuration, spread: f64, rng: &mut Rng) -> SignedDuration {
    median.mul_f64((spread * normal(rng)).exp())
}

/// A draw from the standard normal distribution, by Box and Muller.
fn normal(rng: &mut Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.f64()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.f64()).cos()
}

/// How busy people are, from 0 to 1: most on weekdays in working hours, UTC.
pub(super) fn activity(time: Timestamp) -> f64 {
    let time = time.to_zoned(TimeZone::UTC);
    let hours = match time.hour() {
        8..=15 => 1.0,
        7 | 16 | 17 => 0.7,
        5 | 6 | 18..=20 => 0.3,
        _ => 0.07,
    };
    match time.weekday() {
        Weekday::Saturday | Weekday::Sunday => hours * 0.15,
        _ => hours,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_work_in_the_daytime_on_weekdays() {
        let at = |time: &str| activity(time.parse().unwrap());
        assert!(at("2026-03-04T10:00:00Z") > 3.0 * at("2026-03-04T19:00:00Z"));
        assert!(at("2026-03-04T10:00:00Z") > 5.0 * at("2026-03-07T10:00:00Z"));
    }

    #[test]
    fn durations_lie_around_their_median_with_a_long_tail() {
        let (mut rng, median) = (Rng::with_seed(3), SignedDuration::from_mins(10));
        let mut draws: Vec<_> = (0..2_000).map(|_| around(median, 0.6, &mut rng)).collect();
        draws.sort();
        let middle = draws[1_000];
        assert!(
            middle > median.mul_f64(0.9) && middle < median.mul_f64(1.1),
            "{middle:?}"
        );
        assert!(draws[1_980] > median * 3, "{:?}", draws[1_980]);
    }
}

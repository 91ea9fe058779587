//! When sending is tried again.

use std::time::Duration;

use jiff::SignedDuration;

/// How long is waited after the first failure in a row, the second, and so on; after more
/// of them always the last.
const STEPS: [u64; 6] = [5, 30, 120, 600, 1800, 3600];
/// By how much waits differ, so that not all senders come back at once.
const JITTER: f64 = 0.2;
/// The longest that a provider may have us wait.
const LONGEST_ASKED: Duration = Duration::from_hours(1);

/// How long to wait after so many failures in a row. `chance` is between 0 and 1. What the
/// provider asked for is taken exactly.
pub(crate) fn backoff(failures: i32, asked: Option<Duration>, chance: f64) -> SignedDuration {
    if let Some(asked) = asked {
        return SignedDuration::try_from(asked.min(LONGEST_ASKED)).unwrap_or(SignedDuration::MAX);
    }
    let step = usize::try_from(failures.max(1) - 1).unwrap_or_default();
    let seconds = STEPS
        .get(step)
        .or(STEPS.last())
        .copied()
        .unwrap_or_default();
    let factor = 1.0 + JITTER * (2.0 * chance.clamp(0.0, 1.0) - 1.0);
    SignedDuration::try_from(Duration::from_secs(seconds).mul_f64(factor))
        .unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_an_hour() {
        let waits: Vec<i64> = (0..9).map(|n| backoff(n, None, 0.5).as_secs()).collect();
        assert_eq!(waits, [5, 5, 30, 120, 600, 1800, 3600, 3600, 3600]);
        assert_eq!(backoff(1, None, 0.0).as_millis(), 4000);
        assert_eq!(backoff(1, None, 1.0).as_millis(), 6000);
    }

    #[test]
    fn what_is_asked_for_is_waited_exactly_but_for_an_hour_at_most() {
        let asked = |seconds| backoff(4, Some(Duration::from_secs(seconds)), 0.9).as_secs();
        assert_eq!(asked(30), 30);
        assert_eq!(asked(0), 0);
        assert_eq!(asked(86_400), 3600);
    }
}

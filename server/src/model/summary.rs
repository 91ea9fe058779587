//! The numbers: what is counted and how, as published beside each number in the UI.

use jiff::SignedDuration;

use super::Conclusion;

/// What is known of a set of builds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Summary {
    /// Counted attempts that finished in the window.
    pub(crate) builds: usize,
    /// Those that succeeded.
    pub(crate) successes: usize,
    /// Those that failed.
    pub(crate) failures: usize,
    /// Builds that have not ended now.
    pub(crate) running: usize,
    /// Attempts of the window that a later completed attempt replaced.
    pub(crate) replaced: usize,
    /// First attempts of the window that succeeded.
    pub(crate) first_try_successes: usize,
    /// First attempts of the window that failed.
    pub(crate) first_try_failures: usize,
    /// The wall times of successes and failures.
    pub(crate) wall_time: Durations,
    /// Their queue times, where jobs are known.
    pub(crate) queue_time: Durations,
    /// Their run times, where jobs are known.
    pub(crate) run_time: Durations,
    /// How many ended in each way.
    pub(crate) conclusions: Vec<(Conclusion, usize)>,
}

impl Summary {
    /// Successes among successes and failures. None without either: no data is
    /// neither 0 % nor 100 %.
    pub(crate) fn success_rate(&self) -> Option<f64> {
        share(self.successes, self.failures)
    }

    /// The success rate of first attempts.
    pub(crate) fn first_try_rate(&self) -> Option<f64> {
        share(self.first_try_successes, self.first_try_failures)
    }
}

/// How long a set of builds took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Durations {
    /// How many builds.
    pub(crate) count: usize,
    /// The mean.
    pub(crate) mean: SignedDuration,
    /// What at least half of them stay within.
    pub(crate) p50: SignedDuration,
    /// What at least 95 in 100 of them stay within.
    pub(crate) p95: SignedDuration,
}

impl Durations {
    /// Measures durations; all zero when there are none.
    pub(crate) fn of(mut durations: Vec<SignedDuration>) -> Self {
        if durations.is_empty() {
            return Self::default();
        }
        durations.sort_unstable();
        let nanos: i128 = durations.iter().map(SignedDuration::as_nanos).sum();
        let count = i128::try_from(durations.len()).expect("a length fits");
        Self {
            count: durations.len(),
            mean: SignedDuration::from_nanos_i128(nanos / count),
            p50: percentile(&durations, 50),
            p95: percentile(&durations, 95),
        }
    }
}

/// The smallest value with at least that share of all at or below it, as SQL's
/// `cume_dist` has it. `sorted` is not empty.
fn percentile(sorted: &[SignedDuration], percent: usize) -> SignedDuration {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted[rank - 1]
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts stay far below 2^52, where f64 is exact"
)]
fn share(successes: usize, failures: usize) -> Option<f64> {
    let all = successes + failures;
    (all > 0).then(|| successes as f64 / all as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: i64) -> SignedDuration {
        SignedDuration::from_secs(seconds)
    }

    #[test]
    fn percentiles_are_values_that_occurred() {
        let durations =
            |values: &[i64]| Durations::of(values.iter().copied().map(seconds).collect());
        let one = durations(&[7]);
        assert_eq!((one.p50, one.p95), (seconds(7), seconds(7)));
        let two = durations(&[9, 1]);
        assert_eq!(
            (two.mean, two.p50, two.p95),
            (seconds(5), seconds(1), seconds(9))
        );
        let hundred: Vec<i64> = (1..=100).rev().collect();
        let hundred = durations(&hundred);
        assert_eq!((hundred.p50, hundred.p95), (seconds(50), seconds(95)));
        assert_eq!(durations(&[]), Durations::default());
    }

    #[test]
    fn no_data_has_no_rate() {
        assert_eq!(Summary::default().success_rate(), None);
        assert_eq!(Summary::default().first_try_rate(), None);
    }
}

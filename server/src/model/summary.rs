//! The numbers: what is counted and how, as published beside each number in the UI.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::{Conclusion, Outcome};

/// What the numbers need to know of one completed attempt.
#[derive(Clone, Debug)]
pub(crate) struct Finished {
    /// How it ended.
    pub(crate) conclusion: Conclusion,
    /// Which attempt of its run.
    pub(crate) attempt: i32,
    /// Whether it is the attempt of its run that counts.
    pub(crate) counted: bool,
    /// From start to end.
    pub(crate) wall_time: SignedDuration,
    /// From start to the start of the first job, if jobs are known.
    pub(crate) queue_time: Option<SignedDuration>,
    /// From the start of the first job to the end, if jobs are known.
    pub(crate) run_time: Option<SignedDuration>,
}

/// Collects completed attempts; `Tally::summary` makes the numbers of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    conclusions: BTreeMap<Conclusion, usize>,
    running: usize,
    replaced: usize,
    first_try: Outcomes,
    wall_times: Vec<SignedDuration>,
    queue_times: Vec<SignedDuration>,
    run_times: Vec<SignedDuration>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Outcomes {
    successes: usize,
    failures: usize,
}

impl Outcomes {
    fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Success => self.successes += 1,
            Outcome::Failure => self.failures += 1,
            Outcome::Neither => {}
        }
    }
}

impl Tally {
    /// Adds one completed attempt of the window.
    pub(crate) fn add(&mut self, build: &Finished) {
        let outcome = build.conclusion.outcome();
        if build.attempt == 1 {
            self.first_try.add(outcome);
        }
        if !build.counted {
            self.replaced += 1;
            return;
        }
        *self
            .conclusions
            .entry(build.conclusion.clone())
            .or_default() += 1;
        if outcome != Outcome::Neither {
            self.wall_times.push(build.wall_time);
            self.queue_times.extend(build.queue_time);
            self.run_times.extend(build.run_time);
        }
    }

    /// Adds builds that have not ended.
    pub(crate) fn add_running(&mut self, count: usize) {
        self.running += count;
    }

    /// Makes the numbers.
    pub(crate) fn summary(self) -> Summary {
        let mut counted = Outcomes::default();
        for (conclusion, count) in &self.conclusions {
            match conclusion.outcome() {
                Outcome::Success => counted.successes += count,
                Outcome::Failure => counted.failures += count,
                Outcome::Neither => {}
            }
        }
        Summary {
            builds: self.conclusions.values().sum(),
            successes: counted.successes,
            failures: counted.failures,
            running: self.running,
            replaced: self.replaced,
            first_try_successes: self.first_try.successes,
            first_try_failures: self.first_try.failures,
            wall_time: Durations::of(self.wall_times),
            queue_time: Durations::of(self.queue_times),
            run_time: Durations::of(self.run_times),
            conclusions: self.conclusions.into_iter().collect(),
        }
    }
}

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

    fn finished(conclusion: Conclusion, attempt: i32, counted: bool, wall: i64) -> Finished {
        Finished {
            conclusion,
            attempt,
            counted,
            wall_time: seconds(wall),
            queue_time: None,
            run_time: None,
        }
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
    fn a_replaced_attempt_counts_only_as_a_first_try() {
        let mut tally = Tally::default();
        tally.add(&finished(Conclusion::Failure, 1, false, 60));
        tally.add(&finished(Conclusion::Success, 2, true, 30));
        tally.add(&finished(Conclusion::TimedOut, 1, true, 90));
        tally.add(&finished(Conclusion::Cancelled, 1, true, 1));
        tally.add_running(3);
        let summary = tally.summary();
        assert_eq!(
            (summary.builds, summary.replaced, summary.running),
            (3, 1, 3)
        );
        assert_eq!((summary.successes, summary.failures), (1, 1));
        assert_eq!(summary.success_rate(), Some(0.5));
        assert_eq!(summary.first_try_rate(), Some(0.0));
        assert_eq!(summary.first_try_failures, 2);
        assert_eq!(summary.wall_time.count, 2, "cancelled is not measured");
        assert_eq!(summary.wall_time.mean, seconds(60));
    }

    #[test]
    fn no_data_has_no_rate() {
        let mut tally = Tally::default();
        tally.add(&finished(Conclusion::Skipped, 1, true, 0));
        let summary = tally.summary();
        assert_eq!(summary.builds, 1);
        assert_eq!(summary.success_rate(), None);
        assert_eq!(Summary::default().first_try_rate(), None);
    }
}

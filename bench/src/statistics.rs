//! Percentiles of latencies, and the medians of rounds.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long most answers took, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    pub(crate) p99: f64,
}

impl Latency {
    /// Nothing can be said of no answers.
    pub(crate) fn of(mut samples: Vec<Duration>) -> Option<Self> {
        samples.sort_unstable();
        let at = |percent| Some(percentile(&samples, percent)?.as_secs_f64() * 1000.0);
        Some(Self {
            p50: at(50)?,
            p95: at(95)?,
            p99: at(99)?,
        })
    }
}

/// The smallest sample that at least `percent` in 100 of them stay within.
fn percentile(sorted: &[Duration], percent: usize) -> Option<Duration> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// What one figure was over all rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) lowest: f64,
    pub(crate) highest: f64,
}

impl Spread {
    /// Nothing can be said of no rounds.
    pub(crate) fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_unstable_by(f64::total_cmp);
        let middle = values.len() / 2;
        let median = if values.len().is_multiple_of(2) {
            f64::midpoint(*values.get(middle.checked_sub(1)?)?, values[middle])
        } else {
            values[middle]
        };
        Some(Self {
            median,
            lowest: *values.first()?,
            highest: *values.last()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(values: impl IntoIterator<Item = u64>) -> Vec<Duration> {
        values.into_iter().map(Duration::from_millis).collect()
    }

    #[test]
    fn percentiles_are_samples_and_need_no_order() {
        assert_eq!(
            Latency::of(milliseconds((1..=200).rev())),
            Some(Latency {
                p50: 100.0,
                p95: 190.0,
                p99: 198.0
            })
        );
    }

    #[test]
    fn percentiles_of_few_samples_are_the_slow_ones() {
        assert_eq!(
            Latency::of(milliseconds([1, 2, 9])),
            Some(Latency {
                p50: 2.0,
                p95: 9.0,
                p99: 9.0
            })
        );
        assert_eq!(Latency::of(Vec::new()), None);
    }

    #[test]
    fn medians_of_odd_and_even_rounds() {
        let spread = |values: &[f64]| Spread::of(values.to_vec());
        assert_eq!(
            spread(&[3.0, 1.0, 8.0]),
            Some(Spread {
                median: 3.0,
                lowest: 1.0,
                highest: 8.0
            })
        );
        assert_eq!(spread(&[4.0, 1.0, 2.0, 8.0]).map(|s| s.median), Some(3.0));
        assert_eq!(spread(&[]), None);
    }
}

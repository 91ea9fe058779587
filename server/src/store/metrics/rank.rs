//! Which slices come first.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
};

use super::Slice;
use crate::model::{Outcome, Summary, Tally};

/// What ranks a slice: most failures first, then most builds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rank {
    pub(super) failures: i64,
    pub(super) builds: i64,
    /// The builds and those that were replaced, which give no rank.
    pub(super) attempts: i64,
}

impl Rank {
    /// Adds what some builds add up to, `times` times.
    pub(super) fn add<S>(&mut self, sums: &Tally<S>, times: i64) {
        for (conclusion, count) in &sums.conclusions {
            self.builds += count * times;
            if conclusion.outcome() == Outcome::Failure {
                self.failures += count * times;
            }
        }
        self.attempts += sums.builds() * times;
    }

    fn of(summary: &Summary) -> Self {
        let size = |count| i64::try_from(count).unwrap_or(i64::MAX);
        Self {
            failures: size(summary.failures),
            builds: size(summary.builds),
            attempts: size(summary.builds + summary.replaced),
        }
    }
}

/// The best `limit` slices, and of equal ones the first by name.
pub(super) fn best(ranks: HashMap<Slice, Rank>, limit: usize) -> HashSet<Slice> {
    let mut ranks: Vec<(Slice, Rank)> = ranks.into_iter().collect();
    if ranks.len() > limit {
        ranks.select_nth_unstable_by(limit, |a, b| place(a.1, &a.0).cmp(&place(b.1, &b.0)));
        ranks.truncate(limit);
    }
    ranks.into_iter().map(|(slice, _)| slice).collect()
}

/// The best `limit` rows, in order.
pub(super) fn sorted(
    summaries: impl Iterator<Item = (Slice, Summary)>,
    limit: usize,
) -> Vec<(Slice, Summary)> {
    let mut rows: Vec<_> = summaries.collect();
    rows.sort_by(|(a, a_sum), (b, b_sum)| {
        place(Rank::of(a_sum), a).cmp(&place(Rank::of(b_sum), b))
    });
    rows.truncate(limit);
    rows
}

fn place(rank: Rank, slice: &Slice) -> impl Ord + '_ {
    (Reverse((rank.failures, rank.builds)), slice)
}

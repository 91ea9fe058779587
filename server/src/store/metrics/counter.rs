//! What was counted so far, in bounded room.
//!
//! While builds are few, each duration is kept; then they are sketched. Where there are more
//! slices than are ever shown, only what ranks them is kept: the best ones are counted anew.

use std::collections::{HashMap, HashSet};

use super::{Rank, Slice};
use crate::{
    Error, Result,
    model::{Each, Finished, Intervals, Rollup, Sketch, Spread, Summary, Tally},
};

/// Of how many builds each duration is kept: half a megabyte.
const MOST_EACH: usize = 10_000;
/// How many slices are summed up at once: some megabytes. More than any answer holds.
const MOST_SUMMED: usize = 5_000;
/// How many slices are ranked: some 20 megabytes.
const MOST_RANKED: usize = 100_000;

const TOO_MANY: &str = "there is too much to tell apart: ask for a shorter window, or for fewer \
     builds, such as those of one repository";

/// Sums by what builds have in common, and by interval.
type Sums<S> = HashMap<(Slice, usize), Tally<S>>;

/// What the builds so far add up to.
pub(in crate::store) struct Counter {
    kept: Kept,
    bounds: Bounds,
    /// The slices that are counted; all if it does not say.
    wanted: Option<HashSet<Slice>>,
}

enum Kept {
    Each(Sums<Each>),
    Sketched(Sums<Sketch>),
    Ranked(HashMap<Slice, Rank>),
}

/// How much is kept.
#[derive(Clone, Copy)]
pub(in crate::store) struct Bounds {
    /// Of how many more builds each duration is.
    pub(in crate::store) each: usize,
    /// How many slices are summed up at once.
    pub(in crate::store) summed: usize,
    /// How many slices are ranked.
    pub(in crate::store) ranked: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            each: MOST_EACH,
            summed: MOST_SUMMED,
            ranked: MOST_RANKED,
        }
    }
}

impl Counter {
    pub(super) fn new(bounds: Bounds, wanted: Option<HashSet<Slice>>) -> Self {
        Self {
            kept: Kept::Each(Sums::new()),
            bounds,
            wanted,
        }
    }

    /// Adds a build.
    pub(in crate::store) fn count(&mut self, key: (Slice, usize), build: &Finished) -> Result<()> {
        if !self.wants(&key.0) {
            return Ok(());
        }
        match self.bounds.each.checked_sub(1) {
            Some(left) => self.bounds.each = left,
            None => self.sketch(),
        }
        match &mut self.kept {
            Kept::Each(sums) => sums.entry(key).or_default().count(build, 1),
            Kept::Sketched(sums) => sums.entry(key).or_default().count(build, 1),
            Kept::Ranked(ranks) => ranks.entry(key.0).or_default().add(&rollup_of(build), 1),
        }
        self.stay_within()
    }

    /// Adds what others add up to, `times` times.
    pub(in crate::store) fn add(
        &mut self,
        key: (Slice, usize),
        part: &Rollup,
        times: i64,
    ) -> Result<()> {
        if !self.wants(&key.0) {
            return Ok(());
        }
        self.sketch();
        match &mut self.kept {
            Kept::Each(_) => {}
            Kept::Sketched(sums) => sums.entry(key).or_default().add(part, times),
            Kept::Ranked(ranks) => ranks.entry(key.0).or_default().add(part, times),
        }
        self.stay_within()
    }

    /// Adds a build of which a rollup is to know.
    pub(in crate::store) fn change(
        &mut self,
        key: (Slice, usize),
        build: &Finished,
        times: i64,
    ) -> Result<()> {
        self.add(key, &rollup_of(build), times)
    }

    fn wants(&self, slice: &Slice) -> bool {
        self.wanted.as_ref().is_none_or(|all| all.contains(slice))
    }

    fn sketch(&mut self) {
        if let Kept::Each(sums) = &mut self.kept {
            let sums = std::mem::take(sums).into_iter();
            self.kept = Kept::Sketched(sums.map(|(key, sum)| (key, sum.into())).collect());
        }
    }

    /// Gives sums up for ranks if there are too many. Only breakdowns have so many, and
    /// these are of one interval.
    fn stay_within(&mut self) -> Result<()> {
        let is_open = self.wanted.is_none();
        match &mut self.kept {
            Kept::Each(sums) if is_open && sums.len() > self.bounds.summed => {
                self.kept = Kept::Ranked(ranks(sums));
            }
            Kept::Sketched(sums) if is_open && sums.len() > self.bounds.summed => {
                self.kept = Kept::Ranked(ranks(sums));
            }
            Kept::Ranked(ranks) if ranks.len() > self.bounds.ranked => {
                return Err(Error::TooMuch(TOO_MANY));
            }
            _ => {}
        }
        Ok(())
    }

    /// The ranks of all slices of which something ended, if these were too many to be summed up.
    pub(super) fn take_ranks(&mut self) -> Option<HashMap<Slice, Rank>> {
        let Kept::Ranked(ranks) = &mut self.kept else {
            return None;
        };
        let mut ranks = std::mem::take(ranks);
        ranks.retain(|_, rank| rank.attempts > 0);
        Some(ranks)
    }

    /// Makes the numbers.
    pub(super) fn summaries(&self, intervals: &Intervals) -> HashMap<Slice, Vec<Summary>> {
        match &self.kept {
            Kept::Each(sums) => summaries(sums, intervals),
            Kept::Sketched(sums) => summaries(sums, intervals),
            Kept::Ranked(_) => HashMap::new(),
        }
    }
}

fn rollup_of(build: &Finished) -> Rollup {
    let mut rollup = Rollup::default();
    rollup.count(build, 1);
    rollup
}

fn ranks<S>(sums: &Sums<S>) -> HashMap<Slice, Rank> {
    let mut ranks: HashMap<Slice, Rank> = HashMap::new();
    for ((slice, _), sum) in sums {
        ranks.entry(slice.clone()).or_default().add(sum, 1);
    }
    ranks
}

fn summaries<S: Spread>(sums: &Sums<S>, intervals: &Intervals) -> HashMap<Slice, Vec<Summary>> {
    let mut summaries: HashMap<Slice, Vec<Summary>> = HashMap::new();
    for ((slice, index), sum) in sums {
        let sum = sum.summary();
        // All of what a rollup still knows, a later change took away again.
        if sum == Summary::default() {
            continue;
        }
        let all = summaries
            .entry(slice.clone())
            .or_insert_with(|| vec![Summary::default(); intervals.ends.len()]);
        if let Some(summary) = all.get_mut(*index) {
            *summary = sum;
        }
    }
    summaries
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::{fixtures::at, model::Conclusion};

    fn finished(wall_time: SignedDuration) -> Finished {
        Finished {
            conclusion: Conclusion::Success,
            attempt: 1,
            counted: true,
            wall_time,
            queue_time: None,
            run_time: None,
        }
    }

    fn all() -> Intervals {
        Intervals {
            start: None,
            ends: vec![at(0)],
        }
    }

    fn p50(each: usize, millis: impl Iterator<Item = i64>) -> SignedDuration {
        let bounds = Bounds {
            each,
            ..Bounds::default()
        };
        let mut counter = Counter::new(bounds, None);
        for millis in millis {
            let build = finished(SignedDuration::from_millis(millis));
            counter.count((Slice::default(), 0), &build).unwrap();
        }
        let summaries = counter.summaries(&all());
        let summary = &summaries[&Slice::default()][0];
        assert_eq!(summary.builds, summary.wall_time.count);
        summary.wall_time.p50
    }

    #[test]
    fn few_durations_are_exact_and_many_take_little_room() {
        let exact = SignedDuration::from_millis(500_123);
        let millis = || std::iter::repeat_n(500_123, 10);
        assert_eq!(p50(10, millis()), exact);
        for each in [0, 1, 9] {
            let near = p50(each, millis());
            assert_ne!(near, exact, "its bin has a whole second");
            assert!((near - exact).abs() * 128 < exact, "{near:?}");
        }
    }

    #[test]
    fn many_slices_are_ranked_and_too_many_refused() {
        let bounds = Bounds {
            each: 3,
            summed: 5,
            ranked: 8,
        };
        let mut counter = Counter::new(bounds, None);
        let build = finished(SignedDuration::ZERO);
        let slice = |number: usize| Slice {
            value: number.to_string(),
            ..Slice::default()
        };
        for number in 1..=5 {
            counter.count((slice(number), 0), &build).unwrap();
        }
        assert!(counter.take_ranks().is_none());
        assert_eq!(counter.summaries(&all()).len(), 5);
        for number in 4..=8 {
            counter.count((slice(number), 0), &build).unwrap();
            counter.change((slice(number), 0), &build, 1).unwrap();
        }
        let refused = counter.count((slice(9), 0), &build);
        assert!(matches!(refused, Err(Error::TooMuch(_))), "{refused:?}");
        let ranks = counter.take_ranks().unwrap();
        let builds = |number| ranks[&slice(number)].builds;
        assert_eq!((builds(1), builds(4), builds(8)), (1, 3, 2));
    }
}

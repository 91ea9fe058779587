//! Counting builds one by one: with each duration while they are few, then with sketches.

use std::collections::HashMap;

use super::{Slice, Sums, summaries};
use crate::model::{Each, Finished, Intervals, Sketch, Summary};

/// Of how many builds each duration is kept: half a megabyte.
const MOST: usize = 10_000;

/// What the builds so far add up to.
pub(super) struct Counter {
    /// How many more are kept one by one.
    room: usize,
    each: Sums<Each>,
    sketched: Sums<Sketch>,
}

impl Default for Counter {
    fn default() -> Self {
        Self::with_room(MOST)
    }
}

impl Counter {
    fn with_room(room: usize) -> Self {
        Self {
            room,
            each: Sums::new(),
            sketched: Sums::new(),
        }
    }

    /// Adds a build.
    pub(super) fn count(&mut self, key: (Slice, usize), build: &Finished) {
        if let Some(room) = self.room.checked_sub(1) {
            self.room = room;
            self.each.entry(key).or_default().count(build, 1);
            return;
        }
        let each = std::mem::take(&mut self.each).into_iter();
        self.sketched
            .extend(each.map(|(key, sum)| (key, sum.into())));
        self.sketched.entry(key).or_default().count(build, 1);
    }

    /// Makes the numbers.
    pub(super) fn summaries(&self, intervals: &Intervals) -> HashMap<Slice, Vec<Summary>> {
        if self.sketched.is_empty() {
            summaries(&self.each, intervals)
        } else {
            summaries(&self.sketched, intervals)
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::{fixtures::at, model::Conclusion};

    fn p50(room: usize, millis: impl Iterator<Item = i64>) -> SignedDuration {
        let mut counter = Counter::with_room(room);
        for millis in millis {
            let build = Finished {
                conclusion: Conclusion::Success,
                attempt: 1,
                counted: true,
                wall_time: SignedDuration::from_millis(millis),
                queue_time: None,
                run_time: None,
            };
            counter.count((Slice::default(), 0), &build);
        }
        let all = Intervals {
            start: None,
            ends: vec![at(0)],
        };
        let summaries = counter.summaries(&all);
        let summary = &summaries[&Slice::default()][0];
        assert_eq!(summary.builds, summary.wall_time.count);
        summary.wall_time.p50
    }

    #[test]
    fn few_durations_are_exact_and_many_take_little_room() {
        let exact = SignedDuration::from_millis(500_123);
        let millis = || std::iter::repeat_n(500_123, 10);
        assert_eq!(p50(10, millis()), exact);
        for room in [0, 1, 9] {
            let near = p50(room, millis());
            assert_ne!(near, exact, "its bin has a whole second");
            assert!((near - exact).abs() * 128 < exact, "{near:?}");
        }
    }
}

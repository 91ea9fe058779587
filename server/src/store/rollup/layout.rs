//! Which parts of some intervals rollups hold, and which are left to the builds themselves.

use std::ops::Range;

use jiff::Timestamp;

use super::{DAY, SLOT, content::Content, start_of_day};
use crate::{
    Result,
    model::{Intervals, Rollup, TimeRange},
};

/// Intervals, cut to half hours.
pub(super) struct Layout {
    /// What of each interval is whole half hours, in microseconds, in order.
    whole: Vec<Range<i64>>,
    /// What is not, of all intervals.
    pub(super) rest: Vec<TimeRange>,
}

impl Layout {
    pub(super) fn of(intervals: &Intervals) -> Self {
        let mut start = intervals.start;
        let mut whole = Vec::with_capacity(intervals.ends.len());
        let mut rest: Vec<Range<i64>> = Vec::new();
        for end in &intervals.ends {
            let from = start.map_or(i64::MIN, Timestamp::as_microsecond);
            let until = end.as_microsecond();
            let inner = inner(from, until);
            push_rest(&mut rest, from..inner.start);
            push_rest(&mut rest, inner.end..until);
            whole.push(inner);
            start = Some(*end);
        }
        Self {
            whole,
            rest: rest.iter().filter_map(range).collect(),
        }
    }

    /// The days that have a part in it: the first and the last.
    pub(super) fn days(&self) -> Option<(i32, i32)> {
        let used = || self.whole.iter().filter(|whole| !whole.is_empty());
        let first = used().next()?.start;
        let last = used().next_back()?.end - 1;
        Some((day_of(first), day_of(last)))
    }

    /// The days of which not all is in one interval.
    pub(super) fn cut_days(&self) -> Vec<i32> {
        let bounds = self.whole.iter().flat_map(|whole| [whole.start, whole.end]);
        let mut days: Vec<i32> = bounds
            .filter(|bound| bound.rem_euclid(DAY) != 0 && *bound != i64::MIN)
            .map(day_of)
            .collect();
        days.sort_unstable();
        days.dedup();
        days
    }

    /// Which interval has a time in its whole half hours.
    pub(super) fn index(&self, time: Timestamp) -> Option<usize> {
        let time = time.as_microsecond();
        let index = self.whole.partition_point(|whole| whole.end <= time);
        let whole = self.whole.get(index)?;
        whole.contains(&time).then_some(index)
    }

    /// Gives each interval its part of a day.
    pub(super) fn share(
        &self,
        day: i32,
        content: &Content,
        mut give: impl FnMut(usize, &Rollup) -> Result<()>,
    ) -> Result<()> {
        let start = start_of_day(day);
        let end = start + DAY;
        let first = self.whole.partition_point(|whole| whole.end <= start);
        let touched = self.whole.iter().enumerate().skip(first);
        for (index, whole) in touched.take_while(|(_, whole)| whole.start < end) {
            if whole.start <= start && end <= whole.end {
                give(index, &content.total)?;
                continue;
            }
            for (number, sums) in &content.slots {
                if whole.contains(&(start + i64::from(*number) * SLOT)) {
                    give(index, sums)?;
                }
            }
        }
        Ok(())
    }
}

/// What of a range is whole half hours. Empty, and at its start, if nothing is.
fn inner(from: i64, until: i64) -> Range<i64> {
    let start = match from {
        i64::MIN => from,
        from => from.saturating_add(SLOT - 1).div_euclid(SLOT) * SLOT,
    };
    let end = until.div_euclid(SLOT) * SLOT;
    if start < end { start..end } else { from..from }
}

fn push_rest(rest: &mut Vec<Range<i64>>, range: Range<i64>) {
    if range.is_empty() {
        return;
    }
    match rest.last_mut() {
        Some(last) if last.end == range.start => last.end = range.end,
        _ => rest.push(range),
    }
}

fn range(range: &Range<i64>) -> Option<TimeRange> {
    Some(TimeRange {
        start: Some(Timestamp::from_microsecond(range.start).ok()?),
        end: Some(Timestamp::from_microsecond(range.end).ok()?),
    })
}

fn day_of(micros: i64) -> i32 {
    let day = micros.div_euclid(DAY);
    i32::try_from(day).unwrap_or(if day < 0 { i32::MIN } else { i32::MAX })
}

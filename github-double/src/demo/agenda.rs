//! What is to happen, and when.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use jiff::Timestamp;

/// Moves, handed out in the order of their times; of equal times, in the order they were added.
#[derive(Debug)]
pub(super) struct Agenda<M> {
    entries: BinaryHeap<Reverse<Entry<M>>>,
    added: u64,
}

#[derive(Debug)]
struct Entry<M> {
    key: (Timestamp, u64),
    what: M,
}

impl<M> Agenda<M> {
    pub(super) fn new() -> Self {
        Self {
            entries: BinaryHeap::new(),
            added: 0,
        }
    }

    pub(super) fn add(&mut self, time: Timestamp, what: M) {
        self.added += 1;
        let key = (time, self.added);
        self.entries.push(Reverse(Entry { key, what }));
    }

    /// When the next move is due.
    pub(super) fn next_time(&self) -> Option<Timestamp> {
        self.entries.peek().map(|Reverse(entry)| entry.key.0)
    }

    /// Takes the next move, if it is due by `time`.
    pub(super) fn next_until(&mut self, time: Timestamp) -> Option<(Timestamp, M)> {
        if self.next_time()? > time {
            return None;
        }
        let Reverse(entry) = self.entries.pop()?;
        Some((entry.key.0, entry.what))
    }
}

impl<M> PartialEq for Entry<M> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<M> Eq for Entry<M> {}

impl<M> PartialOrd for Entry<M> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<M> Ord for Entry<M> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_come_when_due_and_in_order() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut agenda = Agenda::new();
        agenda.add(at(20), "later");
        agenda.add(at(10), "first");
        agenda.add(at(10), "second");
        assert_eq!(agenda.next_until(at(9)), None);
        assert_eq!(agenda.next_until(at(15)), Some((at(10), "first")));
        assert_eq!(agenda.next_until(at(15)), Some((at(10), "second")));
        assert_eq!(agenda.next_until(at(15)), None);
        assert_eq!(agenda.next_time(), Some(at(20)));
    }
}

//! Answers to be given instead of the usual one.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Orders to refuse, each to be obeyed so many times, in the order they were given.
#[derive(Debug)]
pub(super) struct Orders<T>(Mutex<VecDeque<(T, u32)>>);

impl<T> Default for Orders<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Orders<T> {
    pub(super) fn give(&self, order: T, times: u32) {
        if times > 0 {
            self.lock().push_back((order, times));
        }
    }

    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    /// Uses up one of the first order that applies.
    pub(super) fn take(&self, applies: impl Fn(&T) -> bool) -> Option<T> {
        let mut orders = self.lock();
        let index = orders.iter().position(|(order, _)| applies(order))?;
        let (order, times) = &mut orders[index];
        let order = order.clone();
        *times -= 1;
        if *times == 0 {
            orders.remove(index);
        }
        Some(order)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(T, u32)>> {
        // Nothing in here stops halfway, so that poisoned orders are as good as any.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_order_that_applies_is_used_up() {
        let orders = Orders::default();
        orders.give("late", 2);
        orders.give("never", 0);
        orders.give("lost", 1);
        let taken: Vec<_> = (0..3)
            .map(|_| orders.take(|order| *order != "lost"))
            .collect();
        assert_eq!(taken, [Some("late"), Some("late"), None]);
        assert_eq!(orders.take(|_| true), Some("lost"));
        assert_eq!(orders.take(|_| true), None);
    }
}

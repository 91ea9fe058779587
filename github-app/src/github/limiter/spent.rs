//! Counts the requests of the last hour, to the minute.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::{Purpose, Spent};

const MINUTES: i64 = 60;

/// The requests of the last hour. A minute is forgotten when all of it is more
/// than an hour ago.
#[derive(Debug, Default)]
pub(super) struct LastHour(VecDeque<(i64, Spent)>);

impl LastHour {
    /// Counts a request.
    pub(super) fn add(&mut self, purpose: Purpose, now: Timestamp) {
        self.forget(now);
        let minute = minute(now);
        // A clock that was set back goes on in the latest minute.
        if self.0.back().is_none_or(|(latest, _)| *latest < minute) {
            self.0.push_back((minute, Spent::default()));
        }
        if let Some((_, spent)) = self.0.back_mut() {
            *spent.of(purpose) += 1;
        }
    }

    /// Forgets what is over an hour old.
    pub(super) fn forget(&mut self, now: Timestamp) {
        let minute = minute(now);
        while self
            .0
            .front()
            .is_some_and(|(old, _)| old + MINUTES < minute)
        {
            self.0.pop_front();
        }
    }

    /// When the requests in the background will be fewer than `cap`; none if they
    /// are.
    pub(super) fn background_below(&self, cap: u64) -> Option<Timestamp> {
        let mut background: u64 = self.0.iter().map(|(_, spent)| background(spent)).sum();
        let mut until = None;
        for (minute, spent) in &self.0 {
            if background < cap {
                break;
            }
            background -= self::background(spent);
            until = Timestamp::from_second((minute + MINUTES + 1) * 60).ok();
        }
        until
    }

    /// The sum of it.
    pub(super) fn spent(&self) -> Spent {
        let mut sum = Spent::default();
        for (_, spent) in &self.0 {
            sum.live += spent.live;
            sum.reconcile += spent.reconcile;
            sum.backfill += spent.backfill;
        }
        sum
    }
}

fn background(spent: &Spent) -> u64 {
    spent.reconcile + spent.backfill
}

fn minute(time: Timestamp) -> i64 {
    time.as_second().div_euclid(60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_772_366_400 + seconds).unwrap()
    }

    fn of(requests: &[(Purpose, i64)]) -> LastHour {
        let mut hour = LastHour::default();
        for (purpose, seconds) in requests {
            hour.add(*purpose, at(*seconds));
        }
        hour
    }

    #[test]
    fn forgets_no_request_before_it_is_an_hour_old() {
        let mut hour = of(&[(Purpose::Live, 59), (Purpose::Backfill, 60)]);
        hour.forget(at(3600 + 59));
        assert_eq!((hour.spent().live, hour.spent().backfill), (1, 1));
        hour.forget(at(3600 + 60));
        assert_eq!((hour.spent().live, hour.spent().backfill), (0, 1));
        hour.forget(at(3600 + 120));
        assert_eq!(hour.spent(), Spent::default());
    }

    #[test]
    fn knows_when_enough_is_forgotten() {
        let hour = of(&[
            (Purpose::Reconcile, 0),
            (Purpose::Live, 10),
            (Purpose::Backfill, 300),
            (Purpose::Backfill, 301),
        ]);
        assert_eq!(hour.background_below(4), None);
        assert_eq!(hour.background_below(3), Some(at(61 * 60)));
        assert_eq!(hour.background_below(2), Some(at(66 * 60)));
    }

    #[test]
    fn goes_on_counting_when_the_clock_is_set_back() {
        let mut hour = of(&[(Purpose::Live, 600), (Purpose::Live, 0)]);
        hour.forget(at(3600 + 120));
        assert_eq!(hour.spent().live, 2);
    }
}

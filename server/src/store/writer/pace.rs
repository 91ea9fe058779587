//! How much is folded into rollups at once: what is folded while nobody waits holds up who comes
//! meanwhile, on one database for longer than on another.

use std::time::Duration;

/// The most at once while nobody waits.
const MOST: usize = 256;
/// And the least: below it, each fold writes much for little.
const LEAST: usize = 16;
/// For how long a fold may hold the writer.
const SLOW: Duration = Duration::from_millis(8);
/// Below this, it could have been more.
const QUICK: Duration = Duration::from_millis(2);

/// How many changes are folded at once while nobody waits.
#[derive(Clone, Copy)]
pub(super) struct Pace(usize);

impl Pace {
    pub(super) fn new() -> Self {
        Self(MOST)
    }

    pub(super) fn count(self) -> usize {
        self.0
    }

    /// Learns from a fold of so many.
    pub(super) fn learn(&mut self, folded: usize, took: Duration) {
        if took > SLOW && folded >= LEAST {
            self.0 = (folded.min(self.0) / 2).max(LEAST);
        } else if took < QUICK && folded >= self.0 {
            self.0 = (self.0 * 2).min(MOST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_settles_at_what_takes_a_few_milliseconds() {
        let mut pace = Pace::new();
        assert_eq!(pace.count(), MOST);
        // As PostgreSQL may take: 150 us for each.
        for _ in 0..10 {
            let count = pace.count();
            pace.learn(
                count,
                Duration::from_micros(150) * u32::try_from(count).unwrap(),
            );
        }
        assert_eq!(pace.count(), 32);
        for _ in 0..10 {
            pace.learn(pace.count(), Duration::from_secs(1));
        }
        assert_eq!(pace.count(), LEAST, "it does not stand still");
        // What says nothing of so many, changes nothing.
        pace.learn(1, Duration::from_micros(10));
        pace.learn(1, Duration::from_secs(1));
        assert_eq!(pace.count(), LEAST);
        for _ in 0..10 {
            pace.learn(pace.count(), Duration::from_millis(1));
        }
        assert_eq!(pace.count(), MOST);
    }
}

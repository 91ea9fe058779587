//! What time it is at the simulated GitHub, for it and for whoever shares its time.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// A clock that stands still or follows another one, and can be moved. Clones are one clock.
#[derive(Clone, Debug)]
pub struct VirtualClock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Source,
    /// How far ahead of its source it is; whoever waits is woken when it changes.
    offset: watch::Sender<SignedDuration>,
}

#[derive(Debug)]
enum Source {
    Frozen(Timestamp),
    Following(fn() -> Timestamp),
}

impl VirtualClock {
    /// A clock that goes only when it is told to.
    pub fn frozen(at: Timestamp) -> Self {
        Self::new(Source::Frozen(at))
    }

    /// A clock that goes as another one does, and leaps when it is told to.
    pub fn following(clock: fn() -> Timestamp) -> Self {
        Self::new(Source::Following(clock))
    }

    fn new(source: Source) -> Self {
        let (offset, _) = watch::channel(SignedDuration::ZERO);
        Self(Arc::new(Inner { source, offset }))
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.0.source.now() + *self.0.offset.borrow()
    }

    /// Lets time pass at once.
    pub fn advance(&self, by: SignedDuration) {
        self.0.offset.send_modify(|offset| *offset += by);
    }

    /// Sets it, forwards or back.
    pub fn set(&self, time: Timestamp) {
        let source = &self.0.source;
        let ahead = |offset: &mut SignedDuration| *offset = time.duration_since(source.now());
        self.0.offset.send_modify(ahead);
    }

    /// Waits until somebody has moved the clock to `time` or past it. The time of a clock that it
    /// follows moves nobody who waits.
    pub async fn moved_to(&self, time: Timestamp) {
        let mut offset = self.0.offset.subscribe();
        let moved = offset.wait_for(|offset| self.0.source.now() + *offset >= time);
        moved
            .await
            .expect("the clock that is asked holds the sender");
    }
}

impl Source {
    fn now(&self) -> Timestamp {
        match self {
            Self::Frozen(at) => *at,
            Self::Following(clock) => clock(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::constant(1_773_316_800, 0);
    const HOUR: SignedDuration = SignedDuration::from_hours(1);

    #[test]
    fn clones_are_one_clock() {
        let clock = VirtualClock::frozen(NOON);
        clock.clone().advance(HOUR);
        assert_eq!(clock.now(), NOON + HOUR);
        clock.clone().set(NOON - HOUR);
        assert_eq!(clock.now(), NOON - HOUR);
    }

    #[test]
    fn it_leaps_ahead_of_the_clock_that_it_follows() {
        let clock = VirtualClock::following(|| NOON);
        assert_eq!(clock.now(), NOON);
        clock.set(NOON + HOUR);
        clock.advance(HOUR);
        assert_eq!(clock.now(), NOON + HOUR * 2);
    }

    #[tokio::test]
    async fn who_waits_is_woken_when_it_is_time_and_not_before() {
        let clock = VirtualClock::frozen(NOON);
        let mover = clock.clone();
        let waiting = clock.moved_to(NOON + HOUR);
        tokio::pin!(waiting);
        mover.advance(HOUR / 2);
        tokio::select! {
            biased;
            () = &mut waiting => panic!("half the time has passed"),
            () = std::future::ready(()) => {}
        }
        mover.advance(HOUR / 2);
        waiting.await;
    }
}

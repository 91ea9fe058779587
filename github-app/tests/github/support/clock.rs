//! A clock that goes when it is told to, and by as much as somebody sleeps.

use std::{future, sync::Mutex, time::Duration};

use jiff::{SignedDuration, Timestamp};
use lampboard_github_app::clock::{Clock, Sleep};

#[derive(Debug)]
pub(crate) struct SteppedClock {
    now: Mutex<Timestamp>,
    sleeps: Mutex<Vec<Duration>>,
}

impl SteppedClock {
    pub(crate) fn new() -> Self {
        Self {
            now: Mutex::new("2026-03-01T12:00:00Z".parse().unwrap()),
            sleeps: Mutex::default(),
        }
    }

    pub(crate) fn step(&self, time: SignedDuration) {
        *self.now.lock().unwrap() += time;
    }

    /// How long each was that slept.
    pub(crate) fn sleeps(&self) -> Vec<Duration> {
        self.sleeps.lock().unwrap().clone()
    }
}

impl Clock for SteppedClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    fn sleep(&self, time: Duration) -> Sleep {
        self.step(time.try_into().unwrap());
        self.sleeps.lock().unwrap().push(time);
        Box::pin(future::ready(()))
    }
}

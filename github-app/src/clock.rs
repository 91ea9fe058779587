//! Where time comes from: handed in, so that tests decide what time it is.

use std::{future::Future, pin::Pin, time::Duration};

use jiff::Timestamp;

/// Ends when the time has come.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Tells the time, and lets it pass.
pub trait Clock: Send + Sync + 'static {
    /// The time.
    fn now(&self) -> Timestamp;

    /// How much time has passed since some moment. Setting the clock does not change
    /// it, and it goes on while the machine sleeps.
    fn passed(&self) -> Duration {
        let since = self.now().duration_since(Timestamp::UNIX_EPOCH);
        since.unsigned_abs()
    }

    /// Waits until so much time has passed by this clock.
    fn sleep(&self, time: Duration) -> Sleep;
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the machine's clock is read"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn passed(&self) -> Duration {
        // Elsewhere the monotonic clock goes on in sleep.
        #[cfg(target_os = "linux")]
        let id = rustix::time::ClockId::Boottime;
        #[cfg(not(target_os = "linux"))]
        let id = rustix::time::ClockId::Monotonic;
        let passed = rustix::time::clock_gettime(id);
        Duration::try_from(passed).unwrap_or_default()
    }

    fn sleep(&self, time: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(time))
    }
}

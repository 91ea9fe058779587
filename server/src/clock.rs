//! Where time comes from: handed in, so that tests decide what time it is.

use std::sync::Arc;

use jiff::Timestamp;

/// Tells the time.
#[derive(Clone)]
pub struct Clock {
    tell: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    is_of_machine: bool,
}

impl Clock {
    /// Tells the time that a function tells.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self {
            tell: Arc::new(now),
            is_of_machine: false,
        }
    }

    /// The machine's own clock.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the machine's clock is read"
    )]
    pub fn system() -> Self {
        Self {
            is_of_machine: true,
            ..Self::new(Timestamp::now)
        }
    }

    /// That of a machine which is set forward.
    #[cfg(test)]
    pub(crate) fn ahead(span: jiff::SignedDuration) -> Self {
        let right = Self::system();
        Self {
            is_of_machine: true,
            ..Self::new(move || right.now().saturating_add(span).unwrap_or(Timestamp::MAX))
        }
    }

    /// Whether it is the machine's own clock, which may differ from those of other machines.
    pub(crate) fn is_of_machine(&self) -> bool {
        self.is_of_machine
    }

    /// The time, to the microsecond that the store keeps.
    pub fn now(&self) -> Timestamp {
        let now = (self.tell)();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

//! The memory that all bodies together may take.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::answer::Answer;

/// What deliveries stay below if nothing is out of the ordinary: GitHub's have
/// 5 to 25 KB.
pub(super) const ORDINARY: usize = 256 * 1024;

/// One part in so many of the room is not for large bodies.
const RESERVE: usize = 8;

/// The memory that all bodies together may take.
///
/// Anybody may send a body, and its signature is known only once it is complete.
/// So room is taken by the bytes that are there, not by the announced length:
/// who announces much and sends little holds little. And what is beyond the
/// ordinary size in a body counts towards a second, smaller limit as well, so
/// that large bodies can not keep the ordinary ones out, however slow they are.
/// To do so with bodies of ordinary size takes sending all the room over and
/// over, within the time that a body is given: a flood, which is for a proxy to
/// stop.
pub(super) struct Room(Arc<Mutex<Free>>);

/// The part of the room that one body takes, until it is dropped.
pub(super) struct Place {
    free: Arc<Mutex<Free>>,
    size: usize,
}

/// The bytes that are not taken.
struct Free {
    all: usize,
    large: usize,
}

impl Room {
    /// Makes room for so many bytes.
    pub(super) fn new(size: usize) -> Self {
        Self(Arc::new(Mutex::new(Free {
            all: size,
            large: size - size / RESERVE,
        })))
    }

    /// Gives a place for a body of which nothing is there yet.
    pub(super) fn place(&self) -> Place {
        Place {
            free: Arc::clone(&self.0),
            size: 0,
        }
    }
}

impl Place {
    /// Grows to so many bytes. Never waits: who has no room says so, and holds
    /// none from then on. That is one step: of many that can not all have room
    /// one gets it, instead of each being refused for what the others still hold.
    pub(super) fn grow(&mut self, size: usize) -> Result<(), Answer> {
        let mut free = lock(&self.free);
        free.give_back(self.size);
        let taken = free.take(size);
        self.size = if taken.is_ok() { size } else { 0 };
        taken
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.free).give_back(self.size);
    }
}

impl Free {
    fn take(&mut self, size: usize) -> Result<(), Answer> {
        let all = self.all.checked_sub(size);
        let large = self.large.checked_sub(size.saturating_sub(ORDINARY));
        let (Some(all), Some(large)) = (all, large) else {
            return Err(Answer::Busy);
        };
        *self = Self { all, large };
        Ok(())
    }

    fn give_back(&mut self, size: usize) {
        self.all += size;
        self.large += size.saturating_sub(ORDINARY);
    }
}

/// Nothing panics while it holds the lock.
fn lock(free: &Mutex<Free>) -> MutexGuard<'_, Free> {
    free.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1024 * 1024;

    #[test]
    fn who_is_refused_holds_nothing_that_another_could_have() {
        let room = Room::new(8 * MIB);
        let (mut first, mut second) = (room.place(), room.place());
        first.grow(3 * MIB).unwrap();
        second.grow(3 * MIB).unwrap();
        assert!(matches!(first.grow(6 * MIB), Err(Answer::Busy)));
        // While the first is still there.
        second.grow(6 * MIB).unwrap();
        drop((first, second));
        room.place().grow(7 * MIB).unwrap();
    }

    #[test]
    fn large_bodies_leave_room_for_ordinary_ones() {
        let room = Room::new(8 * MIB);
        let (mut large, mut ordinary) = (room.place(), room.place());
        assert!(matches!(large.grow(8 * MIB), Err(Answer::Busy)));
        large.grow(7 * MIB).unwrap();
        ordinary.grow(ORDINARY).unwrap();
        assert!(matches!(room.place().grow(MIB), Err(Answer::Busy)));
        // What was refused was given back whole.
        drop(large);
        ordinary.grow(7 * MIB).unwrap();
    }
}

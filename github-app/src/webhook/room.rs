//! The memory that all bodies together may take.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::answer::Answer;

/// What deliveries stay below if nothing is out of the ordinary: GitHub's have
/// 5 to 25 KB.
pub(super) const ORDINARY: usize = 256 * 1024;

/// One part in so many of the room is not for large bodies.
const RESERVE: usize = 8;

/// The memory that all bodies together may take: one permit a byte.
///
/// Anybody may send a body, and its signature is known only once it is complete.
/// So room is taken by the bytes that are there, not by the announced length:
/// who announces much and sends little holds little. And what is beyond the
/// ordinary size in a body takes permits of a second, smaller kind as well, so
/// that large bodies can not keep the ordinary ones out, however slow they are.
/// To do so with bodies of ordinary size takes sending all the room over and
/// over, within the time that a body is given: a flood, which is for a proxy to
/// stop.
pub(super) struct Room {
    all: Arc<Semaphore>,
    large: Arc<Semaphore>,
}

/// The part of the room that one body takes, until it is dropped.
pub(super) struct Place {
    all: OwnedSemaphorePermit,
    large: OwnedSemaphorePermit,
}

impl Room {
    /// Makes room for so many bytes.
    pub(super) fn new(size: usize) -> Self {
        let size = size.min(Semaphore::MAX_PERMITS);
        Self {
            all: Arc::new(Semaphore::new(size)),
            large: Arc::new(Semaphore::new(size - size / RESERVE)),
        }
    }

    /// Gives a place for a body of which nothing is there yet.
    pub(super) fn place(&self) -> Result<Place, Answer> {
        Ok(Place {
            all: take(&self.all, 0)?,
            large: take(&self.large, 0)?,
        })
    }
}

impl Place {
    /// Grows to so many bytes. Never waits: who has no room says so.
    pub(super) fn grow(&mut self, size: usize) -> Result<(), Answer> {
        let large = size.saturating_sub(ORDINARY);
        grow(&mut self.all, size)?;
        grow(&mut self.large, large)
    }
}

fn grow(permit: &mut OwnedSemaphorePermit, size: usize) -> Result<(), Answer> {
    let more = size.saturating_sub(permit.num_permits());
    let more = take(permit.semaphore(), more)?;
    permit.merge(more);
    Ok(())
}

fn take(room: &Arc<Semaphore>, size: usize) -> Result<OwnedSemaphorePermit, Answer> {
    let size = u32::try_from(size).map_err(|_| Answer::TooLarge)?;
    Arc::clone(room)
        .try_acquire_many_owned(size)
        .map_err(|_| Answer::Busy)
}

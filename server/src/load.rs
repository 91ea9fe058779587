//! The memory that what the app sends may take, from before it is read until the writer is done
//! with it.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::futures::TaskLocalFuture,
};

/// How many bytes of messages may be here at once.
const ROOM: usize = 64 << 20;

/// The room for messages. Clones share it.
#[derive(Clone)]
pub(crate) struct Room(Arc<Semaphore>);

/// The part of the room that one call takes, until the last clone is dropped.
#[derive(Clone, Default)]
pub(crate) struct Load(Arc<Mutex<Option<OwnedSemaphorePermit>>>);

/// There is no room for a message.
#[derive(Debug)]
pub(crate) struct NoRoom;

tokio::task_local! {
    /// What the call that runs has taken.
    static LOAD: Load;
}

impl Room {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(ROOM)))
    }

    /// Takes room for a message of so many bytes. Does not wait: the app comes again.
    pub(crate) fn take(&self, size: u32, load: &Load) -> Result<(), NoRoom> {
        let permit = Arc::clone(&self.0).try_acquire_many_owned(size);
        let permit = permit.map_err(|_| NoRoom)?;
        *load.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(permit);
        Ok(())
    }

    #[cfg(test)]
    pub(crate) fn taken(&self) -> usize {
        ROOM - self.0.available_permits()
    }
}

impl Load {
    /// Lets a call find what it has taken.
    pub(crate) fn carry<F: Future>(self, call: F) -> TaskLocalFuture<Self, F> {
        LOAD.scope(self, call)
    }

    /// What the call that runs has taken, for what outlives it. Nothing in process.
    pub(crate) fn current() -> Option<Self> {
        LOAD.try_with(Self::clone).ok()
    }
}

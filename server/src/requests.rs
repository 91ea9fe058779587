//! What the server wants from GitHub, and word to whoever hands it out.

use std::sync::Arc;

use tokio::sync::watch;

/// Wakes those who hand requests out.
#[derive(Clone)]
pub(crate) struct Requests(Arc<watch::Sender<()>>);

impl Requests {
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(())))
    }

    /// Says that there may be something new to hand out.
    pub(crate) fn wake(&self) {
        self.0.send_replace(());
    }

    /// Hears of what is new from now on.
    pub(crate) fn subscribe(&self) -> watch::Receiver<()> {
        self.0.subscribe()
    }
}

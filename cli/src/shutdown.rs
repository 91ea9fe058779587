//! When to stop: Ctrl-C, or SIGTERM from whoever manages the process.

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What asks the process to stop. From when it is made on, that does not end it by itself.
pub(crate) struct Requests {
    terminate: Signal,
    interrupt: Signal,
}

impl Requests {
    pub(crate) fn listen() -> anyhow::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).context("can not listen for SIGTERM")?,
            interrupt: signal(SignalKind::interrupt()).context("can not listen for SIGINT")?,
        })
    }
}

/// Waits for the first request to stop. Once it came, a second one ends the
/// process at once.
pub(crate) async fn requested(requests: Requests) {
    let Requests {
        mut terminate,
        mut interrupt,
    } = requests;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping; once more to stop at once");
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        std::process::exit(130);
    });
}

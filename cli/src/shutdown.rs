//! When to stop: Ctrl-C, or SIGTERM from whoever manages the process.

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

/// Waits for the first request to stop. Once it came, a second one ends the
/// process at once.
pub(crate) async fn requested() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("can not listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("can not listen for SIGINT")?;
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
    Ok(())
}

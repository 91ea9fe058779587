//! The background task that deletes what has been hidden for long enough.

use jiff::SignedDuration;
use tokio::time::{Duration, MissedTickBehavior, interval};

use crate::{Clock, live::Live, store::Store};

/// How often it is looked for: what is deleted was hidden for days.
const INTERVAL: Duration = Duration::from_mins(10);

/// Deletes what has been hidden for so long, until the server stops.
pub(crate) async fn run(store: Store, live: Live, clock: Clock, after: Duration) {
    let after = SignedDuration::try_from(after).unwrap_or(SignedDuration::MAX);
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = live.stopped() => return,
        }
        // As long ago as there are times, nothing was hidden.
        let Ok(since) = clock.now().checked_sub(after) else {
            return;
        };
        match store.delete_hidden(since).await {
            Ok(0) => {}
            Ok(count) => tracing::info!("deleted {count} repositories that nobody sees any more"),
            Err(error) => {
                tracing::warn!(%error, "hidden repositories are deleted later: {error}");
            }
        }
    }
}

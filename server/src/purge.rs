//! The background task that deletes what has been hidden or given up for long enough.

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Duration, MissedTickBehavior, interval};

use crate::{Clock, live::Live, store::Store};

/// How often it is looked for: what is deleted was hidden for days.
const INTERVAL: Duration = Duration::from_mins(10);

/// For how long deliveries that were given up are kept: longer than GitHub keeps
/// its log of them.
const GIVEN_UP_AFTER: SignedDuration = SignedDuration::from_hours(8 * 24);

/// Deletes what has been hidden for so long, or given up for longer than GitHub
/// remembers, until the server stops.
pub(crate) async fn run(store: Store, live: Live, clock: Clock, hidden_after: Option<Duration>) {
    let hidden_after =
        hidden_after.map(|it| SignedDuration::try_from(it).unwrap_or(SignedDuration::MAX));
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = live.stopped() => return,
        }
        // Before there were times, nothing was hidden or given up.
        let before = |span| clock.now().checked_sub(span).ok();
        if let Some(since) = hidden_after.and_then(before) {
            delete_hidden(&store, since).await;
        }
        if let Some(until) = before(GIVEN_UP_AFTER)
            && let Err(error) = store.delete_given_up(until).await
        {
            tracing::warn!(%error, "deliveries that were given up are deleted later: {error}");
        }
    }
}

async fn delete_hidden(store: &Store, since: Timestamp) {
    match store.delete_hidden(since).await {
        Ok(0) => {}
        Ok(count) => tracing::info!("deleted {count} repositories that nobody sees any more"),
        Err(error) => {
            tracing::warn!(%error, "hidden repositories are deleted later: {error}");
        }
    }
}

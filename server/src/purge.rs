//! The background task that deletes what is older than it is kept, or has been hidden for long
//! enough.

use std::fmt::Display;

use tokio::time::{Duration, MissedTickBehavior, interval, sleep};

use crate::{Clock, Result, Retention, live::Live, store::Store};

/// How often it is looked for: what is deleted was kept for days.
const INTERVAL: Duration = Duration::from_mins(10);

/// The same while the disk is full.
const FULL_INTERVAL: Duration = Duration::from_secs(5);

/// Deletes what is not kept any longer, until the server stops.
pub(crate) async fn run(store: Store, live: Live, clock: Clock, retention: Retention) {
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = store.disk_filled() => {}
            () = sleep(FULL_INTERVAL), if store.is_disk_full() => {}
            () = live.stopped() => return,
        }
        tokio::select! {
            () = round(&store, &clock, &retention) => {}
            () = live.stopped() => return,
        }
    }
}

/// Deletes all that is not kept as of now.
async fn round(store: &Store, clock: &Clock, retention: &Retention) {
    let kept = retention.at(clock.now());
    let mut anew = false;
    if let Some(since) = kept.uninstalled {
        let deleted = store.delete_hidden(since).await;
        // Pieces of what they said are in the dictionary, too.
        anew = deleted.as_ref().is_ok_and(|count| *count > 0);
        told(deleted, "repositories that nobody sees any more");
    }
    if let Some(until) = kept.payloads {
        told(store.delete_old_payloads(until).await, "payloads");
    }
    if let Some(until) = kept.deliveries {
        told(store.delete_old_deliveries(until).await, "deliveries");
    }
    if let Some(until) = kept.builds {
        told(store.delete_old_builds(until).await, "builds");
        told(store.delete_old_alerts(until).await, "alerts and incidents");
    }
    if let Some(until) = kept.jobs {
        let deleted = store.delete_old_jobs(until).await;
        told(deleted, "builds' worth of jobs");
    }
    if let Some(until) = kept.jobs.or(kept.builds) {
        let deleted = store.delete_without_builds(until).await;
        told(deleted, "runs of which no build ever came");
    }
    if let Err(error) = store.delete_unused_shapes().await {
        tracing::warn!(%error, "what deleted jobs had in common is deleted later: {error}");
    }
    if let Some(until) = kept.given_up
        && let Err(error) = store.delete_given_up(until).await
    {
        tracing::warn!(%error, "deliveries that were given up are deleted later: {error}");
    }
    if !store.is_disk_full()
        && let Err(error) = store.renew_dictionary(clock.now(), anew).await
    {
        tracing::warn!(%error, "payloads are compressed as before: {error}");
    }
    if let Err(error) = store.give_space_back().await {
        tracing::warn!(%error, "the database file stays as large as it is: {error}");
    }
}

fn told<N: Display + Default + PartialEq>(deleted: Result<N>, what: &str) {
    match deleted {
        Ok(count) if count == N::default() => {}
        Ok(count) => tracing::info!("deleted {count} {what}"),
        Err(error) => tracing::warn!(%error, "old {what} are deleted later: {error}"),
    }
}

//! What the app is handed: backfills under leases, few at a time.

use std::{pin::Pin, time::Duration};

use lampboard_proto::v1::{WatchRequestsResponse, watch_requests_response::Request};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval, sleep_until, timeout},
};
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::Status;

use crate::{
    Clock, Result, Server,
    api::convert,
    live::{HEARTBEAT, Live},
    model::LeasedBackfill,
    requests::Requests,
    store::{Lease, Store},
};

pub(super) type RequestStream =
    Pin<Box<dyn Stream<Item = Result<WatchRequestsResponse, Status>> + Send>>;

/// How many backfills one stream is handed at a time.
const AT_A_TIME: usize = 2;
/// How often it is looked for what comes up by itself: leases that lapsed, and
/// waits that are over.
const LOOK: Duration = Duration::from_secs(5);
/// How many messages wait for the connection to take them.
const BUFFER: usize = 8;
/// A client that reads nothing for so long is gone.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a stream is fed from.
#[derive(Clone)]
pub(super) struct Feed {
    store: Store,
    clock: Clock,
    live: Live,
    requests: Requests,
    holder: String,
}

impl Feed {
    pub(super) fn new(server: &Server) -> Self {
        Self {
            store: server.store.clone(),
            clock: server.clock.clone(),
            live: server.live.clone(),
            requests: server.requests.clone(),
            holder: String::new(),
        }
    }

    /// The same for an app of this name.
    pub(super) fn of_holder(&self, holder: String) -> Self {
        Self {
            holder,
            ..self.clone()
        }
    }

    /// Leases a backfill if there is one and the holder of `held` may have more.
    async fn next(&self, held: &mut Vec<Lease>) -> Result<Option<LeasedBackfill>> {
        let now = self.clock.now();
        *held = self.store.held_leases(held, now).await?;
        if held.len() >= AT_A_TIME || !self.store.has_free_backfill(&self.holder, now).await? {
            return Ok(None);
        }
        let leased = self.store.lease_backfill(self.holder.clone()).await?;
        held.extend(leased.iter().map(|it| (it.backfill.id, it.lease)));
        Ok(leased)
    }
}

/// Streams to the app until it leaves, stops reading, or the server stops.
pub(super) fn of(feed: Feed) -> RequestStream {
    let (messages, receiver) = mpsc::channel(BUFFER);
    tokio::spawn(run(feed, messages));
    Box::pin(ReceiverStream::new(receiver))
}

type Messages = mpsc::Sender<Result<WatchRequestsResponse, Status>>;

async fn run(feed: Feed, messages: Messages) {
    let stopping = || Err(Status::unavailable("the server is stopping; watch again"));
    tokio::select! {
        () = hand_out(&feed, &messages) => {}
        () = messages.closed() => {}
        () = feed.live.stopped() => {
            let _ = messages.try_send(stopping());
        }
    }
}

/// Hands out what comes up, until the app stops reading.
async fn hand_out(feed: &Feed, messages: &Messages) {
    let mut news = feed.requests.subscribe();
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut held = Vec::new();
    let mut silent_until = Instant::now() + HEARTBEAT;
    loop {
        let request = match feed.next(&mut held).await {
            Ok(Some(leased)) => Some(Request::Backfill(convert::leased_to_proto(&leased))),
            Ok(None) => None,
            Err(error) => {
                tracing::warn!(%error, "backfills can not be handed out for the moment: {error}");
                None
            }
        };
        if request.is_none() && Instant::now() < silent_until {
            tokio::select! {
                _ = looks.tick() => {}
                _ = news.changed() => {}
                () = sleep_until(silent_until) => {}
            }
            continue;
        }
        let sent = messages.send(Ok(WatchRequestsResponse { request }));
        if !matches!(timeout(PATIENCE, sent).await, Ok(Ok(()))) {
            return;
        }
        silent_until = Instant::now() + HEARTBEAT;
    }
}

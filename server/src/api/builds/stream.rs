//! What a watcher is sent of what happens.

use std::{pin::Pin, time::Duration};

use lampboard_proto::v1::{WatchBuildsResponse, watch_builds_response as response};
use tokio::{sync::mpsc, time::timeout};
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tonic::Status;

use super::convert;
use crate::live::{Event, Watcher};

pub(super) type BuildStream =
    Pin<Box<dyn Stream<Item = Result<WatchBuildsResponse, Status>> + Send>>;

/// How many events wait for the connection to take them.
const BUFFER: usize = 64;
/// A client that reads nothing for so long is gone.
const PATIENCE: Duration = Duration::from_mins(1);

/// Streams to a client until it leaves, stops reading, or the server stops.
pub(super) fn of(watcher: Watcher) -> BuildStream {
    let (events, receiver) = mpsc::channel(BUFFER);
    tokio::spawn(feed(watcher, events));
    Box::pin(ReceiverStream::new(receiver))
}

type Events = mpsc::Sender<Result<WatchBuildsResponse, Status>>;

async fn feed(mut watcher: Watcher, events: Events) {
    loop {
        let event = tokio::select! {
            event = watcher.next() => event,
            () = events.closed() => return,
        };
        let Some(event) = event else {
            let stopping = Status::unavailable("the server is stopping; watch again");
            let _ = events.try_send(Err(stopping));
            return;
        };
        let response = WatchBuildsResponse {
            event: Some(to_proto(&event)),
        };
        if !matches!(
            timeout(PATIENCE, events.send(Ok(response))).await,
            Ok(Ok(()))
        ) {
            return;
        }
    }
}

fn to_proto(event: &Event) -> response::Event {
    match event {
        Event::Sync => response::Event::Sync(response::Sync {}),
        Event::Build(change) => response::Event::Build(convert::build_to_proto(&change.after)),
        Event::Gone(id) => response::Event::Gone(response::Gone {
            build_id: id.to_string(),
        }),
        Event::Heartbeat => response::Event::Heartbeat(response::Heartbeat {}),
    }
}

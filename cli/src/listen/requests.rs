//! Counts the open requests of a connection, to know when nobody needs it.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use tokio::{sync::watch, time::timeout};

/// Opens the requests of one connection.
#[derive(Clone)]
pub(super) struct Requests(watch::Sender<usize>);

/// Sees how many requests of one connection are open.
pub(super) struct Watcher(watch::Receiver<usize>);

/// A request, open until this is dropped.
pub(super) struct Open(watch::Sender<usize>);

/// Watches a connection that has no request yet.
pub(super) fn watched() -> (Requests, Watcher) {
    let (sender, receiver) = watch::channel(0);
    (Requests(sender), Watcher(receiver))
}

impl Requests {
    /// Opens a request.
    pub(super) fn open(&self) -> Open {
        self.0.send_modify(|open| *open += 1);
        Open(self.0.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.send_modify(|open| *open -= 1);
    }
}

impl Open {
    /// Keeps a request open until the body of its response is done with.
    pub(super) fn until_end_of(self, body: Body) -> Body {
        Body::new(Response { body, _open: self })
    }
}

impl Watcher {
    /// Returns if the first request does not come for some time, or later if no
    /// request is open for some time.
    pub(super) async fn unused(&mut self, first: Duration, later: Duration) {
        if self.changes_within(first).await {
            self.idle(later).await;
        }
    }

    /// Returns if no request is open for some time.
    pub(super) async fn idle(&mut self, time: Duration) {
        while self.0.wait_for(|open| *open == 0).await.is_ok() {
            if !self.changes_within(time).await {
                return;
            }
        }
    }

    async fn changes_within(&mut self, time: Duration) -> bool {
        matches!(timeout(time, self.0.changed()).await, Ok(Ok(())))
    }
}

/// The body of a response, whose request is open meanwhile.
struct Response {
    body: Body,
    _open: Open,
}

impl hyper::body::Body for Response {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

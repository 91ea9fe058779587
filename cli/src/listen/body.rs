//! Ends the wait for the body of a request.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{BoxError, body::Bytes};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Sleep, sleep};

/// A body that fails if it is not complete in time, however much of it comes.
pub(super) struct TimedBody {
    body: Incoming,
    time: Pin<Box<Sleep>>,
}

impl TimedBody {
    /// Gives a body so much time from now on.
    pub(super) fn new(body: Incoming, time: Duration) -> Self {
        Self {
            body,
            time: Box::pin(sleep(time)),
        }
    }
}

impl Body for TimedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        // Asked first: a body that never pauses must end as well.
        if self.time.as_mut().poll(context).is_ready() {
            let error =
                io::Error::new(io::ErrorKind::TimedOut, "the body was not complete in time");
            return Poll::Ready(Some(Err(error.into())));
        }
        Pin::new(&mut self.body)
            .poll_frame(context)
            .map_err(BoxError::from)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

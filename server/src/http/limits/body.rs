//! The body of an answer, which holds its place until it is done with.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};

/// Keeps something for as long as a body is sent.
pub(super) fn held<P: Send + 'static>(body: Body, place: P) -> Body {
    Body::new(Held {
        body: Box::pin(body),
        _place: Box::new(place),
    })
}

struct Held<P> {
    body: Pin<Box<Body>>,
    _place: Box<P>,
}

impl<P> hyper::body::Body for Held<P> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.body.as_mut().poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

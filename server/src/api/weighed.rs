//! Refusing messages for which there is no memory: by the length that goes before a message, once
//! the caller is known and before any more of it is read.

use std::task::{Context, Poll};

use bytes::{Buf as _, Bytes};
use futures_util::TryStreamExt as _;
use http_body_util::{BodyStream, StreamBody};
use tokio::task::futures::TaskLocalFuture;
use tonic::{Status, body::Body, codegen::Service, server::NamedService};

use super::LARGEST_REPORT;
use crate::load::{Load, Room};

/// What gRPC puts before a message: whether it is compressed, and its length.
const PREFIX: usize = 5;

/// A service whose messages are weighed.
#[derive(Clone)]
pub(super) struct Weighed<S> {
    service: S,
    room: Room,
}

impl<S> Weighed<S> {
    pub(super) fn new(service: S, room: &Room) -> Self {
        Self {
            service,
            room: room.clone(),
        }
    }
}

impl<S: NamedService> NamedService for Weighed<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<http::Request<Body>> for Weighed<S>
where
    S: Service<http::Request<Body>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = TaskLocalFuture<Load, S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let load = Load::default();
        let scale = Scale {
            room: self.room.clone(),
            load: load.clone(),
            prefix: Vec::with_capacity(PREFIX),
        };
        let call = self.service.call(request.map(|body| weigh(body, scale)));
        load.carry(call)
    }
}

/// Passes a body on until its message turns out to be too much.
fn weigh(body: Body, mut scale: Scale) -> Body {
    let frames = BodyStream::new(body).and_then(move |frame| {
        let weighed = frame.data_ref().map_or(Ok(()), |data| scale.weigh(data));
        std::future::ready(weighed.map(|()| frame))
    });
    Body::new(StreamBody::new(frames))
}

/// Weighs the one message of a call.
struct Scale {
    room: Room,
    load: Load,
    /// What came of the prefix so far.
    prefix: Vec<u8>,
}

impl Scale {
    fn weigh(&mut self, data: &Bytes) -> Result<(), Status> {
        let missing = PREFIX - self.prefix.len();
        if missing == 0 {
            return Ok(());
        }
        self.prefix.extend(data.iter().take(missing));
        let mut prefix = &self.prefix[..];
        if prefix.len() < PREFIX {
            return Ok(());
        }
        prefix.advance(1);
        let length = prefix.get_u32();
        // What is larger is refused as such.
        if length as usize > LARGEST_REPORT || self.room.take(length, &self.load).is_ok() {
            return Ok(());
        }
        tracing::warn!(
            length,
            "a message was refused: others take all the memory there is"
        );
        Err(Status::resource_exhausted(
            "too much is being taken in: report again in a moment",
        ))
    }
}

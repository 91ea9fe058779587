//! Reads bodies, within bounds of size and time, and of memory over all of them.

use std::{panic::resume_unwind, time::Duration};

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use tokio::{task::spawn_blocking, time::timeout};

use super::{
    answer::Answer,
    room::{ORDINARY, Place, Room},
};
use crate::Limits;

/// How long a sender whose body is refused may go on sending.
const DRAIN_TIME: Duration = Duration::from_secs(2);

/// The bodies that are held at this time.
pub(super) struct Bodies {
    room: Room,
    max_size: usize,
    max_time: Duration,
}

/// A body that counts towards the limit for as long as it is held.
pub(super) struct Body {
    bytes: Bytes,
    _place: Place,
}

impl Body {
    pub(super) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Does work that takes as long as the body is large. What is not of ordinary
    /// size would hold up other requests for many milliseconds, so it is worked
    /// on beside the runtime.
    pub(super) async fn examine<T: Send + 'static>(
        self,
        work: impl FnOnce(&[u8]) -> T + Send + 'static,
    ) -> (Self, T) {
        let is_ordinary = self.bytes.len() <= ORDINARY;
        // The body goes along, so that it is counted even if nobody waits any more.
        let examine = move || {
            let found = work(&self.bytes);
            (self, found)
        };
        if is_ordinary {
            return examine();
        }
        match spawn_blocking(examine).await {
            Ok(examined) => examined,
            Err(error) => resume_unwind(error.into_panic()),
        }
    }
}

impl Bodies {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            room: Room::new(limits.bodies_in_flight),
            max_size: limits.body_size,
            max_time: limits.body_time,
        }
    }

    /// Reads a body of the length that was announced, if any was.
    pub(super) async fn read(
        &self,
        body: &mut axum::body::Body,
        length: Option<usize>,
    ) -> Result<Body, Answer> {
        self.check(length.unwrap_or_default())?;
        let body = timeout(self.max_time, self.collect(body, length))
            .await
            .map_err(|_| Answer::Timeout)??;
        match length {
            Some(length) if length != body.bytes.len() => {
                let problem = "the body does not have its Content-Length".to_owned();
                Err(Answer::BadRequest(problem))
            }
            _ => Ok(body),
        }
    }

    /// Lets the rest of a body that is refused run through. Closing the connection
    /// on it would keep the answer from a sender that is still sending.
    pub(super) async fn drain(&self, body: &mut axum::body::Body) {
        let mut size = 0;
        let rest = async {
            while let Some(Ok(frame)) = body.frame().await {
                size += frame.data_ref().map_or(0, Bytes::len);
                if size > self.max_size * 2 {
                    break;
                }
            }
        };
        // Whoever takes longer is cut off.
        let _ = timeout(DRAIN_TIME, rest).await;
    }

    async fn collect(
        &self,
        body: &mut axum::body::Body,
        length: Option<usize>,
    ) -> Result<Body, Answer> {
        let mut place = self.room.place();
        let mut bytes = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Answer::BadRequest("the body broke off".to_owned()))?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            let size = bytes.len() + data.len();
            self.check(size)?;
            place.grow(size)?;
            if size > ORDINARY && size > bytes.capacity() {
                // All that was announced at once: growing bit by bit would copy
                // a large body often and take twice its size. What is not
                // written to takes address space alone; even so, who sends
                // next to nothing does not get it.
                bytes.reserve(length.unwrap_or_default().max(size) - bytes.len());
            }
            // A copy, because a small piece would keep all of a read buffer.
            bytes.extend_from_slice(&data);
        }
        Ok(Body {
            bytes: bytes.freeze(),
            _place: place,
        })
    }

    fn check(&self, size: usize) -> Result<(), Answer> {
        if size > self.max_size {
            return Err(Answer::TooLarge);
        }
        Ok(())
    }
}

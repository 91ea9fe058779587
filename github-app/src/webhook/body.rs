//! Reads bodies, within bounds of size and time, and of memory over all of them.

use std::{sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::answer::Answer;
use crate::Limits;

/// The bodies that are held at this time: one permit a byte.
pub(super) struct Bodies {
    permits: Arc<Semaphore>,
    max_size: usize,
    max_time: Duration,
}

/// A body that counts towards the limit for as long as it is held.
pub(super) struct Body {
    bytes: Bytes,
    _permit: OwnedSemaphorePermit,
}

impl Body {
    pub(super) fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

impl Bodies {
    pub(super) fn new(limits: &Limits) -> Self {
        let permits = limits.bodies_in_flight.min(Semaphore::MAX_PERMITS);
        Self {
            permits: Arc::new(Semaphore::new(permits)),
            max_size: limits.body_size,
            max_time: limits.body_time,
        }
    }

    /// Reads a body of the length that was announced, if any was. Room for it is
    /// made before it is read, and never waited for: who has no room says so.
    pub(super) async fn read(
        &self,
        body: axum::body::Body,
        length: Option<usize>,
    ) -> Result<Body, Answer> {
        self.check(length.unwrap_or_default())?;
        let permit = self.room_for(length.unwrap_or_default())?;
        let body = timeout(self.max_time, self.collect(body, permit))
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

    async fn collect(
        &self,
        mut body: axum::body::Body,
        mut permit: OwnedSemaphorePermit,
    ) -> Result<Body, Answer> {
        let mut bytes = BytesMut::with_capacity(permit.num_permits());
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Answer::BadRequest("the body broke off".to_owned()))?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            let size = bytes.len() + data.len();
            self.check(size)?;
            if size > permit.num_permits() {
                permit.merge(self.room_for(size - permit.num_permits())?);
            }
            bytes.extend_from_slice(&data);
        }
        Ok(Body {
            bytes: bytes.freeze(),
            _permit: permit,
        })
    }

    fn check(&self, size: usize) -> Result<(), Answer> {
        if size > self.max_size {
            return Err(Answer::TooLarge);
        }
        Ok(())
    }

    fn room_for(&self, size: usize) -> Result<OwnedSemaphorePermit, Answer> {
        let size = u32::try_from(size).map_err(|_| Answer::TooLarge)?;
        Arc::clone(&self.permits)
            .try_acquire_many_owned(size)
            .map_err(|_| Answer::Busy)
    }
}

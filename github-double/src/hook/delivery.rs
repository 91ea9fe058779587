//! Deliveries, and the log of the last of them.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use thiserror::Error;

use crate::event::Event;

/// One POST of an event.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Counts the deliveries; a redelivery has its own.
    pub id: u64,
    /// What was sent.
    pub event: Event,
    /// Whether the event had been sent before.
    pub redelivery: bool,
    /// What came back.
    pub answer: Result<Answer, NoAnswer>,
    /// How long it took.
    pub duration: Duration,
}

/// What the receiver answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status code.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// The start of its body.
    pub body: Bytes,
}

/// Why there was no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NoAnswer {
    /// It took longer than GitHub waits.
    #[error("timed out")]
    TimedOut,
    /// The receiver could not be reached, or hung up.
    #[error("failed to connect to host")]
    NotConnected,
}

impl Delivery {
    /// Whether GitHub counts it as delivered: an answer of 2xx.
    pub fn is_success(&self) -> bool {
        matches!(&self.answer, Ok(answer) if answer.status.is_success())
    }

    /// The status code, if there was an answer.
    pub fn status(&self) -> Option<StatusCode> {
        self.answer.as_ref().ok().map(|answer| answer.status)
    }
}

/// The last deliveries and no more, so that memory stays bounded.
#[derive(Debug, Default)]
pub(super) struct LastDeliveries {
    deliveries: VecDeque<Delivery>,
    count: u64,
}

impl LastDeliveries {
    /// How many are kept: with bodies of about 20 KB, 5 MB.
    const CAPACITY: usize = 256;

    pub(super) fn next_id(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    pub(super) fn push(&mut self, delivery: Delivery) {
        if self.deliveries.len() == Self::CAPACITY {
            self.deliveries.pop_front();
        }
        self.deliveries.push_back(delivery);
    }

    pub(super) fn newest_first(&self) -> Vec<Delivery> {
        self.deliveries.iter().rev().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn the_log_keeps_the_last_deliveries_only() {
        let mut log = LastDeliveries::default();
        for _ in 0..LastDeliveries::CAPACITY + 10 {
            let id = log.next_id();
            log.push(delivery(id));
        }
        let ids: Vec<_> = log
            .newest_first()
            .iter()
            .map(|delivery| delivery.id)
            .collect();
        let expected: Vec<_> = (11..=266).rev().collect();
        assert_eq!(ids, expected);
    }

    fn delivery(id: u64) -> Delivery {
        Delivery {
            id,
            event: Event {
                name: "workflow_run".into(),
                action: "completed".into(),
                guid: String::new(),
                body: Bytes::new(),
                time: Timestamp::UNIX_EPOCH,
            },
            redelivery: false,
            answer: Err(NoAnswer::NotConnected),
            duration: Duration::ZERO,
        }
    }
}

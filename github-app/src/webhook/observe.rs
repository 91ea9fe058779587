//! Counts and logs what becomes of deliveries, without their contents.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use lampboard_proto::v1::{Delivery, ReportResponse};
use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};
use tokio::time::Instant;
use tonic::Status;

use super::answer::Answer;
use crate::event::Kind;

const DELIVERIES: &str = "lampboard_webhook_deliveries_total";
const SECONDS: &str = "lampboard_webhook_handle_seconds";

/// How often, at most, a refusal that anybody can cause is logged.
const LOG_INTERVAL: Duration = Duration::from_mins(1);

/// Counts every answer, and logs those that nobody signed for in samples.
pub(super) struct Observer {
    unauthorized: Sampler,
    unsupported: Sampler,
    too_large: Sampler,
    busy: Sampler,
}

impl Observer {
    pub(super) fn new() -> Self {
        describe_counter!(
            DELIVERIES,
            "Webhook deliveries, by event and what became of them"
        );
        describe_histogram!(
            SECONDS,
            Unit::Seconds,
            "From the headers of a delivery to its answer"
        );
        Self {
            unauthorized: Sampler::default(),
            unsupported: Sampler::default(),
            too_large: Sampler::default(),
            busy: Sampler::default(),
        }
    }

    /// Takes notice of an answer.
    pub(super) fn note(&self, kind: Kind, answer: &Answer, took: Duration) {
        counter!(DELIVERIES, "event" => kind.name(), "result" => answer.word()).increment(1);
        histogram!(SECONDS).record(took);
        match answer {
            Answer::Unauthorized => self.unauthorized.log(|count| {
                tracing::warn!(
                    count,
                    "refused deliveries with a missing or wrong signature: is the webhook secret \
                     the same here and in the settings of the GitHub App?"
                );
            }),
            Answer::UnsupportedMediaType => self.unsupported.log(|count| {
                tracing::warn!(
                    count,
                    "refused deliveries that are not plain JSON: in the webhook settings of the \
                     GitHub App, set the content type to application/json; and let no proxy \
                     compress them"
                );
            }),
            Answer::TooLarge => self.too_large.log(|count| {
                tracing::warn!(
                    count,
                    "refused deliveries above 25 MiB, which GitHub does not send: check that the \
                     webhook URL is known to the GitHub App alone, and that in its settings the \
                     content type is application/json"
                );
            }),
            Answer::Busy => self.busy.log(|count| {
                tracing::warn!(count, "refused deliveries: too many bodies at one time");
            }),
            Answer::BadRequest(error) => tracing::debug!(%error, "refused a delivery"),
            _ => {}
        }
    }
}

pub(super) fn recorded(delivery: &Delivery, response: &ReportResponse) {
    tracing::debug!(
        delivery.id = delivery.guid,
        delivery.event = delivery.event,
        delivery.action = delivery.action,
        delivery.known = response.delivery_known,
        build.id = response.build_ids.first(),
        "recorded delivery {}",
        delivery.guid,
    );
}

pub(super) fn quarantined(delivery: &Delivery) -> Answer {
    tracing::warn!(
        delivery.id = delivery.guid,
        delivery.event = delivery.event,
        delivery.action = delivery.action,
        problem = delivery.problem,
        "kept delivery {}, of which nothing can be made",
        delivery.guid,
    );
    Answer::Quarantined
}

pub(super) fn failed(delivery: &Delivery, status: &Status) -> Answer {
    tracing::error!(
        delivery.id = delivery.guid,
        delivery.event = delivery.event,
        delivery.action = delivery.action,
        code = ?status.code(),
        error = status.message(),
        "could not record delivery {}",
        delivery.guid,
    );
    Answer::Unavailable
}

/// Lets one of many equal log lines through, with how many it stands for.
#[derive(Default)]
struct Sampler(Mutex<Sample>);

#[derive(Default)]
struct Sample {
    last: Option<Instant>,
    count: u64,
}

impl Sampler {
    fn log(&self, line: impl FnOnce(u64)) {
        if let Some(count) = self.count(Instant::now()) {
            line(count);
        }
    }

    fn count(&self, now: Instant) -> Option<u64> {
        let mut sample = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sample.count += 1;
        let is_due = sample.last.is_none_or(|last| now - last >= LOG_INTERVAL);
        if !is_due {
            return None;
        }
        sample.last = Some(now);
        Some(std::mem::take(&mut sample.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_one_line_for_many() {
        let sampler = Sampler::default();
        let start = Instant::now();
        assert_eq!(sampler.count(start), Some(1));
        for _ in 0..500 {
            assert_eq!(sampler.count(start + Duration::from_secs(59)), None);
        }
        assert_eq!(sampler.count(start + LOG_INTERVAL), Some(501));
        assert_eq!(sampler.count(start + LOG_INTERVAL), None);
    }
}

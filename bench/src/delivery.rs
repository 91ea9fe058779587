//! Signed deliveries, ready to be sent.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use lampboard_github_double::{Change, signature};

use crate::history::completed_runs;

/// One delivery of a `workflow_run`.
pub(crate) struct Delivery {
    pub(crate) run_id: u64,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Makes `count` deliveries, each of a run of its own; the same for the same
/// `seed` and `now`.
pub(crate) fn prepare(count: usize, secret: &str, now: Timestamp, seed: u64) -> Vec<Delivery> {
    completed_runs(count, now, seed)
        .iter()
        .map(|change| Delivery::new(change, secret))
        .collect()
}

impl Delivery {
    /// What tells of a change.
    pub(crate) fn new(change: &Change, secret: &str) -> Self {
        let event = change.event();
        let signature = signature(secret.as_bytes(), &event.body);
        Self {
            run_id: change.run().id.0,
            headers: headers(&event.name, &event.guid, &signature),
            body: event.body,
        }
    }
}

/// The real ones: some servers look at more than the signature.
fn headers(event: &str, guid: &str, signature: &str) -> HeaderMap {
    let ascii = |text: &str| HeaderValue::from_str(text).expect("names, digits and dashes");
    HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (
            USER_AGENT,
            HeaderValue::from_static("GitHub-Hookshot/bench"),
        ),
        (HeaderName::from_static("x-github-event"), ascii(event)),
        (HeaderName::from_static("x-github-delivery"), ascii(guid)),
        (HeaderName::from_static("x-github-hook-id"), ascii("1")),
        (
            HeaderName::from_static("x-github-hook-installation-target-type"),
            ascii("integration"),
        ),
        (
            HeaderName::from_static("x-github-hook-installation-target-id"),
            ascii("1"),
        ),
        (
            HeaderName::from_static("x-hub-signature-256"),
            ascii(signature),
        ),
    ])
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use hmac::{Hmac, KeyInit as _, Mac as _};
    use sha2::Sha256;

    use super::*;

    fn deliveries() -> Vec<Delivery> {
        prepare(100, "secret", "2026-01-31T12:00:00Z".parse().unwrap(), 1)
    }

    #[test]
    fn each_is_signed_over_its_own_body() {
        for delivery in deliveries() {
            let header = delivery.headers["x-hub-signature-256"].to_str().unwrap();
            let mut mac = Hmac::<Sha256>::new_from_slice(b"secret").unwrap();
            mac.update(&delivery.body);
            let given = hex::decode(header.strip_prefix("sha256=").unwrap()).unwrap();
            assert_eq!(mac.verify_slice(&given), Ok(()));
        }
    }

    #[test]
    fn each_tells_of_its_run_under_its_own_guid() {
        let deliveries = deliveries();
        let mut guids = HashSet::new();
        for delivery in &deliveries {
            let event: serde_json::Value = serde_json::from_slice(&delivery.body).unwrap();
            assert_eq!(event["workflow_run"]["id"], delivery.run_id);
            guids.insert(&delivery.headers["x-github-delivery"]);
        }
        assert_eq!(guids.len(), deliveries.len());
    }
}

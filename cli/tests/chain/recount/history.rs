//! Random histories of three repositories, as the webhooks that tell of them.

mod body;
mod teller;
mod world;

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use self::{
    teller::Teller,
    world::{LENGTH, SEASONS},
};

/// One webhook.
#[derive(Clone)]
pub(super) struct Webhook {
    pub(super) event: &'static str,
    pub(super) guid: String,
    pub(super) body: Value,
}

/// What happened, as it was told.
pub(super) struct History {
    /// In the order in which they are sent.
    pub(super) webhooks: Vec<Webhook>,
    /// When something ended or changed: where to look closely.
    pub(super) moments: Vec<Timestamp>,
    /// From when to when runs were started.
    pub(super) span: (Timestamp, Timestamp),
}

impl History {
    /// Makes one of so many runs.
    pub(super) fn random(rng: &mut Rng, runs: i64) -> Self {
        let (begin, changes) = SEASONS[rng.usize(..SEASONS.len())];
        let begin = time(begin);
        let mut teller = Teller {
            changes: changes.iter().copied().map(time).collect(),
            begin,
            renamed: begin + LENGTH * rng.i32(50..100) / 100,
            told: Vec::new(),
            moments: Vec::new(),
            next_job: 1,
            rng,
        };
        for number in 1..=runs {
            teller.run(number);
        }
        let Teller { told, moments, .. } = teller;
        Self {
            webhooks: sent(rng, told),
            moments,
            span: (begin, begin + LENGTH),
        }
    }
}

/// Puts webhooks in an order in which they may come: nearly as it happened, or not at all. Some
/// come twice, as themselves or as a report of their own.
fn sent(rng: &mut Rng, told: Vec<(Timestamp, &'static str, Value)>) -> Vec<Webhook> {
    let shuffled = rng.bool();
    let mut sent = Vec::new();
    for (number, (when, event, body)) in told.into_iter().enumerate() {
        let mut guid = format!("recount-{number}");
        for copy in 0..[1, 1, 1, 1, 1, 1, 2, 3][rng.usize(..8)] {
            if rng.bool() {
                guid = format!("recount-{number}-{copy}");
            }
            let late = seconds(if shuffled {
                rng.i64(0..1_000_000_000)
            } else {
                i64::from(copy) * 600 + rng.i64(0..60)
            });
            let webhook = Webhook {
                event,
                guid: guid.clone(),
                body: body.clone(),
            };
            sent.push((when + late, webhook));
        }
    }
    sent.sort_by_key(|(when, _)| *when);
    sent.into_iter().map(|(_, webhook)| webhook).collect()
}

fn seconds(count: i64) -> SignedDuration {
    SignedDuration::from_secs(count)
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

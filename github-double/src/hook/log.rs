//! The log of deliveries that GitHub keeps for a few days.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::delivery::{Answer, NoAnswer};
use crate::faults::Dropped;
use crate::github::change::Change;
use crate::github::id::{AppId, InstallationId, RepositoryId};

/// One delivery as GitHub logs it.
#[derive(Clone, Debug)]
pub struct DeliveryRecord {
    /// Grows with each delivery; a redelivery has its own.
    pub id: i64,
    /// When it was posted.
    pub delivered_at: Timestamp,
    /// Whether somebody asked for it once more.
    pub redelivery: bool,
    /// How long the receiver took.
    pub duration: Duration,
    /// Since when it was held back, if it was.
    pub throttled_at: Option<Timestamp>,
    /// `OK`, or why it failed.
    pub status: String,
    /// What came back, or what stands for nothing.
    pub status_code: u16,
    /// Where it was posted.
    pub url: String,
    /// The headers it was posted with.
    pub request_headers: Vec<(&'static str, String)>,
    /// What the receiver answered, if it did.
    pub answer: Option<Answer>,
    pub(super) change: Arc<Change>,
}

impl DeliveryRecord {
    /// Whose delivery it is.
    pub fn app(&self) -> AppId {
        self.change.app
    }

    /// The same for all deliveries of an event.
    pub fn guid(&self) -> String {
        self.change.guid()
    }

    /// The event's name, such as `workflow_run`.
    pub fn event(&self) -> &'static str {
        self.change.event_name()
    }

    /// The event's action, if it has one.
    pub fn action(&self) -> Option<&'static str> {
        Some(self.change.action()).filter(|action| !action.is_empty())
    }

    /// The installation that it is of.
    pub fn installation(&self) -> Option<InstallationId> {
        self.change.installation
    }

    /// The repository that it is about.
    pub fn repository(&self) -> Option<RepositoryId> {
        self.change.repository_id()
    }

    /// The JSON that was posted.
    pub fn payload(&self) -> Bytes {
        self.change.event().body
    }

    /// Whether GitHub counts it as delivered.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status_code)
    }
}

/// What the log says of how a delivery went.
pub(super) struct Outcome {
    pub(super) status: String,
    pub(super) status_code: u16,
    pub(super) answer: Option<Answer>,
}

impl Outcome {
    pub(super) fn dropped(drop: &Dropped) -> Self {
        Self {
            status: drop.status.clone(),
            status_code: drop.status_code,
            answer: None,
        }
    }

    pub(super) fn of(answer: Result<Answer, NoAnswer>, no_answer_status_code: u16) -> Self {
        match answer {
            Ok(answer) => Self {
                status: if answer.status.is_success() {
                    "OK".to_owned()
                } else {
                    format!("Invalid HTTP Response: {}", answer.status.as_u16())
                },
                status_code: answer.status.as_u16(),
                answer: Some(answer),
            },
            Err(no_answer) => Self {
                status: no_answer.to_string(),
                status_code: no_answer_status_code,
                answer: None,
            },
        }
    }
}

/// The deliveries of the last days.
#[derive(Debug)]
pub(super) struct DeliveryLog {
    records: BTreeMap<i64, Arc<DeliveryRecord>>,
    last_id: i64,
    retention: SignedDuration,
}

impl DeliveryLog {
    pub(super) fn new(retention: SignedDuration) -> Self {
        Self {
            records: BTreeMap::new(),
            last_id: 190_000_000_000_000,
            retention,
        }
    }

    /// An id above all that were given before.
    pub(super) fn next_id(&mut self, gap: i64) -> i64 {
        self.last_id += gap;
        self.last_id
    }

    pub(super) fn add(&mut self, record: DeliveryRecord) {
        self.records.insert(record.id, Arc::new(record));
    }

    /// An App's deliveries, the newest first.
    pub(super) fn newest_first(
        &self,
        app: AppId,
        now: Timestamp,
    ) -> impl Iterator<Item = &Arc<DeliveryRecord>> {
        let kept = self.kept(now);
        let records = self.records.values().rev();
        records.filter(move |it| it.app() == app && it.delivered_at >= kept)
    }

    pub(super) fn find(&self, id: i64, now: Timestamp) -> Option<&Arc<DeliveryRecord>> {
        let kept = self.kept(now);
        self.records.get(&id).filter(|it| it.delivered_at >= kept)
    }

    /// Forgets what is too old to be listed. Ids grow with time, so that the oldest are the first.
    pub(super) fn prune(&mut self, now: Timestamp) {
        let kept = self.kept(now);
        while let Some(oldest) = self.records.first_entry() {
            if oldest.get().delivered_at >= kept {
                break;
            }
            oldest.remove();
        }
    }

    /// What was delivered before is no longer listed.
    fn kept(&self, now: Timestamp) -> Timestamp {
        now - self.retention
    }
}

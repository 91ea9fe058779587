//! A report: what the GitHub App learned, in one piece.

use jiff::Timestamp;

use super::{BuildFacts, BuildId, Job, Repository};

/// What is recorded together, all or nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    /// The webhook that brought it.
    pub(crate) delivery: Option<Delivery>,
    /// The repositories of its builds and jobs.
    pub(crate) repositories: Vec<Repository>,
    /// The builds.
    pub(crate) builds: Vec<(BuildId, BuildFacts)>,
    /// The jobs.
    pub(crate) jobs: Vec<Job>,
    /// The attempts that have no other jobs.
    pub(crate) complete_builds: Vec<BuildId>,
    /// How the app learned of it.
    pub(crate) source: Source,
}

/// How the app learned of something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Source {
    /// GitHub sent a webhook.
    #[default]
    Webhook,
    /// It asked for history.
    Backfill,
    /// It asked for what webhooks had missed.
    Reconcile,
}

/// One webhook that the app took in.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    /// Its `X-GitHub-Delivery`.
    pub(crate) guid: String,
    /// Its `X-GitHub-Event`.
    pub(crate) event: String,
    /// Its action. Empty if the event has none.
    pub(crate) action: String,
    /// When the app took it in.
    pub(crate) receive_time: Timestamp,
    /// The body as it was signed.
    pub(crate) payload: bytes::Bytes,
    /// Why nothing could be made of it. Empty if something could.
    pub(crate) problem: String,
}

/// What became of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// How many builds, jobs and repositories it changed.
    pub(crate) changed: usize,
    /// Whether a delivery of this GUID had been recorded before.
    pub(crate) delivery_known: bool,
    /// The builds that it changed, by themselves or in a job, in their order.
    pub(crate) changed_builds: Vec<BuildId>,
}

/// A build that a report changed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Change {
    /// What it was. None if it is new.
    pub(crate) before: Option<super::Build>,
    /// What it is.
    pub(crate) after: super::Build,
}

//! Gaps: what is known to be missing.

use jiff::{SignedDuration, Timestamp};

use super::{BuildId, InstallationId, RepositoryId};

/// What kind of thing is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum GapKind {
    /// An attempt below one that is known.
    Attempt,
    /// The jobs of an attempt that is over.
    Jobs,
    /// The end of an attempt that has not been heard of for long.
    End,
    /// A webhook that GitHub could not deliver.
    Delivery,
}

impl GapKind {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Attempt, Self::Jobs, Self::End, Self::Delivery];
    /// After what silence the end of an attempt is missing.
    pub(crate) const SILENCE: SignedDuration = SignedDuration::from_mins(10);
    /// For how long the jobs of an attempt that did not fail are missing.
    pub(crate) const RECENT: SignedDuration = SignedDuration::from_hours(7 * 24);
}

/// Something that is known to be missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gap {
    /// What it is.
    pub(crate) missing: Missing,
    /// The full name of the repository. Empty if it is about none.
    pub(crate) repository: String,
    /// The installation that sees the repository.
    pub(crate) installation: InstallationId,
    /// When the attempt last changed, or the delivery was tried.
    pub(crate) time: Timestamp,
}

/// What is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// This attempt, or something of it.
    Build(GapKind, BuildId),
    /// This delivery.
    Delivery(MissedDelivery),
}

/// A webhook that GitHub could not deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MissedDelivery {
    /// Its GUID.
    pub(crate) guid: String,
    /// GitHub's id of the last attempt to deliver it.
    pub(crate) delivery_id: i64,
    /// Its event.
    pub(crate) event: String,
    /// Its action. Empty if the event has none.
    pub(crate) action: String,
    /// The repository it is about. Zero if none.
    pub(crate) repository: RepositoryId,
    /// The installation it is about. Zero if none.
    pub(crate) installation: InstallationId,
    /// When GitHub first tried to deliver it.
    pub(crate) deliver_time: Timestamp,
    /// Why it failed.
    pub(crate) problem: String,
}

/// Names a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GapName {
    /// A missing attempt.
    Attempt(BuildId),
    /// The jobs of an attempt.
    Jobs(BuildId),
    /// The end of an attempt.
    End(BuildId),
    /// A missed delivery, by its GUID.
    Delivery(String),
}

/// How a gap was closed without a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closing {
    /// What it would have told was learnt in another way.
    Learnt,
    /// GitHub does not know it any more.
    Lost,
}

impl Closing {
    /// The word it is stored as.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Learnt => "learnt",
            Self::Lost => "lost",
        }
    }
}

//! Alerts: what is told, how far it got, and the incidents that they are about.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Build, BuildId, Job};

/// One message about one build to one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alert {
    /// Identifies it: a UUID, greater than those that were raised before.
    pub(crate) id: String,
    /// The rule that raised it, and what it was called.
    pub(crate) rule: Named,
    /// The channel that it is for, and what it was called.
    pub(crate) channel: Named,
    /// The build that it is about.
    pub(crate) build: BuildId,
    /// The incident that it belongs to. Empty if none.
    pub(crate) incident: String,
    /// What it says.
    pub(crate) kind: AlertKind,
    /// How far it got.
    pub(crate) state: AlertState,
    /// How sending went.
    pub(crate) delivery: AlertDelivery,
    /// When it was raised.
    pub(crate) create_time: Timestamp,
}

/// An id, and what people called the thing then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) id: String,
    pub(crate) display_name: String,
}

impl Named {
    /// Something that has no id.
    pub(crate) fn of(display_name: &str) -> Self {
        Self {
            id: String::new(),
            display_name: display_name.to_owned(),
        }
    }
}

/// How far an alert got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AlertState {
    /// It waits until then.
    Pending { next_time: Timestamp },
    /// The channel accepted it.
    Sent { send_time: Timestamp },
    /// It was given up.
    Failed,
    /// It is not sent.
    Skipped(SkipReason),
}

/// How sending went so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AlertDelivery {
    /// How often it was tried.
    pub(crate) attempt_count: i32,
    /// Why the last try failed.
    pub(crate) error: String,
    /// What the provider answered last.
    pub(crate) answer: String,
    /// Whether it may have been sent twice.
    pub(crate) possible_repeat: bool,
    /// The message that it was sent in.
    pub(crate) message_id: String,
    /// What became of it for each recipient.
    pub(crate) recipients: Vec<RecipientOutcome>,
}

/// What became of an alert for one recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecipientOutcome {
    pub(crate) address: String,
    /// Whether it was accepted; if not, whether it will be tried again.
    pub(crate) state: RecipientState,
    pub(crate) answer: String,
}

/// How far an alert got with one recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RecipientState {
    Pending,
    Sent,
    Failed,
}

/// Why an alert is not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SkipReason {
    /// This alert tells the channel already.
    Duplicate { first: String },
    /// What it would have told was over when the quiet hours ended.
    OverWhileQuiet,
    /// The failure that this recovery ends was never told to the channel.
    FailureNotSent,
    /// Its channel was deleted or disabled.
    ChannelGone,
    /// Its rule was deleted or disabled.
    RuleGone,
    /// Its repository is not seen any more.
    RepositoryHidden,
    /// It is older than what is still told.
    TooOld,
}

/// What an alert says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AlertKind {
    /// A build failed.
    Failure,
    /// Builds succeed again.
    Recovery,
    /// A branch of a workflow stays red.
    StaysRed,
    /// A build took long.
    Slow,
    /// A build waits long.
    Queued,
}

impl AlertKind {
    /// All of them.
    pub(crate) const ALL: [Self; 5] = [
        Self::Failure,
        Self::Recovery,
        Self::StaysRed,
        Self::Slow,
        Self::Queued,
    ];

    /// The word under which the store keeps it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Recovery => "recovery",
            Self::StaysRed => "stays_red",
            Self::Slow => "slow",
            Self::Queued => "queued",
        }
    }
}

/// All that is told of one build.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Message {
    /// What it says.
    pub(crate) kind: AlertKind,
    /// When it was raised.
    pub(crate) create_time: Timestamp,
    /// What the rule that raised it is called.
    pub(crate) rule: String,
    /// The build that it is about.
    pub(crate) build: Build,
    /// The jobs of it that failed, with their steps.
    pub(crate) failed_jobs: Vec<Job>,
    /// What successes of its workflow and branch usually take, if that is known.
    pub(crate) usual: Option<SignedDuration>,
    /// The incident that it belongs to.
    pub(crate) incident: Option<IncidentFacts>,
}

/// What is told of an incident.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct IncidentFacts {
    /// Identifies it: a UUID.
    pub(crate) id: String,
    /// When its first failure ended.
    pub(crate) open_time: Timestamp,
    /// When it was resolved, if it was.
    pub(crate) resolve_time: Option<Timestamp>,
    /// How many runs failed in it.
    pub(crate) failures: i32,
    /// Its first failure, unless that was deleted.
    pub(crate) first_failure: Option<Build>,
    /// The last success before it, if one is known.
    pub(crate) last_success: Option<Build>,
}

//! What is handed to a channel's provider, and what comes of it.

use std::time::Duration;

use secrecy::SecretString;

use crate::model::{AlertKind, Message};

/// How a channel is reached, secrets and all.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// A Slack incoming webhook.
    SlackWebhook { url: SecretString },
    /// A Slack bot, and the id of the Slack channel that it posts to.
    SlackBot {
        token: SecretString,
        slack_channel: String,
    },
    /// E-mail to those who have not got it yet.
    Email { addresses: Vec<String> },
    /// Any receiver of signed requests.
    Webhook {
        url: SecretString,
        secret: SecretString,
    },
}

/// What is sent at once. Tries of the same parcel look the same.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    /// Identifies it to the receiver over all tries: a UUID.
    pub(crate) id: String,
    /// The id of the channel.
    pub(crate) channel: String,
    /// What it says.
    pub(crate) content: Content,
    /// Where an earlier message of the same incident went to, as the provider named it.
    pub(crate) thread: Option<String>,
    /// Whether it may have been sent before.
    pub(crate) possible_repeat: bool,
}

/// What a parcel says.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// One alert.
    One(Box<Message>),
    /// Many alerts, named.
    Digest(Vec<Line>),
    /// That the channel works.
    Test { display_name: String },
}

/// One alert of many.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Line {
    /// The full name of the repository.
    pub(crate) repository: String,
    /// The name of the workflow.
    pub(crate) workflow: String,
    /// The branch, as filters name it.
    pub(crate) branch: String,
    /// What happened.
    pub(crate) kind: AlertKind,
    /// The id of the build.
    pub(crate) build: String,
}

/// What came of a parcel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Handed {
    /// What is to be done about it.
    pub(crate) verdict: Verdict,
    /// What the provider answered: a status, never a body.
    pub(crate) answer: String,
    /// What a later message of the incident is to name as its `thread`.
    pub(crate) thread: Option<String>,
    /// What came of it for each recipient, if there are several.
    pub(crate) recipients: Vec<Recipient>,
}

/// What came of a parcel for one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recipient {
    /// The address.
    pub(crate) address: String,
    /// What is to be done about it. `Refused` leaves the address out from now on.
    pub(crate) verdict: Verdict,
    /// What the server answered.
    pub(crate) answer: String,
}

/// What is to be done about a parcel that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing: it was accepted.
    Sent,
    /// It is to be tried again: as soon as the provider said, or as usual.
    Later {
        error: String,
        after: Option<Duration>,
    },
    /// It will never be accepted.
    Refused {
        error: String,
        channel: ChannelFault,
    },
}

/// What a refusal says of the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChannelFault {
    /// That it is gone: nothing more is sent to it.
    Gone,
    /// That something may be wrong with it: after three in a row nothing more is sent to it.
    Doubtful,
}

//! Alert channels: where alerts are sent, without what is secret of them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A channel as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AlertChannel {
    /// Identifies it: a UUID.
    pub(crate) id: String,
    /// What people set.
    pub(crate) content: ChannelContent,
    /// Why nothing is sent to it at present.
    pub(crate) pause: Option<Pause>,
    /// How many alerts wait for it.
    pub(crate) pending_count: i64,
    /// Those to whom nothing is sent any more.
    pub(crate) left_out: Vec<LeftOut>,
    /// Counts its changes.
    pub(crate) version: i64,
    /// When it was created.
    pub(crate) create_time: Timestamp,
    /// When it was last changed.
    pub(crate) update_time: Timestamp,
}

impl AlertChannel {
    /// Whether a reader wants nothing more of it.
    pub(crate) fn has_unsubscribed(&self, address: &str) -> bool {
        let mut out = self.left_out.iter();
        out.any(|out| out.unsubscribed && out.address.eq_ignore_ascii_case(address))
    }
}

/// What people set of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChannelContent {
    /// What people call it.
    pub(crate) display_name: String,
    /// How it is reached.
    pub(crate) address: ChannelAddress,
    /// Whether it is left out.
    pub(crate) disabled: bool,
    /// Whether what may have been sent is not repeated.
    pub(crate) holds: bool,
}

/// How a channel is reached, as far as that is no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChannelAddress {
    /// A Slack incoming webhook.
    SlackWebhook { redacted_url: String },
    /// A Slack bot.
    SlackBot {
        redacted_token: String,
        slack_channel: String,
    },
    /// E-mail.
    Email { addresses: Vec<String> },
    /// Any other receiver.
    Webhook {
        redacted_url: String,
        redacted_secret: String,
    },
}

impl ChannelAddress {
    /// The word under which the store keeps such channels.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::SlackWebhook { .. } => "slack_webhook",
            Self::SlackBot { .. } => "slack_bot",
            Self::Email { .. } => "email",
            Self::Webhook { .. } => "webhook",
        }
    }
}

/// What is secret of a channel, as it is sealed.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChannelSecret {
    /// The URL of a Slack incoming webhook.
    SlackWebhook { url: String },
    /// A Slack bot's token.
    SlackBot { token: String },
    /// Where a webhook goes, and what it is signed with.
    Webhook { url: String, secret: String },
}

/// Why nothing is sent to a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pause {
    /// What happened.
    pub(crate) reason: String,
    /// Since when.
    pub(crate) start_time: Timestamp,
    /// When it is tried again, unless people have to see to it.
    pub(crate) end_time: Option<Timestamp>,
}

/// An address to which nothing is sent any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// The address.
    pub(crate) address: String,
    /// Whether its reader wanted that; else the mail server refused it.
    pub(crate) unsubscribed: bool,
    /// What the mail server answered.
    pub(crate) answer: String,
    /// Since when.
    pub(crate) update_time: Timestamp,
}

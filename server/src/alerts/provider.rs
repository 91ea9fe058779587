//! What is handed to a channel's provider, and what comes of it.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt as _;
use jiff::Timestamp;
use secrecy::SecretString;

use super::{
    config::AlertConfig,
    links::Links,
    outbound::{Outbound, OutboundConfigError, Refusal},
    slack::{Slack, WebhookRefusal},
    webhook::Webhook,
};
use crate::{
    model::{AlertKind, Message},
    store::Back,
};

/// All providers.
#[derive(Debug)]
pub(crate) struct Providers {
    outbound: Outbound,
    slack: Slack,
    webhook: Webhook,
}

impl Providers {
    /// Connects to nothing yet.
    pub(crate) fn new(config: &AlertConfig) -> Result<Self, OutboundConfigError> {
        let outbound = Outbound::new(&config.outbound)?;
        Self::through(outbound, config)
    }

    /// Goes through a connector of one's own.
    pub(super) fn through(
        outbound: Outbound,
        config: &AlertConfig,
    ) -> Result<Self, OutboundConfigError> {
        Ok(Self {
            slack: Slack::new(outbound.clone(), &config.outbound.slack_hosts)?,
            webhook: Webhook::new(outbound.clone()),
            outbound,
        })
    }

    /// Looks at the URL of an incoming webhook of Slack before it is saved.
    pub(crate) fn check_slack_webhook(&self, url: &str) -> Result<(), WebhookRefusal> {
        self.slack.check(url)
    }

    /// Looks at the URL of a receiver before it is saved.
    pub(crate) fn check_webhook(&self, url: &str) -> Result<(), Refusal> {
        self.outbound.check(url).map(|_| ())
    }

    /// Hands a parcel to a channel, once. It takes at most as long as a request may.
    pub(crate) async fn hand(
        &self,
        target: &Target,
        parcel: &Parcel,
        links: &Links,
        now: Timestamp,
    ) -> Handed {
        caught(self.hand_to(target, parcel, links, now)).await
    }

    async fn hand_to(
        &self,
        target: &Target,
        parcel: &Parcel,
        links: &Links,
        now: Timestamp,
    ) -> Handed {
        match target {
            Target::SlackWebhook { url } => self.slack.hand_webhook(url, parcel, links, now).await,
            Target::SlackBot {
                token,
                slack_channel,
            } => {
                self.slack
                    .hand_bot(token, slack_channel, parcel, links, now)
                    .await
            }
            Target::Email { .. } => Handed::refused(
                "E-mail is not set up: the operator sets LAMPBOARD_SMTP_URL and LAMPBOARD_MAIL_FROM.",
                ChannelFault::Doubtful,
            ),
            Target::Webhook { url, secret } => {
                self.webhook.hand((url, secret), parcel, links, now).await
            }
        }
    }
}

/// A message that makes us stumble stumbles alone.
async fn caught(handing: impl Future<Output = Handed>) -> Handed {
    AssertUnwindSafe(handing)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| {
            let error = "Lampboard failed to put the message into words: please report it.";
            Handed::refused(error, ChannelFault::Doubtful)
        })
}

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

impl Handed {
    /// It was accepted.
    pub(super) fn sent(answer: String) -> Self {
        Self {
            verdict: Verdict::Sent,
            answer,
            thread: None,
            recipients: Vec::new(),
        }
    }

    /// It may work later.
    pub(super) fn later(error: impl Into<String>, after: Option<Duration>) -> Self {
        Self {
            verdict: Verdict::Later {
                error: error.into(),
                after,
                back: Back::Channel,
                may_be_there: false,
            },
            answer: String::new(),
            thread: None,
            recipients: Vec::new(),
        }
    }

    /// It is tried again by itself, and the channel goes on.
    pub(super) fn put_off(error: impl Into<String>) -> Self {
        let mut handed = Self::later(error, None);
        if let Verdict::Later { back, .. } = &mut handed.verdict {
            *back = Back::Message;
        }
        handed
    }

    /// It was handed over, and nobody said that it was accepted. It may be there.
    pub(super) fn unanswered(error: impl Into<String>) -> Self {
        let mut handed = Self::later(error, None);
        handed.set_may_be_there(true);
        handed
    }

    /// Says whether it may be there, if it is to be tried again.
    pub(super) fn set_may_be_there(&mut self, may: bool) {
        if let Verdict::Later { may_be_there, .. } = &mut self.verdict {
            *may_be_there = may;
        }
    }

    /// It will not work.
    pub(super) fn refused(error: impl Into<String>, channel: ChannelFault) -> Self {
        Self {
            verdict: Verdict::Refused {
                error: error.into(),
                channel,
            },
            answer: String::new(),
            thread: None,
            recipients: Vec::new(),
        }
    }

    /// With what the provider answered.
    pub(super) fn answered(self, answer: String) -> Self {
        Self { answer, ..self }
    }
}

/// What came of a parcel for one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recipient {
    /// The address.
    pub(crate) address: String,
    /// What is to be done about it. What is `Refused` is settled, and if the fault is `Gone`, the
    /// address is left out from now on.
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
        /// What waits until then.
        back: Back,
        /// Whether it may be there all the same.
        may_be_there: bool,
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

#[cfg(test)]
mod tests;

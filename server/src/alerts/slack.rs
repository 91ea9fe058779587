//! Messages for Slack, by incoming webhook or by bot.

mod answer;
mod block;
mod bot;
mod digest;
mod hosts;
mod message;
mod spoken;
#[cfg(test)]
mod tests;
mod text;

use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;

use super::{
    links::Links,
    outbound::{Outbound, OutboundConfigError, Post, Refusal},
    provider::{Content, Handed, Parcel},
};

use block::{Block, Body};
use hosts::Hosts;

/// Sends to Slack.
#[derive(Clone, Debug)]
pub(crate) struct Slack {
    outbound: Outbound,
    hosts: Hosts,
}

/// Why a URL can not be that of an incoming webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WebhookRefusal {
    /// Nothing is sent there, whatever it is.
    #[error(transparent)]
    Outbound(#[from] Refusal),
    /// It is not on Slack.
    #[error(
        "it is not on hooks.slack.com or hooks.slack-gov.com; the operator adds another host to LAMPBOARD_SLACK_HOSTS"
    )]
    Host,
    /// It is another of Slack's addresses.
    #[error(
        "the URL of an incoming webhook begins with https://hooks.slack.com/services/; a workflow's shows no message"
    )]
    Path,
}

impl Slack {
    /// On Slack's hosts and those of the setting.
    pub(crate) fn new(
        outbound: Outbound,
        slack_hosts: &[String],
    ) -> Result<Self, OutboundConfigError> {
        Ok(Self {
            outbound,
            hosts: Hosts::new(slack_hosts)?,
        })
    }

    /// Looks at the URL of an incoming webhook before it is saved.
    pub(crate) fn check(&self, url: &str) -> Result<(), WebhookRefusal> {
        let url = self.outbound.check(url)?;
        self.hosts.check(&url)
    }

    /// Posts to an incoming webhook.
    pub(crate) async fn hand_webhook(
        &self,
        url: &SecretString,
        parcel: &Parcel,
        links: &Links,
        now: Timestamp,
    ) -> Handed {
        // The setting may have changed since it was saved.
        if let Err(refusal) = self.check(url.expose_secret()) {
            return answer::unsendable(&refusal.to_string());
        }
        let post = Post {
            url,
            headers: HeaderMap::new(),
            body: json(&body(parcel, links)),
        };
        answer::of_webhook(self.outbound.post(post, now).await)
    }

    /// Posts as a bot.
    pub(crate) async fn hand_bot(
        &self,
        token: &SecretString,
        slack_channel: &str,
        parcel: &Parcel,
        links: &Links,
        now: Timestamp,
    ) -> Handed {
        let bot = bot::Bot {
            outbound: &self.outbound,
            api: self.hosts.api(),
            token,
            now,
            posts: AtomicBool::new(false),
        };
        bot.hand(slack_channel, parcel, links).await
    }
}

/// What Slack is sent, as JSON for people.
pub(crate) fn preview(parcel: &Parcel, links: &Links) -> String {
    serde_json::to_string_pretty(&body(parcel, links)).expect("texts and numbers become JSON")
}

fn body(parcel: &Parcel, links: &Links) -> Body {
    match &parcel.content {
        Content::One(message) => message::body(message, links, parcel.possible_repeat),
        Content::Digest(told) => digest::body(told, links, parcel.possible_repeat),
        Content::Test { display_name } => test(display_name, links),
    }
}

fn test(display_name: &str, links: &Links) -> Body {
    let works = format!(
        "This channel works. Lampboard calls it {}; alerts come here once a rule names it.",
        text::code(display_name, 150)
    );
    let blocks = vec![
        Block::header("TEST from Lampboard"),
        Block::section(works),
        Block::buttons(vec![("Open Lampboard", links.to(&[]))]),
    ];
    Body::new("TEST from Lampboard: this channel works".to_owned(), blocks)
}

fn json(body: &impl Serialize) -> Bytes {
    serde_json::to_vec(body)
        .expect("texts and numbers become JSON")
        .into()
}

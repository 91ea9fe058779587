//! A message as it is sent: headers, text and HTML.

use std::time::SystemTime;

use jiff::Timestamp;
use lettre::{
    Address, Message,
    message::{
        Mailbox, MessageBuilder, MultiPart, SinglePart,
        header::{HeaderName, HeaderValue},
    },
};
use sha2::{Digest as _, Sha256};
use url::Url;

use super::{
    address::From, clean::clean_header, html::html, letter::Letter, text::text, unsubscribe::Tokens,
};
use crate::{
    alerts::{
        links::Links,
        provider::{Content, Parcel},
    },
    model::AlertKind,
};

/// A message as people would see it.
#[derive(Debug)]
pub(crate) struct Preview {
    /// The subject.
    pub(crate) subject: String,
    /// The text.
    pub(crate) text: String,
    /// The HTML.
    pub(crate) html: String,
}

/// Shows what a content would say, to nobody in particular.
pub(crate) fn preview(content: &Content, links: &Links) -> Preview {
    let letter = Letter::saying(content, links);
    Preview {
        text: text(&letter),
        html: html(&letter),
        subject: letter.subject,
    }
}

/// What all messages have in common.
pub(super) struct Sender<'a> {
    pub(super) from: &'a From,
    pub(super) tokens: &'a Tokens,
    pub(super) links: &'a Links,
}

/// A message can not be put together.
#[derive(Debug, thiserror::Error)]
#[error("the message can not be put together: {0}")]
pub(super) struct MailError(#[from] lettre::error::Error);

impl Sender<'_> {
    /// Puts the message for one recipient together. Tries of it differ in their date at most.
    pub(super) fn mail(
        &self,
        parcel: &Parcel,
        to: &Address,
        now: Timestamp,
    ) -> Result<Vec<u8>, MailError> {
        let unsubscribe = self.unsubscribe(parcel, to);
        let letter = self.letter(parcel, to);
        let ids = Ids::of(parcel, to, self.from.address().domain());
        let boundary = format!("lampboard-{}", ids.digest);
        let builder = Message::builder()
            .from(self.from.mailbox(letter.state.word()))
            .to(Mailbox::new(None, to.clone()))
            .subject(letter.subject.clone())
            .date(SystemTime::from(now))
            .message_id(Some(ids.own.clone()));
        let builder = threaded(builder, &ids);
        let message = self.for_machines(builder, parcel, &unsubscribe).multipart(
            MultiPart::alternative()
                .boundary(boundary)
                .singlepart(SinglePart::plain(text(&letter)))
                .singlepart(SinglePart::html(html(&letter))),
        )?;
        Ok(message.formatted())
    }

    /// What the message says to one recipient.
    pub(super) fn letter(&self, parcel: &Parcel, to: &Address) -> Letter {
        Letter {
            unsubscribe: Some(self.unsubscribe(parcel, to)),
            ..Letter::of(parcel, self.links)
        }
    }

    fn unsubscribe(&self, parcel: &Parcel, to: &Address) -> Url {
        let token = self.tokens.sign(&parcel.channel, to.as_ref());
        self.links.to(&["unsubscribe", &token])
    }

    /// What mail programs read, and people do not.
    fn for_machines(
        &self,
        builder: MessageBuilder,
        parcel: &Parcel,
        unsubscribe: &Url,
    ) -> MessageBuilder {
        let domain = self.from.address().domain();
        let list = format!(
            "Lampboard alerts <{}.lampboard.{domain}>",
            word(&parcel.channel)
        );
        let builder = builder
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("X-Auto-Response-Suppress", "All"))
            .raw_header(header("List-Id", &clean_header(&list)))
            .raw_header(header("List-Unsubscribe", &format!("<{unsubscribe}>")));
        // RFC 8058 has it for https alone.
        if unsubscribe.scheme() == "https" {
            builder.raw_header(header(
                "List-Unsubscribe-Post",
                "List-Unsubscribe=One-Click",
            ))
        } else {
            builder
        }
    }
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// What a message is known by, and what it is an answer to.
struct Ids {
    own: String,
    root: Option<String>,
    digest: String,
}

impl Ids {
    /// The same for every try, so that a repeat is known for one by whoever stores it.
    fn of(parcel: &Parcel, to: &Address, domain: &str) -> Self {
        let to: &str = to.as_ref();
        let who = digest(&[&parcel.channel, to]);
        let root = incident(parcel).map(|id| format!("<incident-{}.{who}@{domain}>", word(id)));
        let own = match &root {
            Some(root) if opens_incident(parcel) => root.clone(),
            _ => format!("<{}.{who}@{domain}>", word(&parcel.id)),
        };
        Self {
            own,
            root,
            digest: digest(&[&parcel.id, &parcel.channel, to]),
        }
    }
}

fn threaded(builder: MessageBuilder, ids: &Ids) -> MessageBuilder {
    match &ids.root {
        Some(root) if *root != ids.own => {
            builder.in_reply_to(root.clone()).references(root.clone())
        }
        _ => builder,
    }
}

fn incident(parcel: &Parcel) -> Option<&str> {
    match &parcel.content {
        Content::One(message) => message.incident.as_ref().map(|incident| &*incident.id),
        Content::Digest(_) | Content::Test { .. } => None,
    }
}

/// Whether it tells of the very failure that opened the incident. A channel is told of a
/// failure once, so no two messages take the name of the root.
fn opens_incident(parcel: &Parcel) -> bool {
    let Content::One(message) = &parcel.content else {
        return false;
    };
    let first = message
        .incident
        .as_ref()
        .and_then(|incident| incident.first_failure.as_ref());
    message.kind == AlertKind::Failure
        && first.is_some_and(|first| first.record.id == message.build.record.id)
}

/// An id as part of a name that others read: they are UUIDs, and nothing else gets through.
fn word(id: &str) -> String {
    id.chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .take(64)
        .collect()
}

fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hex::encode(hash.finalize()).chars().take(16).collect()
}

//! The part of Slack's Block Kit that messages are made of.

use serde::Serialize;
use url::Url;

use super::text::{HEADER, LABEL, escaped};

/// What Slack is sent. It is told to look for nothing in texts, and to fetch nothing.
#[derive(Clone, Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "Slack has them so")]
pub(super) struct Body {
    /// For notifications, and for whoever shows no blocks.
    pub(super) text: String,
    /// What is shown.
    pub(super) blocks: Vec<Block>,
    mrkdwn: bool,
    parse: &'static str,
    link_names: bool,
    unfurl_links: bool,
    unfurl_media: bool,
}

/// A part of a message, below the one before it.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Block {
    Header {
        text: Text,
    },
    Section {
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<Text>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        fields: Vec<Text>,
    },
    Actions {
        elements: Vec<Button>,
    },
    Context {
        elements: Vec<Text>,
    },
}

/// A text. Neither kind lets Slack look for links and mentions on its own.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Text {
    PlainText { text: String, emoji: bool },
    Mrkdwn { text: String, verbatim: bool },
}

/// A button that is a link.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Button {
    #[serde(rename = "type")]
    kind: &'static str,
    text: Text,
    url: String,
}

impl Body {
    /// `text` is escaped.
    pub(super) fn new(text: String, blocks: Vec<Block>) -> Self {
        Self {
            text,
            blocks,
            mrkdwn: false,
            parse: "none",
            link_names: false,
            unfurl_links: false,
            unfurl_media: false,
        }
    }
}

impl Block {
    /// A headline, which is not escaped yet.
    pub(super) fn header(text: &str) -> Self {
        Self::Header {
            text: plain(text, HEADER),
        }
    }

    /// Lines of markup.
    pub(super) fn section(text: String) -> Self {
        Self::Section {
            text: Some(markup(text)),
            fields: Vec::new(),
        }
    }

    /// Two columns of names and their values in markup.
    pub(super) fn fields(fields: Vec<(&'static str, String)>) -> Self {
        let fields = fields
            .into_iter()
            .map(|(name, value)| markup(format!("*{name}*\n{value}")));
        Self::Section {
            text: None,
            fields: fields.collect(),
        }
    }

    /// Small print in markup.
    pub(super) fn context(text: String) -> Self {
        Self::Context {
            elements: vec![markup(text)],
        }
    }

    /// Links as buttons.
    pub(super) fn buttons(links: Vec<(&str, Url)>) -> Self {
        let elements = links.into_iter().map(|(label, url)| Button {
            kind: "button",
            text: plain(label, LABEL),
            url: url.into(),
        });
        Self::Actions {
            elements: elements.collect(),
        }
    }
}

fn plain(text: &str, most: usize) -> Text {
    Text::PlainText {
        text: escaped(text, most),
        emoji: false,
    }
}

fn markup(text: String) -> Text {
    Text::Mrkdwn {
        text,
        verbatim: true,
    }
}

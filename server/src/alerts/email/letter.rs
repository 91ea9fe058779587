//! What a message says, before it is text or HTML.

use url::Url;

use super::{clean::clean_header, digest, one};
use crate::alerts::{
    links::Links,
    provider::{Content, Parcel},
};

/// The most characters of a link. Longer ones are GitHub's at most by mistake.
const LINK_LIMIT: usize = 500;

/// One message, of which text and HTML are made. Every text in it is clean.
#[derive(Debug)]
pub(super) struct Letter {
    /// The subject: for all messages of one incident the same.
    pub(super) subject: String,
    /// The state of what it is about.
    pub(super) state: State,
    /// The state in capitals, and what belongs to it.
    pub(super) headline: String,
    /// What it is about, in one line.
    pub(super) about: String,
    /// What is known, by name.
    pub(super) facts: Vec<Fact>,
    /// What is listed, in groups.
    pub(super) groups: Vec<Group>,
    /// What to do next.
    pub(super) next: Vec<String>,
    /// Where to go.
    pub(super) links: Vec<(&'static str, Url)>,
    /// Why the reader gets it, and what else there is to say of it.
    pub(super) notes: Vec<String>,
    /// How to get no more of it.
    pub(super) unsubscribe: Option<Url>,
}

/// One thing that is known: its name, and one or more lines.
pub(super) type Fact = (&'static str, Vec<String>);

/// A part of a list.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) lines: Vec<String>,
}

/// The state of what a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Failing,
    StillFailing,
    Recovered,
    Slow,
    Waiting,
    Summary,
    Test,
}

impl State {
    /// What it is called in the name of the sender.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::StillFailing => "still failing",
            Self::Recovered => "recovered",
            Self::Slow => "slow",
            Self::Waiting => "waiting",
            Self::Summary => "summary",
            Self::Test => "test",
        }
    }
}

impl Letter {
    /// Writes what a parcel says.
    pub(super) fn of(parcel: &Parcel, links: &Links) -> Self {
        let mut letter = Self::saying(&parcel.content, links);
        if parcel.possible_repeat {
            letter.notes.push(
                "You may have got this before: nobody knows whether the first try arrived."
                    .to_owned(),
            );
        }
        letter
    }

    /// Writes a content, as if it were sent.
    pub(super) fn saying(content: &Content, links: &Links) -> Self {
        match content {
            Content::One(message) => one::letter(message, links),
            Content::Digest(alerts) => digest::letter(alerts, links),
            Content::Test { display_name } => test(display_name, links),
        }
    }
}

fn test(display_name: &str, links: &Links) -> Letter {
    let name = clean_header(display_name);
    Letter {
        subject: clean_header(&format!("Test of the alert channel {name}")),
        state: State::Test,
        headline: "TEST".to_owned(),
        about: format!("the alert channel {name} works"),
        facts: Vec::new(),
        groups: Vec::new(),
        next: vec![
            "Nothing: no build is concerned. Alerts of this channel will reach you here."
                .to_owned(),
        ],
        links: vec![("What was sent", links.history())],
        notes: vec!["You get this because somebody tested the channel.".to_owned()],
        unsubscribe: None,
    }
}

/// A link that came from elsewhere, if it is one that people may follow.
pub(super) fn foreign_link(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let fits = matches!(url.scheme(), "https" | "http") && url.as_str().len() <= LINK_LIMIT;
    fits.then_some(url)
}

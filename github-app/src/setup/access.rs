//! Who may set Lampboard up: whoever opened the link, with the cookie that it gave.

use jiff::{SignedDuration, Timestamp};

use super::token::{self, Fingerprint, Random};

/// How long the cookie opens the pages.
pub(super) const SESSION_TIME: SignedDuration = SignedDuration::from_hours(2);

/// The one link and the one session. A new one takes the place of the old one.
#[derive(Debug, Default)]
pub(super) struct Access {
    link: Option<Fingerprint>,
    session: Option<Session>,
}

#[derive(Debug)]
struct Session {
    cookie: Fingerprint,
    until: Timestamp,
}

impl Access {
    /// Makes the token of a link. One that was not opened is worth nothing any more.
    pub(super) fn new_link(&mut self, random: Random) -> String {
        let (token, fingerprint) = token::make(random);
        self.link = Some(fingerprint);
        token
    }

    /// Takes a link's token for a cookie, once.
    pub(super) fn open(&mut self, token: &str, now: Timestamp, random: Random) -> Option<String> {
        self.link.take_if(|link| link.is_of(token))?;
        let (cookie, fingerprint) = token::make(random);
        self.session = Some(Session {
            cookie: fingerprint,
            until: now + SESSION_TIME,
        });
        Some(cookie)
    }

    /// Whether it is the cookie that the link gave, and still good.
    pub(super) fn admits(&self, cookie: &str, now: Timestamp) -> bool {
        self.session
            .as_ref()
            .is_some_and(|session| session.cookie.is_of(cookie) && now < session.until)
    }
}

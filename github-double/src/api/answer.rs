//! An answer, before it gets the headers that all answers have.

use std::borrow::Cow;

use http::StatusCode;
use serde::Serialize;

use super::refusal::Refusal;

/// What an endpoint answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
    pub(super) html: bool,
    pub(super) link: Option<String>,
    pub(super) location: Option<String>,
    /// `Retry-After`.
    pub(super) retry_after: Option<String>,
    /// `x-accepted-github-permissions`.
    pub(super) accepted: Option<Cow<'static, str>>,
}

/// What becomes of a request.
pub(super) type Answered = Result<Answer, Refusal>;

impl Answer {
    /// 200 with something.
    pub(super) fn json(value: &impl Serialize) -> Self {
        Self::json_with(StatusCode::OK, value)
    }

    pub(super) fn json_with(status: StatusCode, value: &impl Serialize) -> Self {
        let body = serde_json::to_vec(value).expect("what is answered has strings for keys");
        Self {
            body,
            ..Self::empty(status)
        }
    }

    /// No body at all.
    pub(super) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            body: Vec::new(),
            html: false,
            link: None,
            location: None,
            retry_after: None,
            accepted: None,
        }
    }

    pub(super) fn link(self, link: Option<String>) -> Self {
        Self { link, ..self }
    }

    pub(super) fn accepted(self, permission: &'static str) -> Self {
        let accepted = Some(Cow::Borrowed(permission));
        Self { accepted, ..self }
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Self {
            body: refusal.body(),
            location: refusal.location,
            accepted: refusal.accepted,
            ..Self::empty(refusal.status)
        }
    }
}

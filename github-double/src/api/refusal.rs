//! Answers that say no, in GitHub's words.

use std::borrow::Cow;

use http::StatusCode;
use serde::Serialize;

use super::jwt::JwtError;

/// Why a request gets no other answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) message: Cow<'static, str>,
    /// Where the thing is now, for a 301.
    pub(super) location: Option<String>,
    /// `x-accepted-github-permissions`: what would have been enough.
    pub(super) accepted: Option<Cow<'static, str>>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            message: message.into(),
            location: None,
            accepted: None,
        }
    }

    /// What does not exist, and what the caller must not know of.
    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not Found")
    }

    pub(super) fn bad_credentials() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Bad credentials")
    }

    pub(super) fn requires_authentication() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Requires authentication")
    }

    pub(super) fn suspended() -> Self {
        let message = "This installation has been suspended";
        Self::new(StatusCode::FORBIDDEN, message)
    }

    pub(super) fn integration(accepted: impl Into<Cow<'static, str>>) -> Self {
        let message = "Resource not accessible by integration";
        Self {
            accepted: Some(accepted.into()),
            ..Self::new(StatusCode::FORBIDDEN, message)
        }
    }

    pub(super) fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn unprocessable(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, message)
    }

    /// A parameter that cannot be understood.
    pub(super) fn invalid(parameter: &str) -> Self {
        Self::unprocessable(format!("Validation Failed: {parameter} is invalid"))
    }

    pub(super) fn moved(location: String) -> Self {
        Self {
            location: Some(location),
            ..Self::new(StatusCode::MOVED_PERMANENTLY, "Moved Permanently")
        }
    }

    /// The JSON that explains it.
    pub(super) fn body(&self) -> Vec<u8> {
        let body = RefusalJson {
            message: &self.message,
            url: self.location.as_deref(),
            documentation_url: "https://docs.github.com/rest",
            status: self.status.as_u16().to_string(),
        };
        serde_json::to_vec(&body).expect("strings make JSON")
    }
}

#[derive(Serialize)]
struct RefusalJson<'a> {
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    documentation_url: &'static str,
    status: String,
}

impl From<JwtError> for Refusal {
    fn from(error: JwtError) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, error.to_string())
    }
}

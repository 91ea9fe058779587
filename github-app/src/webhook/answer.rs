//! What the webhook answers.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header::RETRY_AFTER};
use lampboard_proto::v1::ReportResponse;
use serde::Serialize;

/// GitHub does not retry by itself; what redelivers should not come at once.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("30");

/// What becomes of a delivery.
#[derive(Debug)]
pub(super) enum Answer {
    /// What it says is durable.
    Recorded {
        message: &'static str,
        build_id: Option<String>,
    },
    /// It is kept, with why nothing can be made of it.
    Quarantined,
    /// It is not for us. Nothing of it is kept.
    Ignored,
    /// It is no delivery of GitHub's.
    BadRequest(String),
    /// It is not signed, or not for us. Who sent it learns nothing.
    Unauthorized,
    /// It is signed, and meant for another App.
    Forbidden,
    /// Nobody knows yet who may sign. GitHub keeps it for later.
    NotSetUp,
    /// The app asks GitHub for everything, and takes no deliveries.
    Unwanted,
    /// Its body did not come in time.
    Timeout,
    /// Its body is larger than GitHub's ever are.
    TooLarge,
    /// Its body is a form, or compressed.
    UnsupportedMediaType,
    /// There is no room for its body now.
    Busy,
    /// The server did not record it.
    Unavailable,
}

impl Answer {
    /// Answers for a delivery that the server recorded.
    pub(super) fn recorded(response: ReportResponse) -> Self {
        Self::Recorded {
            message: if response.delivery_known {
                "recorded; this delivery had been recorded before"
            } else {
                "recorded"
            },
            build_id: response.build_ids.into_iter().next(),
        }
    }

    /// A word for it, for counting.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Recorded { .. } => "recorded",
            Self::Quarantined => "quarantined",
            Self::Ignored => "ignored",
            Self::BadRequest(_) => "bad_request",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotSetUp => "not_set_up",
            Self::Unwanted => "unwanted",
            Self::Timeout => "timeout",
            Self::TooLarge => "too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::Busy => "busy",
            Self::Unavailable => "unavailable",
        }
    }

    /// Why the delivery was refused, if it was.
    pub(super) fn refusal(&self) -> Option<&'static str> {
        match self {
            Self::Recorded { .. } | Self::Quarantined | Self::Ignored | Self::NotSetUp => None,
            _ => Some(self.word()),
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Recorded { .. } => StatusCode::OK,
            Self::Quarantined | Self::Ignored => StatusCode::ACCEPTED,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::Unwanted => StatusCode::NOT_FOUND,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Busy | Self::NotSetUp | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn body(&self) -> Option<AnswerBody<'_>> {
        let body = match self {
            Self::Recorded { message, build_id } => AnswerBody::Done {
                message,
                build_id: build_id.as_deref(),
            },
            Self::Quarantined => AnswerBody::done("kept, but nothing could be made of it"),
            Self::Ignored => AnswerBody::done("nothing to do for this event and action"),
            Self::BadRequest(error) => AnswerBody::Failed { error },
            Self::Unauthorized => return None,
            Self::NotSetUp => AnswerBody::failed("not set up yet; not recorded"),
            Self::Unwanted => AnswerBody::failed(
                "webhooks are not taken: this Lampboard asks GitHub for everything",
            ),
            Self::Forbidden => AnswerBody::failed("this delivery is for another GitHub App"),
            Self::Timeout => AnswerBody::failed("the body did not come in time"),
            Self::TooLarge => AnswerBody::failed("the body is too large"),
            Self::UnsupportedMediaType => {
                AnswerBody::failed("the content type must be application/json, not compressed")
            }
            Self::Busy => AnswerBody::failed("too many deliveries at one time; not recorded"),
            Self::Unavailable => AnswerBody::failed("the server is not available; not recorded"),
        };
        Some(body)
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum AnswerBody<'a> {
    Done {
        message: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        build_id: Option<&'a str>,
    },
    Failed {
        error: &'a str,
    },
}

impl<'a> AnswerBody<'a> {
    fn done(message: &'a str) -> Self {
        Self::Done {
            message,
            build_id: None,
        }
    }

    fn failed(error: &'a str) -> Self {
        Self::Failed { error }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = match self.body() {
            Some(body) => (status, Json(body)).into_response(),
            None => status.into_response(),
        };
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response
                .headers_mut()
                .insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        response
    }
}

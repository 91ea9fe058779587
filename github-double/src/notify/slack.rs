//! A fake Slack incoming webhook.

mod message;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::Serialize;
use serde_json::Value;

use super::inbox::Inbox;
use super::orders::Orders;

/// Takes messages as Slack's incoming webhooks do, and shows them to nobody but the test.
///
/// Clones share what was caught.
#[derive(Clone, Debug, Default)]
pub struct Slack(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    inbox: Inbox<SlackMessage>,
    orders: Orders<SlackRefusal>,
}

/// One message that was accepted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SlackMessage {
    /// Workspace, channel and key of the webhook, joined by slashes: where it went.
    pub webhook: String,
    /// The JSON that was posted.
    pub body: Value,
}

impl SlackMessage {
    /// What Slack shows where it cannot show blocks.
    pub fn text(&self) -> &str {
        self.body["text"].as_str().unwrap_or_default()
    }
}

/// What Slack answers instead of `ok`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlackRefusal {
    /// 429, with the seconds to wait in `Retry-After`.
    RateLimited {
        /// The seconds.
        retry_after: u32,
    },
    /// 404: the webhook was revoked.
    NoService,
    /// 410: the channel was archived.
    ChannelIsArchived,
    /// 5xx: Slack has trouble of its own.
    ServerError(StatusCode),
}

impl Slack {
    /// The path that messages are to be posted to; other workspaces, channels and keys do too.
    pub const PATH: &str = "/services/T-DOUBLE/B-DOUBLE/key";

    /// The messages that were accepted, oldest first.
    pub fn messages(&self) -> Vec<SlackMessage> {
        self.0.inbox.all()
    }

    /// The same, as soon as there are at least `count`.
    pub async fn at_least(&self, count: usize) -> Vec<SlackMessage> {
        self.0.inbox.at_least(count).await
    }

    /// Forgets the messages.
    pub fn clear(&self) {
        self.0.inbox.clear();
    }

    /// Refuses the next so many messages.
    pub fn refuse(&self, refusal: SlackRefusal, times: u32) {
        self.0.orders.give(refusal, times);
    }

    /// Accepts again what it had been told to refuse.
    pub fn relent(&self) {
        self.0.orders.clear();
    }

    /// Serves [`Slack::PATH`] and its like.
    pub fn router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        Router::new()
            .route("/services/{workspace}/{channel}/{key}", post(receive))
            .with_state(self.clone())
    }
}

async fn receive(
    State(Slack(slack)): State<Slack>,
    Path((workspace, channel, key)): Path<(String, String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Some(refusal) = slack.orders.take(|_| true) {
        return refusal.into_response();
    }
    match message::parse(headers.get(header::CONTENT_TYPE), &body) {
        Ok(body) => {
            let webhook = format!("{workspace}/{channel}/{key}");
            slack.inbox.push(SlackMessage { webhook, body });
            "ok".into_response()
        }
        Err(reason) => (StatusCode::BAD_REQUEST, reason).into_response(),
    }
}

impl IntoResponse for SlackRefusal {
    fn into_response(self) -> Response {
        match self {
            Self::RateLimited { retry_after } => {
                let wait = [(header::RETRY_AFTER, retry_after.to_string())];
                (StatusCode::TOO_MANY_REQUESTS, wait, "rate_limited").into_response()
            }
            Self::NoService => (StatusCode::NOT_FOUND, "no_service").into_response(),
            Self::ChannelIsArchived => (StatusCode::GONE, "channel_is_archived").into_response(),
            Self::ServerError(status) => (status, "server_error").into_response(),
        }
    }
}

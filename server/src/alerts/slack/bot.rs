//! Posts as a bot: what follows a failure goes into its thread, and its recovery shows on it.

use std::sync::atomic::{AtomicBool, Ordering};

use http::{HeaderMap, HeaderValue, header};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use tokio::time::timeout;
use url::Url;

use crate::{
    alerts::{
        links::Links,
        outbound::{Answer, Outbound, Post},
        provider::{Content, Handed, Parcel, Verdict},
    },
    model::AlertKind,
};

use super::{answer, block::Body, body, json, message, spoken::Spoken};

/// What Slack says of a thread that is gone. The message is then sent without one.
const NO_THREAD: [&str; 6] = [
    "thread_not_found",
    "message_not_found",
    "invalid_thread_ts",
    "invalid_ts_latest",
    "cannot_reply_to_message",
    "restricted_action_thread_locked",
];

/// What Slack says when a message can not be changed any more.
const NO_UPDATE: [&str; 8] = [
    "message_not_found",
    "cant_update_message",
    "edit_window_closed",
    "update_failed",
    "is_inactive",
    "invalid_ts_latest",
    "streaming_state_conflict",
    "external_channel_migrating",
];

/// A bot for one parcel.
pub(super) struct Bot<'a> {
    pub(super) outbound: &'a Outbound,
    pub(super) api: &'a Url,
    pub(super) token: &'a SecretString,
    pub(super) now: Timestamp,
    /// Whether it has begun to post: from then on the message may be there.
    pub(super) posts: AtomicBool,
}

/// A message of Slack, as `Handed.thread` names it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Thread {
    channel: String,
    ts: String,
}

/// What `chat.postMessage` takes.
#[derive(Serialize)]
struct New<'a> {
    channel: &'a str,
    #[serde(flatten)]
    body: &'a Body,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_ts: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    reply_broadcast: bool,
}

/// What `chat.update` takes.
#[derive(Serialize)]
struct Update<'a> {
    channel: &'a str,
    ts: &'a str,
    #[serde(flatten)]
    body: &'a Body,
}

/// What came of one call.
enum Called {
    /// Slack did it.
    Done(Answer, Spoken),
    /// Slack did not, and says why in a word.
    Not(Answer, String),
    /// Anything else.
    Failed(Handed),
}

impl Bot<'_> {
    /// Hands a parcel over, within the time of one request.
    pub(super) async fn hand(&self, channel: &str, parcel: &Parcel, links: &Links) -> Handed {
        let telling = self.tell(channel, parcel, links);
        timeout(self.outbound.limit(), telling)
            .await
            .unwrap_or_else(|_| {
                let mut handed = Handed::unanswered("Slack did not answer in time.");
                handed.set_may_be_there(self.posts.load(Ordering::Relaxed));
                handed
            })
    }

    /// Brings the failure's message up to date first: that may be repeated, a post may not.
    ///
    /// Where a digest went is not remembered: it is of many incidents, and the recovery of one
    /// must not overwrite it.
    async fn tell(&self, channel: &str, parcel: &Parcel, links: &Links) -> Handed {
        let thread = parcel.thread.as_deref().and_then(Thread::parse);
        if let Some(thread) = &thread
            && let Some(parent) = parent(parcel, links)
            && let Some(failed) = self.update(thread, &parent).await
        {
            return failed;
        }
        let handed = self.post(channel, &body(parcel, links), thread).await;
        match parcel.content {
            Content::Digest(_) => Handed {
                thread: None,
                ..handed
            },
            _ => handed,
        }
    }

    /// Says what went wrong, if that keeps the recovery from being posted.
    async fn update(&self, thread: &Thread, body: &Body) -> Option<Handed> {
        let update = Update {
            channel: &thread.channel,
            ts: &thread.ts,
            body,
        };
        match self.call("chat.update", &update).await {
            Called::Done(..) => None,
            Called::Not(_, word) if NO_UPDATE.contains(&word.as_str()) => None,
            Called::Not(answer, word) => match answer::refusal(&answer, &word) {
                // What is wrong with the channel shows when it is posted to.
                Handed {
                    verdict: Verdict::Refused { .. },
                    ..
                } => None,
                later => Some(later),
            },
            Called::Failed(mut handed) => {
                // Nothing was posted: an update may be repeated.
                handed.set_may_be_there(false);
                Some(handed)
            }
        }
    }

    async fn post(&self, channel: &str, body: &Body, thread: Option<Thread>) -> Handed {
        self.posts.store(true, Ordering::Relaxed);
        let new = New {
            channel,
            body,
            thread_ts: thread.as_ref().map(|thread| thread.ts.as_str()),
            reply_broadcast: thread.is_some(),
        };
        let mut called = self.call("chat.postMessage", &new).await;
        let mut root = thread.as_ref();
        if let Called::Not(_, word) = &called
            && root.is_some()
            && NO_THREAD.contains(&word.as_str())
        {
            root = None;
            let new = New {
                thread_ts: None,
                reply_broadcast: false,
                ..new
            };
            called = self.call("chat.postMessage", &new).await;
        }
        match called {
            Called::Done(answer, spoken) => {
                let thread = root.cloned().or_else(|| Thread::of(spoken));
                answer::sent(&answer, thread.map(|thread| thread.to_string()))
            }
            Called::Not(answer, word) => answer::refusal(&answer, &word),
            Called::Failed(handed) => handed,
        }
    }

    async fn call(&self, method: &str, arguments: &impl Serialize) -> Called {
        let Ok(url) = self.api.join(method) else {
            return Called::Failed(answer::unsendable("the address of Slack's API is odd"));
        };
        let Some(headers) = self.headers() else {
            let problem = "the token holds characters that no token of Slack has";
            return Called::Failed(answer::unsendable(problem));
        };
        let post = Post {
            url: &SecretString::from(url.as_str()),
            headers,
            body: json(arguments),
        };
        let answer = match self.outbound.post(post, self.now).await {
            Ok(answer) => answer,
            Err(failure) => return Called::Failed(answer::unanswered(&failure)),
        };
        let spoken = Spoken::read(&answer.body);
        match spoken.ok {
            Some(true) if answer.status.is_success() => Called::Done(answer, spoken),
            None if answer.status.is_success() => {
                Called::Failed(Handed::later("What answered is not Slack's API.", None))
            }
            _ => Called::Not(answer, spoken.error.unwrap_or_default()),
        }
    }

    fn headers(&self) -> Option<HeaderMap> {
        let bearer = format!("Bearer {}", self.token.expose_secret());
        let mut bearer = HeaderValue::from_str(&bearer).ok()?;
        bearer.set_sensitive(true);
        let json = HeaderValue::from_static("application/json; charset=utf-8");
        Some(HeaderMap::from_iter([
            (header::AUTHORIZATION, bearer),
            (header::CONTENT_TYPE, json),
        ]))
    }
}

/// What the message of the failure becomes, if the parcel tells its recovery.
fn parent(parcel: &Parcel, links: &Links) -> Option<Body> {
    match &parcel.content {
        Content::One(message) if message.kind == AlertKind::Recovery => {
            message::recovered(message, links)
        }
        _ => None,
    }
}

impl Thread {
    fn parse(text: &str) -> Option<Self> {
        let (channel, ts) = text.split_once(':')?;
        Some(Self {
            channel: channel.to_owned(),
            ts: ts.to_owned(),
        })
    }

    fn of(spoken: Spoken) -> Option<Self> {
        Some(Self {
            channel: spoken.channel?,
            ts: spoken.ts?,
        })
    }
}

impl std::fmt::Display for Thread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.channel, self.ts)
    }
}

//! A GitHub that answers what a test tells it to, and keeps what it was asked.

use std::{
    fmt::Display,
    future,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{Router, body::Body, extract::State, response::Response};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use jiff::{SignedDuration, Timestamp, fmt::rfc2822::DateTimePrinter};
use lampboard_github_app::clock::Clock as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

use super::clock::SteppedClock;

/// What the client asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// With its query.
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// When, by the clock of the client.
    pub(crate) time: Timestamp,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The token or JWT that it came with.
    pub(crate) fn bearer(&self) -> &str {
        let authorization = self.header("authorization").unwrap_or_default();
        authorization.strip_prefix("Bearer ").unwrap_or_default()
    }

    pub(crate) fn asks_for_token(&self) -> bool {
        self.path.ends_with("/access_tokens")
    }
}

/// What the client is answered.
pub(crate) struct Canned {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    fate: Fate,
}

enum Fate {
    Whole,
    /// Breaks off before the end of the body.
    Cut,
    Never,
}

impl Canned {
    pub(crate) fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            fate: Fate::Whole,
        }
    }

    pub(crate) fn json(body: &Value) -> Self {
        Self::status(200).with_body(body.to_string())
    }

    /// GitHub's answer to what it does not do.
    pub(crate) fn refusal(status: u16, message: &str) -> Self {
        Self::status(status).with_body(json!({ "message": message }).to_string())
    }

    pub(crate) fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn with(mut self, name: &str, value: impl Display) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// Says what is left of a limit of 5,000 that is reset in half an hour.
    pub(crate) fn with_remaining(self, remaining: u64, asked: &Asked) -> Self {
        let reset = asked.time + SignedDuration::from_mins(30);
        self.with("x-ratelimit-limit", 5000)
            .with("x-ratelimit-remaining", remaining)
            .with("x-ratelimit-reset", reset.as_second())
    }

    pub(crate) fn cut(mut self) -> Self {
        self.fate = Fate::Cut;
        self
    }

    pub(crate) fn never() -> Self {
        let mut never = Self::status(200);
        never.fate = Fate::Never;
        never
    }
}

type Answerer = dyn Fn(&Asked) -> Canned + Send + Sync;

pub(crate) struct Fake {
    pub(crate) clock: Arc<SteppedClock>,
    /// How far its own clock is ahead.
    skew: SignedDuration,
    answer: Box<Answerer>,
    asked: Mutex<Vec<Asked>>,
    tokens: AtomicUsize,
    at_a_time: AtomicUsize,
    most_at_a_time: AtomicUsize,
}

impl Fake {
    /// Makes tokens of its own, named `token-1` and so on, that are good for an
    /// hour; everything else, as it is told.
    pub(crate) fn answering(answer: impl Fn(&Asked) -> Canned + Send + Sync + 'static) -> Self {
        let numbers = AtomicUsize::new(0);
        Self::answering_all(move |asked| {
            if asked.asks_for_token() {
                let number = numbers.fetch_add(1, Ordering::Relaxed) + 1;
                made_token(&format!("token-{number}"), asked.time)
            } else {
                answer(asked)
            }
        })
    }

    /// Answers everything as it is told.
    pub(crate) fn answering_all(answer: impl Fn(&Asked) -> Canned + Send + Sync + 'static) -> Self {
        Self {
            clock: Arc::new(SteppedClock::new()),
            skew: SignedDuration::ZERO,
            answer: Box::new(answer),
            asked: Mutex::default(),
            tokens: AtomicUsize::default(),
            at_a_time: AtomicUsize::default(),
            most_at_a_time: AtomicUsize::default(),
        }
    }

    /// Answers one after another, and nothing after the last.
    pub(crate) fn answering_in_turn(answers: impl IntoIterator<Item = Canned>) -> Self {
        let answers: Vec<_> = answers.into_iter().collect();
        let answers = Mutex::new(answers.into_iter());
        Self::answering(move |asked| {
            let next = answers.lock().unwrap().next();
            next.unwrap_or_else(|| panic!("unexpected: {} {}", asked.method, asked.path))
        })
    }

    pub(crate) fn ahead_by(mut self, skew: SignedDuration) -> Self {
        self.skew = skew;
        self
    }

    /// All that it was asked.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// All that it was asked but tokens.
    pub(crate) fn asked_for_data(&self) -> Vec<Asked> {
        let mut asked = self.asked();
        asked.retain(|asked| !asked.asks_for_token());
        asked
    }

    pub(crate) fn tokens_made(&self) -> usize {
        self.tokens.load(Ordering::Relaxed)
    }

    /// How many requests there were at one time.
    pub(crate) fn most_at_a_time(&self) -> usize {
        self.most_at_a_time.load(Ordering::SeqCst)
    }

    async fn take(&self, request: Request<Body>) -> Response {
        let count = self.at_a_time.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_a_time.fetch_max(count, Ordering::SeqCst);
        let (parts, body) = request.into_parts();
        let asked = Asked {
            method: parts.method.to_string(),
            path: parts.uri.to_string(),
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
            time: self.clock.now(),
        };
        if asked.asks_for_token() {
            self.tokens.fetch_add(1, Ordering::Relaxed);
        }
        self.asked.lock().unwrap().push(asked.clone());
        let response = self.response((self.answer)(&asked)).await;
        self.at_a_time.fetch_sub(1, Ordering::SeqCst);
        response
    }

    async fn response(&self, canned: Canned) -> Response {
        let date = DateTimePrinter::new()
            .timestamp_to_rfc9110_string(&(self.clock.now() + self.skew))
            .unwrap();
        let mut response = Response::builder()
            .status(canned.status)
            .header("date", date);
        for (name, value) in canned.headers {
            response = response.header(name, value);
        }
        let length = canned.body.len();
        let body = match canned.fate {
            Fate::Whole => Body::from(canned.body),
            Fate::Cut => {
                response = response.header("content-length", length);
                let half = Bytes::from(canned.body).slice(..length / 2);
                let broken = Err(std::io::Error::other("as the test said"));
                Body::from_stream(stream::iter([Ok(half), broken]))
            }
            Fate::Never => future::pending().await,
        };
        response.body(body).unwrap()
    }
}

/// GitHub's answer to who asks for a token.
pub(crate) fn made_token(token: &str, now: Timestamp) -> Canned {
    let body = json!({
        "token": token,
        "expires_at": (now + SignedDuration::from_hours(1)).to_string(),
        "permissions": { "actions": "read", "metadata": "read" },
        "repository_selection": "all"
    });
    Canned::status(StatusCode::CREATED.as_u16()).with_body(body.to_string())
}

/// Lets it be asked, for as long as the test runs.
pub(crate) async fn serve(fake: &Arc<Fake>) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api/v3", listener.local_addr().unwrap());
    let handle = |State(fake): State<Arc<Fake>>, request: Request<Body>| async move {
        fake.take(request).await
    };
    let router = Router::new()
        .nest("/api/v3", Router::new().fallback(handle))
        .with_state(Arc::clone(fake));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url.parse().unwrap()
}

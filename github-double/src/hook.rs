//! The webhook of the App: signs events and posts them to a receiver on this machine.

pub(crate) mod delivery;
pub(crate) mod signature;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Uri, header};
use http_body_util::{BodyExt, Collected, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use crate::event::Event;
use delivery::{Answer, Delivery, Log, NoAnswer};
use signature::signature;

/// How long GitHub waits for an answer.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// How many deliveries are under way at a time.
const CONCURRENCY: usize = 16;
/// How much of an answer is kept.
const ANSWER_LIMIT: usize = 64 * 1024;
/// The ids of the App and its hook: two numbers that nobody else has.
const APP_ID: u64 = 1_234_567;
const HOOK_ID: u64 = 507_123_456;

/// Posts events as GitHub posts them for an App: signed, once, and with a time limit.
///
/// Clones share their connections and their log.
#[derive(Clone, Debug)]
pub struct Hook(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    url: Uri,
    secret: SecretString,
    time_limit: Duration,
    client: Client<HttpConnector, Full<Bytes>>,
    slots: Semaphore,
    log: Mutex<Log>,
}

/// Why a URL is no target of a hook.
#[derive(Debug, Error)]
pub enum HookError {
    /// It is not one.
    #[error("{0:?} is not a URL of the form http://127.0.0.1:8080/path")]
    NotAUrl(String),
    /// It may be on another machine, which a simulated GitHub has no business with.
    #[error("{0:?} is not a loopback address")]
    NotLoopback(String),
}

impl Hook {
    /// A hook that posts to `url`, whose host must be a loopback address, and no name: a name may
    /// lead elsewhere.
    pub fn new(url: &str, secret: SecretString) -> Result<Self, HookError> {
        Self::with_time_limit(url, secret, TIME_LIMIT)
    }

    /// The same with another patience than GitHub's.
    pub fn with_time_limit(
        url: &str,
        secret: SecretString,
        time_limit: Duration,
    ) -> Result<Self, HookError> {
        Ok(Self(Arc::new(Inner {
            url: loopback_url(url)?,
            secret,
            time_limit,
            client: Client::builder(TokioExecutor::new()).build_http(),
            slots: Semaphore::new(CONCURRENCY),
            log: Mutex::default(),
        })))
    }

    /// Posts an event.
    pub async fn deliver(&self, event: &Event) -> Delivery {
        self.send(event, false).await
    }

    /// Posts an event once more: the same bytes under the same GUID.
    pub async fn redeliver(&self, event: &Event) -> Delivery {
        self.send(event, true).await
    }

    /// The last deliveries, newest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.0.lock_log().newest_first()
    }

    async fn send(&self, event: &Event, redelivery: bool) -> Delivery {
        let slot = self.0.slots.acquire().await;
        let _slot = slot.expect("the semaphore is never closed");
        let (id, start) = (self.0.lock_log().next_id(), Instant::now());
        let answer = timeout(self.0.time_limit, self.0.post(event)).await;
        let delivery = Delivery {
            id,
            event: event.clone(),
            redelivery,
            answer: answer.unwrap_or(Err(NoAnswer::TimedOut)),
            duration: start.elapsed(),
        };
        self.0.lock_log().push(delivery.clone());
        delivery
    }
}

impl Inner {
    async fn post(&self, event: &Event) -> Result<Answer, NoAnswer> {
        let response = self.client.request(self.request(event)).await;
        let response = response.map_err(|_| NoAnswer::NotConnected)?;
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_LIMIT);
        // Whatever the receiver went on to say, it had given its answer with the status.
        let body = body.collect().await.map(Collected::to_bytes);
        Ok(Answer {
            status,
            body: body.unwrap_or_default(),
        })
    }

    fn request(&self, event: &Event) -> Request<Full<Bytes>> {
        let secret = self.secret.expose_secret().as_bytes();
        Request::post(&self.url)
            .header(header::ACCEPT, "*/*")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, "GitHub-Hookshot/0d0ub1e")
            .header("X-GitHub-Delivery", &event.guid)
            .header("X-GitHub-Event", &*event.name)
            .header("X-GitHub-Hook-ID", HOOK_ID)
            .header("X-GitHub-Hook-Installation-Target-ID", APP_ID)
            .header("X-GitHub-Hook-Installation-Target-Type", "integration")
            .header("X-Hub-Signature-256", signature(secret, &event.body))
            .body(Full::new(event.body.clone()))
            .expect("GUIDs, names and hex make headers")
    }

    fn lock_log(&self) -> std::sync::MutexGuard<'_, Log> {
        // A push either happened or did not, so that a poisoned log is as good as any.
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn loopback_url(url: &str) -> Result<Uri, HookError> {
    let not_a_url = || HookError::NotAUrl(url.to_owned());
    let uri: Uri = url.parse().map_err(|_| not_a_url())?;
    if uri.scheme_str() != Some("http") {
        return Err(not_a_url());
    }
    let host = uri.host().ok_or_else(not_a_url)?;
    let address = host.trim_start_matches('[').trim_end_matches(']');
    match address.parse::<IpAddr>() {
        Ok(address) if address.is_loopback() => Ok(uri),
        _ => Err(HookError::NotLoopback(host.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_posts_to_loopback_addresses_only() {
        let accepted = [
            "http://127.0.0.1:8080/api/webhook/github-actions",
            "http://127.8.9.10/",
            "http://[::1]:8080/hook",
        ];
        for url in accepted {
            assert!(loopback_url(url).is_ok(), "{url}");
        }
        let refused = [
            "http://localhost:8080/",
            "http://10.0.0.1/",
            "http://0.0.0.0:8080/",
            "http://[::]/",
            "http://127.0.0.1.example.org/",
            "http://127.0.0.1@example.org/",
            "http://example.org/?http://127.0.0.1/",
        ];
        for url in refused {
            let error = loopback_url(url).map(|_| ()).unwrap_err();
            assert!(matches!(error, HookError::NotLoopback(_)), "{url}: {error}");
        }
        for url in ["127.0.0.1:8080", "/hook", "https://127.0.0.1/", ""] {
            let error = loopback_url(url).map(|_| ()).unwrap_err();
            assert!(matches!(error, HookError::NotAUrl(_)), "{url}: {error}");
        }
    }
}

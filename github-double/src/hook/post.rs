//! Posts letters to receivers on this machine.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::{BodyExt, Collected, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use thiserror::Error;
use tokio::time::timeout;

use super::delivery::{Answer, NoAnswer};
use super::letter::Letter;

/// How much of an answer is kept.
const ANSWER_LIMIT: usize = 64 * 1024;

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

/// Posts, and has so much patience.
#[derive(Clone, Debug)]
pub(super) struct Poster {
    client: Client<HttpConnector, Full<Bytes>>,
    time_limit: Duration,
}

impl Poster {
    pub(super) fn new(time_limit: Duration) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { client, time_limit }
    }

    pub(super) async fn post(&self, url: &Uri, letter: &Letter) -> Result<Answer, NoAnswer> {
        let answer = timeout(self.time_limit, self.send(url, letter)).await;
        answer.unwrap_or(Err(NoAnswer::TimedOut))
    }

    async fn send(&self, url: &Uri, letter: &Letter) -> Result<Answer, NoAnswer> {
        let mut request = Request::post(url);
        for (name, value) in &letter.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Full::new(letter.body.clone()));
        let request = request.expect("GUIDs, names and hex make headers");
        let response = self.client.request(request).await;
        let response = response.map_err(|_| NoAnswer::NotConnected)?;
        let (head, body) = response.into_parts();
        // Whatever the receiver went on to say, it had given its answer with the status.
        let body = Limited::new(body, ANSWER_LIMIT).collect().await;
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body: body.map(Collected::to_bytes).unwrap_or_default(),
        })
    }
}

/// The URL, if its host is a loopback address, and no name: a name may lead elsewhere.
pub(super) fn loopback_url(url: &str) -> Result<Uri, HookError> {
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

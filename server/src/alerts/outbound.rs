//! Requests to addresses that come through the API: to public hosts only, and no further.
//!
//! A URL is looked at twice: by its text when a channel is saved, and by the addresses of its
//! host when a request is sent. The connection goes to the very addresses that were looked at,
//! so that a name can not lead elsewhere in between. No redirect is followed, no proxy is asked,
//! and little is read of the answer.

mod address;
mod check;
mod retry_after;
#[cfg(test)]
pub(super) mod tests;
mod wire;

use std::{
    io,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::{FutureExt as _, future::BoxFuture};
use http::{HeaderMap, StatusCode};
use ipnet::IpNet;
use jiff::Timestamp;
use rustls::ClientConfig;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::{Instant, timeout_at};
use url::Url;

pub(crate) use check::Refusal;

/// How long a request may take, from the first look at a name to the last byte.
const LIMIT: Duration = Duration::from_secs(10);

/// How much of an answer is read.
const ANSWER_SIZE: usize = 4 * 1024;

/// Which hosts are reached although they would not be.
#[derive(Debug, Default)]
pub struct OutboundConfig {
    /// Hosts beside Slack's own that Slack channels may be on: `slack.example.com`,
    /// `127.0.0.1:8099` or `http://127.0.0.1:8099`. The first that does not begin with `hooks.`
    /// is where bots post to, such as `slack-gov.com`.
    pub slack_hosts: Vec<String>,
    /// Address ranges, such as `10.0.0.0/8`, that are reached although they are private, by
    /// plain HTTP and on any port too.
    pub allow: Vec<String>,
}

/// A setting makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutboundConfigError {
    /// It is no range.
    #[error("`{0}` is not a range of addresses such as 10.0.0.0/8")]
    NotARange(String),
    /// It is no host.
    #[error("`{0}` is not a host such as slack.example.com")]
    NotAHost(String),
}

/// Finds the addresses of a host.
pub(crate) type Resolver =
    Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync>;

/// Sends requests to addresses that come through the API.
#[derive(Clone)]
pub(crate) struct Outbound {
    allow: Vec<IpNet>,
    tls: ClientConfig,
    resolver: Resolver,
    limit: Duration,
}

/// What is sent.
pub(crate) struct Post<'a> {
    /// Where to.
    pub(crate) url: &'a SecretString,
    /// What it says beside its body.
    pub(crate) headers: HeaderMap,
    /// JSON.
    pub(crate) body: Bytes,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Whether it was accepted.
    pub(crate) status: StatusCode,
    /// When it may be tried again; at most an hour.
    pub(crate) retry_after: Option<Duration>,
    /// How the answer begins. It is for provider's words that are known; nobody is shown it.
    pub(crate) body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// The URL leads to where nothing is sent.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Nobody was asked.
    #[error("{0}")]
    Unavailable(String),
    /// Somebody was asked and did not answer: whether it was done nobody knows.
    #[error("{0}")]
    Unanswered(String),
}

impl Outbound {
    /// Connects to nothing yet.
    pub(crate) fn new(config: &OutboundConfig) -> Result<Self, OutboundConfigError> {
        Self::with(config, Arc::new(system_resolver), LIMIT)
    }

    /// With other names and another limit than the machine's.
    pub(crate) fn with(
        config: &OutboundConfig,
        resolver: Resolver,
        limit: Duration,
    ) -> Result<Self, OutboundConfigError> {
        let allow = config
            .allow
            .iter()
            .map(|range| address::range(range))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            allow,
            tls: wire::trusting(wire::native_roots()),
            resolver,
            limit,
        })
    }

    /// Trusts only this authority.
    #[cfg(test)]
    pub(super) fn trusting(self, authority: rustls::pki_types::CertificateDer<'_>) -> Self {
        let mut roots = rustls::RootCertStore::empty();
        roots.add_parsable_certificates([authority]);
        Self {
            tls: wire::trusting(roots),
            ..self
        }
    }

    /// How long a request may take.
    pub(crate) fn limit(&self) -> Duration {
        self.limit
    }

    /// Looks at a URL without asking for the addresses of its host.
    pub(crate) fn check(&self, url: &str) -> Result<Url, Refusal> {
        check::check(url, &self.allow)
    }

    /// Sends once.
    pub(crate) async fn post(&self, post: Post<'_>, now: Timestamp) -> Result<Answer, Failure> {
        let deadline = Instant::now() + self.limit;
        let connected = Arc::new(AtomicBool::new(false));
        let exchange = async {
            let url = self.check(post.url.expose_secret())?;
            let addresses = self.addresses(&url).await?;
            let request = wire::request(&url, post.headers, post.body)?;
            wire::send(&self.tls, addresses, request, &connected).await
        };
        let no_answer = |problem| {
            if connected.load(Ordering::Relaxed) {
                Failure::Unanswered(problem)
            } else {
                Failure::Unavailable(problem)
            }
        };
        let (status, headers, mut incoming) = match timeout_at(deadline, exchange).await {
            Ok(Err(Failure::Unavailable(problem))) => return Err(no_answer(problem)),
            Ok(answer) => answer?,
            Err(_) => return Err(no_answer("it did not answer in time".to_owned())),
        };
        let mut body = Vec::new();
        // Of what was accepted, the status is all that counts: a slow rest changes nothing.
        let _ = timeout_at(deadline, wire::read(&mut incoming, &mut body, ANSWER_SIZE)).await;
        Ok(Answer {
            status,
            retry_after: retry_after::read(&headers, now),
            body,
        })
    }

    /// The addresses of a URL's host that may be reached.
    async fn addresses(&self, url: &Url) -> Result<Vec<IpAddr>, Failure> {
        let found = match url.host() {
            Some(url::Host::Ipv4(address)) => vec![IpAddr::V4(address)],
            Some(url::Host::Ipv6(address)) => vec![IpAddr::V6(address)],
            Some(url::Host::Domain(name)) => (self.resolver)(name.to_owned())
                .await
                .map_err(|error| Failure::Unavailable(format!("its name is not known: {error}")))?,
            None => Vec::new(),
        };
        if found.is_empty() {
            return Err(Failure::Unavailable("its name has no address".to_owned()));
        }
        let reached: Vec<_> = found
            .into_iter()
            .filter(|address| check::is_reached(url, *address, &self.allow))
            .collect();
        if reached.is_empty() {
            return Err(check::refusal(url).into());
        }
        Ok(reached)
    }
}

impl std::fmt::Debug for Outbound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbound")
            .field("allow", &self.allow)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

pub(super) fn system_resolver(name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
    async move {
        let found = tokio::net::lookup_host((name, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
    .boxed()
}

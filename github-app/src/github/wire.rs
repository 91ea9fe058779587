//! One request over the wire, and its answer within bounds of time and size.

mod tls;

use std::{error::Error as StdError, sync::Arc};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use octocrab::{AuthState, OctoBody, Octocrab, OctocrabBuilder};
use secrecy::SecretString;
use tokio::time::timeout;
use tower::{ServiceBuilder, ServiceExt as _};
use tower_http::decompression::DecompressionLayer;

use super::{ApiPath, ConnectionError, Limits, connection::Base};

/// The version of GitHub's API that is spoken.
pub const API_VERSION: &str = "2022-11-28";

const ACCEPT: &str = "application/vnd.github+json";
const USER_AGENT: &str = concat!("lampboard/", env!("CARGO_PKG_VERSION"));
const VERSION_HEADER: HeaderName = HeaderName::from_static("x-github-api-version");

/// Sends requests to GitHub, and only there.
#[derive(Clone)]
pub(super) struct Wire {
    octocrab: Octocrab,
    limits: Limits,
}

/// What GitHub is asked.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) method: Method,
    pub(super) path: ApiPath,
    pub(super) body: Option<Bytes>,
    /// Asked only if it is not this any more.
    pub(super) unless: Option<HeaderValue>,
}

/// What GitHub answers.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failure {
    Unavailable(String),
    TooLarge,
}

impl Question {
    pub(super) fn get(path: ApiPath) -> Self {
        Self::new(Method::GET, path, None)
    }

    pub(super) fn new(method: Method, path: ApiPath, body: Option<Bytes>) -> Self {
        Self {
            method,
            path,
            body,
            unless: None,
        }
    }
}

impl Wire {
    /// Connects to nothing yet. Has to be made inside of a runtime.
    pub(super) fn new(
        base: &Arc<Base>,
        ca_certificates: Option<&[u8]>,
        limits: Limits,
    ) -> Result<Self, ConnectionError> {
        let connector = connector(base, ca_certificates, &limits)?;
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(connector);
        let base = Arc::clone(base);
        let client = ServiceBuilder::new()
            .layer(DecompressionLayer::new().no_br().no_deflate().no_zstd())
            .service(client);
        // A path becomes an address here and nowhere else: what octocrab adds a
        // token to has no host yet, and gets that of GitHub.
        let service = tower::service_fn(move |request: Request<OctoBody>| {
            let client = client.clone();
            let request = address(&base, request);
            async move {
                let response = client.oneshot(request?).await?;
                Ok::<_, tower::BoxError>(response)
            }
        });
        let octocrab = OctocrabBuilder::new_empty()
            .with_service(service)
            .with_auth(AuthState::None)
            .build()
            .unwrap_or_else(|never| match never {});
        Ok(Self { octocrab, limits })
    }

    /// Asks once. Follows nothing and repeats nothing.
    pub(super) async fn ask(
        &self,
        credential: Option<&SecretString>,
        question: &Question,
    ) -> Result<Answer, Failure> {
        match timeout(self.limits.answer_time, self.exchange(credential, question)).await {
            Ok(answer) => answer,
            Err(_) => Err(Failure::Unavailable("it did not answer in time".to_owned())),
        }
    }

    async fn exchange(
        &self,
        credential: Option<&SecretString>,
        question: &Question,
    ) -> Result<Answer, Failure> {
        let octocrab = match credential {
            Some(credential) => self
                .octocrab
                .user_access_token(credential.clone())
                .map_err(|error| unavailable(&error))?,
            None => self.octocrab.clone(),
        };
        let request = request(question).map_err(|error| unavailable(&error))?;
        let response = octocrab
            .execute(request)
            .await
            .map_err(|error| unavailable(&error))?;
        let (parts, mut body) = response.into_parts();
        let mut bytes = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| unavailable(&error))?;
            let data = frame.into_data().unwrap_or_default();
            if bytes.len() + data.len() > self.limits.answer_size {
                return Err(Failure::TooLarge);
            }
            bytes.extend_from_slice(&data);
        }
        Ok(Answer {
            status: parts.status,
            headers: parts.headers,
            body: bytes.freeze(),
        })
    }
}

fn connector(
    base: &Base,
    ca_certificates: Option<&[u8]>,
    limits: &Limits,
) -> Result<HttpsConnector<HttpConnector>, ConnectionError> {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(limits.connect_time));
    Ok(HttpsConnectorBuilder::new()
        .with_tls_config(tls::config(base, ca_certificates)?)
        .https_or_http()
        .enable_http1()
        .wrap_connector(http))
}

fn address(base: &Base, request: Request<OctoBody>) -> Result<Request<OctoBody>, tower::BoxError> {
    let (mut parts, body) = request.into_parts();
    if parts.uri.host().is_some() {
        return Err("a request names a host".into());
    }
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    parts.uri = base.uri(path)?;
    Ok(Request::from_parts(parts, body))
}

fn request(question: &Question) -> http::Result<Request<OctoBody>> {
    let mut request = Request::builder()
        .method(question.method.clone())
        .uri(question.path.as_str())
        .header(header::ACCEPT, ACCEPT)
        .header(header::USER_AGENT, USER_AGENT)
        .header(VERSION_HEADER, API_VERSION);
    if let Some(etag) = &question.unless {
        request = request.header(header::IF_NONE_MATCH, etag);
    }
    match &question.body {
        Some(body) => request
            .header(header::CONTENT_TYPE, "application/json")
            .body(OctoBody::from(body.clone())),
        None => request.body(OctoBody::empty()),
    }
}

/// Tells what went wrong, from below octocrab down to the system. None of them
/// knows the headers that were sent.
fn unavailable(error: &(dyn StdError + 'static)) -> Failure {
    let error = error.source().unwrap_or(error);
    let mut problem = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !problem.contains(&cause_text) {
            problem = format!("{problem}: {cause_text}");
        }
        source = cause.source();
    }
    Failure::Unavailable(problem)
}

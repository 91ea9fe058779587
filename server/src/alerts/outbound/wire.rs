//! One connection, one request, and the beginning of its answer.

use std::{
    error::Error as StdError,
    future::{Ready, ready},
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
    vec,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::{
    client::legacy::{
        Client,
        connect::{HttpConnector, dns::Name},
    },
    rt::TokioExecutor,
};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use tower::{Service, ServiceExt as _};
use url::Url;

use super::{Failure, Refusal};

const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("lampboard/", env!("CARGO_PKG_VERSION")));

/// How long all addresses together may take to connect: one that is silent leaves time for others.
const CONNECT_TIME: Duration = Duration::from_secs(5);

/// The most that the headers of an answer may be.
const HEADERS_SIZE: usize = 16 * 1024;

/// Whom the machine trusts.
pub(super) fn native_roots() -> RootCertStore {
    let native = rustls_native_certs::load_native_certs();
    for error in &native.errors {
        tracing::warn!(%error, "can not read a certificate of this machine");
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(native.certs);
    if roots.is_empty() {
        tracing::warn!("this machine has no root certificates: no https channel can be reached");
    }
    roots
}

pub(super) fn trusting(roots: RootCertStore) -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring knows the default versions of TLS")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// What is sent: JSON, unless the headers say otherwise.
pub(super) fn request(
    url: &Url,
    mut headers: HeaderMap,
    body: Bytes,
) -> Result<Request<Full<Bytes>>, Refusal> {
    let uri: Uri = url.as_str().parse().map_err(|_| Refusal::NotAUrl)?;
    headers
        .entry(header::CONTENT_TYPE)
        .or_insert(HeaderValue::from_static("application/json"));
    headers.insert(header::USER_AGENT, USER_AGENT);
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    Ok(request)
}

/// Sends over a connection of its own to one of these addresses. Says as soon as there is a
/// connection: from then on the request may have arrived.
pub(super) async fn send(
    tls: &ClientConfig,
    addresses: Vec<IpAddr>,
    request: Request<Full<Bytes>>,
    connected: &Arc<AtomicBool>,
) -> Result<(StatusCode, HeaderMap, Incoming), Failure> {
    let mut http = HttpConnector::new_with_resolver(Checked(addresses));
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(CONNECT_TIME));
    let connected = Arc::clone(connected);
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls.clone())
        .https_or_http()
        .enable_http1()
        .wrap_connector(http)
        .map_response(move |stream| {
            connected.store(true, Ordering::Relaxed);
            stream
        });
    let answer = Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(0)
        .retry_canceled_requests(false)
        .http1_max_buf_size(HEADERS_SIZE)
        .build(connector)
        .request(request)
        .await
        .map_err(|error| Failure::Unavailable(explain(&error)))?;
    let (parts, body) = answer.into_parts();
    Ok((parts.status, parts.headers, body))
}

/// Reads until the end, until it fails or until there is enough.
pub(super) async fn read(incoming: &mut Incoming, into: &mut Vec<u8>, most: usize) {
    while into.len() < most
        && let Some(Ok(frame)) = incoming.frame().await
    {
        let data = frame.into_data().unwrap_or_default();
        let room = most - into.len();
        into.extend(data.into_iter().take(room));
    }
}

/// Gives the connector the addresses that were looked at, whatever the name.
#[derive(Clone)]
struct Checked(Vec<IpAddr>);

impl Service<Name> for Checked {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Ready<Result<Self::Response, io::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Name) -> Self::Future {
        // The connector puts the port of the URL there.
        let addresses = self.0.iter().map(|address| SocketAddr::new(*address, 0));
        ready(Ok(addresses.collect::<Vec<_>>().into_iter()))
    }
}

/// Tells what went wrong, from hyper down to the system. None of them knows more of the URL than
/// its host.
fn explain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

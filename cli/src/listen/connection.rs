//! Serves one connection for as long as it is of use.

use std::{convert::Infallible, net::IpAddr, pin::pin, sync::Arc};

use axum::{
    Router,
    body::Body,
    http::{HeaderName, HeaderValue, Method, Request, StatusCode, header::ALLOW},
    response::{IntoResponse as _, Response},
};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use lampboard_server::Peer;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
};
use tower::{ServiceExt as _, service_fn};

use super::{
    body::TimedBody,
    headers,
    limits::Limits,
    proxies::Proxies,
    requests::{Open, watched},
};

/// All methods that any part of Lampboard has: no TRACE and no CONNECT.
const METHODS: [Method; 4] = [Method::GET, Method::HEAD, Method::OPTIONS, Method::POST];
const ALLOWED: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS, POST");

/// Serves a connection until it ends, is of no use any more, or `stop` becomes
/// true and its requests have ended.
pub(super) async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    answerer: Answerer,
    limits: Limits,
    mut stop: watch::Receiver<bool>,
) {
    let (requests, mut watcher) = watched();
    let service = service_fn(move |request: Request<Incoming>| {
        let request = request.map(|body| Body::new(TimedBody::new(body, limits.body_time)));
        answer(answerer.clone(), request, requests.open())
    });
    let builder = builder(&limits);
    let connection =
        builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    let mut connection = pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return note(ended),
        // hyper limits neither half of HTTP/2's greeting nor an HTTP/2 connection
        // without requests.
        () = watcher.unused(limits.head_time, limits.idle_time) => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        ended = connection.as_mut() => note(ended),
        () = watcher.idle(limits.end_time) => {
            tracing::debug!("a connection did not end when told to and was cut");
        }
    }
}

fn note<E: std::fmt::Display>(ended: Result<(), E>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}

/// Answers the requests of one connection, and tells what answers who asks.
#[derive(Clone)]
pub(super) struct Answerer {
    router: Router,
    /// None on a socket.
    address: Option<IpAddr>,
    proxies: Arc<Proxies>,
    is_tls: bool,
    has_certificate: bool,
}

impl Answerer {
    pub(super) fn new(router: Router, address: Option<IpAddr>, proxies: &Arc<Proxies>) -> Self {
        Self {
            router,
            address,
            proxies: Arc::clone(proxies),
            is_tls: false,
            has_certificate: false,
        }
    }

    /// The same over TLS.
    pub(super) fn by_tls(self, has_certificate: bool) -> Self {
        Self {
            is_tls: true,
            has_certificate,
            ..self
        }
    }

    fn introduce(&self, request: &mut Request<Body>) {
        let Some(peer) = self.address else {
            return;
        };
        let peer = Peer {
            address: self.proxies.client(peer, request.headers_mut()),
            has_certificate: self.has_certificate,
        };
        request.extensions_mut().insert(peer);
        if self.is_tls {
            // Nobody knows it better.
            let proto = HeaderName::from_static("x-forwarded-proto");
            let headers = request.headers_mut();
            headers.insert(proto, HeaderValue::from_static("https"));
        }
    }
}

async fn answer(
    answerer: Answerer,
    mut request: Request<Body>,
    open: Open,
) -> Result<Response, Infallible> {
    answerer.introduce(&mut request);
    let mut response = if METHODS.contains(request.method()) {
        answerer.router.oneshot(request).await?
    } else {
        (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, ALLOWED)]).into_response()
    };
    headers::put(&mut response, answerer.is_tls);
    Ok(response.map(|body| open.until_end_of(body)))
}

fn builder(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(limits.ping_time)
        .keep_alive_timeout(limits.ping_time)
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(limits.headers);
    builder
}

//! Serves one connection for as long as it is of use.

use std::{convert::Infallible, pin::pin};

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, Method, Request, StatusCode, header::ALLOW},
    response::{IntoResponse as _, Response},
};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
};
use tower::{ServiceExt as _, service_fn};

use super::{
    body::TimedBody,
    headers,
    limits::Limits,
    requests::{Open, watched},
};

/// All methods that any part of Lampboard has: no TRACE and no CONNECT.
const METHODS: [Method; 4] = [Method::GET, Method::HEAD, Method::OPTIONS, Method::POST];
const ALLOWED: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS, POST");

/// Serves a connection until it ends, is of no use any more, or `stop` becomes
/// true and its requests have ended.
pub(super) async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    limits: Limits,
    mut stop: watch::Receiver<bool>,
) {
    let (requests, mut watcher) = watched();
    let service = service_fn(move |request: Request<Incoming>| {
        let request = request.map(|body| Body::new(TimedBody::new(body, limits.body_time)));
        answer(router.clone(), request, requests.open())
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

async fn answer(
    router: Router,
    request: Request<Body>,
    open: Open,
) -> Result<Response, Infallible> {
    let mut response = if METHODS.contains(request.method()) {
        router.oneshot(request).await?
    } else {
        (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, ALLOWED)]).into_response()
    };
    headers::put(&mut response, false);
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

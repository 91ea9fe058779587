//! The accept loop: connections are bounded in number and in time, and end in good order.
//!
//! `axum::serve` keeps a half-sent request for ever and leaves Nagle's algorithm
//! on, which costs every gRPC call 40 ms.

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
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
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};
use tower::{ServiceExt as _, service_fn};

/// All methods that any part of Lampboard has: no TRACE and no CONNECT.
const METHODS: [Method; 3] = [Method::GET, Method::HEAD, Method::POST];
const ALLOWED: HeaderValue = HeaderValue::from_static("GET, HEAD, POST");
/// How many connections may be open. More wait in the listen queue.
const CONNECTIONS: usize = 4096;
/// How long a client may take for the head of a request, the wait for the next
/// one on the same connection included.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// How often an HTTP/2 connection is asked whether it still lives, and how long
/// it may take to answer.
const PING: Duration = Duration::from_secs(20);
/// How many calls one HTTP/2 connection may have open. tonic's own default is
/// no limit at all.
const STREAMS: u32 = 100;
const HEADERS: u32 = 16 << 10;
/// How long open requests may take to end once the process is to stop.
const GRACE: Duration = Duration::from_secs(10);
/// After an error of `accept`, such as too many open files: time for some to
/// close.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Opens a port.
pub(crate) async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("can not listen on {address} (LAMPBOARD_LISTEN)"))
}

/// Serves until `stop` becomes true; returns when all connections have ended,
/// or after the time that they are given.
pub(crate) async fn serve(listener: TcpListener, router: Router, stop: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    let mut stopped = stop.clone();
    loop {
        // A closed semaphore gives an error; this one is never closed.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            break;
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.wait_for(|stop| *stop) => break,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, _)) => {
                let connection = serve_connection(stream, router.clone(), stop.clone());
                connections.spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "can not accept a connection: {error}");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    let all_ended = async { while connections.join_next().await.is_some() {} };
    if timeout(GRACE, all_ended).await.is_err() {
        tracing::warn!("some connections did not end in time and were cut");
    }
}

async fn serve_connection(stream: TcpStream, router: Router, mut stop: watch::Receiver<bool>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "can not turn Nagle's algorithm off");
    }
    let asked = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&asked);
    let service = service_fn(move |request: Request<Incoming>| {
        seen.store(true, Ordering::Relaxed);
        answer(router.clone(), request.map(Body::new))
    });
    let builder = connection_builder();
    let connection =
        builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    let mut connection = pin!(connection);
    // Nothing else limits a client that sends half of HTTP/2's greeting.
    let mut first_head = pin!(sleep(HEAD_TIME));
    let mut waiting = true;
    let mut stopping = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection broke");
                }
                return;
            }
            () = first_head.as_mut(), if waiting => {
                if !asked.load(Ordering::Relaxed) {
                    return;
                }
                waiting = false;
            }
            _ = stop.wait_for(|stop| *stop), if !stopping => {
                connection.as_mut().graceful_shutdown();
                stopping = true;
            }
        }
    }
}

async fn answer(router: Router, request: Request<Body>) -> Result<Response, Infallible> {
    if !METHODS.contains(request.method()) {
        let refusal = (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, ALLOWED)]);
        return Ok(refusal.into_response());
    }
    router.oneshot(request).await
}

fn connection_builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING)
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADERS);
    builder
}

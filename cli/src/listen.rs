//! The accept loop: connections are bounded in number and in time, and end in good order.
//!
//! `axum::serve` keeps a half-sent request for ever and leaves Nagle's algorithm
//! on, which costs every gRPC call 40 ms.

mod body;
mod connection;
mod headers;
mod limits;
mod proxies;
mod requests;
mod socket;
#[cfg(test)]
mod tests;
mod tls;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use axum::Router;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream, UnixListener, UnixStream},
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};

use self::{connection::Answerer, limits::Limits};
pub(crate) use self::{
    proxies::Proxies,
    socket::Socket,
    tls::{Renewals, Tls, TlsFiles, identity, provider, read, roots},
};

/// How many connections may be open. More wait in the listen queue.
const CONNECTIONS: usize = 4096;
/// How long open requests may take to end once the process is to stop.
const GRACE: Duration = Duration::from_secs(10);
/// After an error of `accept`, such as too many open files: time for some to
/// close.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A port, and what answers there.
pub(crate) struct Port {
    pub(crate) listener: TcpListener,
    pub(crate) router: Router,
    pub(crate) terms: Terms,
}

/// On which terms ports take connections.
#[derive(Clone, Default)]
pub(crate) struct Terms {
    /// Speaks TLS, and nothing else, if there is any.
    pub(crate) tls: Option<Arc<Tls>>,
    /// Whose word for where a client is counts.
    pub(crate) proxies: Arc<Proxies>,
}

impl Terms {
    /// How addresses of such a port begin.
    pub(crate) fn scheme(&self) -> &'static str {
        match self.tls {
            Some(_) => "https",
            None => "http",
        }
    }
}

/// Opens a port that a setting names.
pub(crate) async fn bind(address: SocketAddr, setting: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("can not listen on {address} ({setting})"))
}

/// Serves several ports until `stop` becomes true; returns when all have ended.
pub(crate) async fn serve_all(ports: Vec<Port>, stop: watch::Receiver<bool>) {
    let mut serving: JoinSet<()> = ports
        .into_iter()
        .map(|port| serve(port.listener, port.router, port.terms, stop.clone()))
        .collect();
    while let Some(ended) = serving.join_next().await {
        if let Err(error) = ended {
            tracing::error!(%error, "a port did not end well: {error}");
        }
    }
}

/// Where connections come in.
pub(crate) trait Listener: Send + Sync + 'static {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Waits for the next one; gives the address that it comes from, if it has one.
    fn next(&self) -> impl Future<Output = io::Result<(Self::Stream, Option<IpAddr>)>> + Send;
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn next(&self) -> io::Result<(TcpStream, Option<IpAddr>)> {
        let (stream, address) = self.accept().await?;
        send_at_once(&stream);
        Ok((stream, Some(address.ip())))
    }
}

impl Listener for UnixListener {
    type Stream = UnixStream;

    async fn next(&self) -> io::Result<(UnixStream, Option<IpAddr>)> {
        Ok((self.accept().await?.0, None))
    }
}

/// Serves until `stop` becomes true; returns when all connections have ended,
/// or after the time that they are given.
pub(crate) async fn serve(
    listener: impl Listener,
    router: Router,
    terms: Terms,
    stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    let mut stopped = stop.clone();
    loop {
        // A closed semaphore gives an error; this one is never closed.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            break;
        };
        let accepted = tokio::select! {
            accepted = listener.next() => accepted,
            _ = stopped.wait_for(|stop| *stop) => break,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, address)) => {
                let answerer = Answerer::new(router.clone(), address, &terms.proxies);
                let connection = converse(stream, answerer, terms.tls.clone(), stop.clone());
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

/// Serves a connection, by TLS if that is spoken here.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    answerer: Answerer,
    tls: Option<Arc<Tls>>,
    mut stop: watch::Receiver<bool>,
) {
    let limits = Limits::default();
    let Some(tls) = tls else {
        return connection::serve(stream, answerer, limits, stop).await;
    };
    let accepted = tokio::select! {
        accepted = tls.accept(stream) => accepted,
        _ = stop.wait_for(|stop| *stop) => return,
    };
    match accepted {
        Ok(stream) => {
            let answerer = answerer.by_tls(tls::has_certificate(&stream));
            connection::serve(stream, answerer, limits, stop).await;
        }
        Err(error) => tracing::debug!(%error, "no TLS came about with a client: {error}"),
    }
}

fn send_at_once(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "can not turn Nagle's algorithm off");
    }
}

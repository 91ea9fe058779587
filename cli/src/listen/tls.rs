//! TLS for ports: handshakes within bounds, and certificates that can be replaced at any time.

mod files;
#[cfg(test)]
mod tests;

use std::{io, sync::Arc, time::Duration};

use anyhow::Context as _;
use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    signal::unix::{Signal, SignalKind, signal},
    sync::{Mutex, Semaphore, watch},
    task::spawn_blocking,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use self::files::Contents;
pub(crate) use self::files::{TlsFiles, identity, provider, read, roots};

/// How long a handshake may take, the wait for its turn included.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// How many handshakes may be under way. They are what costs work before anybody has said who he is.
const HANDSHAKES: usize = 256;
/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(10);

/// Whether the client showed a certificate. What it showed was checked when it did.
pub(super) fn has_certificate<S>(stream: &TlsStream<S>) -> bool {
    let shown = stream.get_ref().1.peer_certificates();
    shown.is_some_and(|chain| !chain.is_empty())
}

/// What asks for certificates to be read again. From when it is made on, SIGHUP does not end the
/// process any more.
pub(crate) struct Renewals(Signal);

impl Renewals {
    pub(crate) fn listen() -> anyhow::Result<Self> {
        let signal = signal(SignalKind::hangup()).context("can not listen for SIGHUP")?;
        Ok(Self(signal))
    }
}

/// What a port needs to speak TLS.
pub(crate) struct Tls {
    files: TlsFiles,
    /// What new connections are given; those that are there keep theirs.
    config: watch::Sender<Arc<ServerConfig>>,
    /// What was last read, good or bad.
    seen: Mutex<Option<Contents>>,
    places: Semaphore,
}

impl Tls {
    /// Reads the files. What can not be used is an error now, and later a line in the log.
    pub(crate) fn open(files: TlsFiles) -> anyhow::Result<Self> {
        let contents = files.read()?;
        let config = contents.config().with_context(|| files.names())?;
        Ok(Self {
            files,
            config: watch::Sender::new(Arc::new(config)),
            seen: Mutex::new(Some(contents)),
            places: Semaphore::new(HANDSHAKES),
        })
    }

    /// Comes to terms with a client, in time or not at all.
    pub(super) async fn accept<S>(&self, stream: S) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let handshake = async {
            let _place = self.places.acquire().await.map_err(io::Error::other)?;
            let config = Arc::clone(&self.config.borrow());
            TlsAcceptor::from(config).accept(stream).await
        };
        match timeout(HANDSHAKE_TIME, handshake).await {
            Ok(accepted) => accepted,
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    /// Takes new certificates up when the files change and on SIGHUP, for as long as it is polled.
    pub(crate) async fn keep_up(&self, mut renewals: Renewals) {
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let is_asked = tokio::select! {
                _ = ticks.tick() => false,
                _ = renewals.0.recv() => true,
            };
            self.look(is_asked).await;
        }
    }

    /// Looks whether the files are others than they were, and says what came of it. Of what can not
    /// be used it says so once, unless it was asked.
    async fn look(&self, is_asked: bool) {
        let files = self.files.clone();
        let read = spawn_blocking(move || files.read());
        let read = read.await.context("reading panicked").flatten();
        let (contents, config) = match read {
            Ok(contents) => {
                let config = contents.config();
                (Some(contents), config)
            }
            Err(error) => (None, Err(error)),
        };
        let mut seen = self.seen.lock().await;
        if *seen == contents && !is_asked {
            return;
        }
        *seen = contents;
        drop(seen);
        match config {
            Ok(config) => {
                self.config.send_replace(Arc::new(config));
                tracing::info!("new connections get the certificate that is in the files now");
            }
            Err(error) => tracing::error!(
                "the certificate is not replaced, and the one that was loaded stays in use: {}: \
                 {error:#}",
                self.files.names()
            ),
        }
    }
}

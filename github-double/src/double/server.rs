//! The ports that a [`Double`] answers on.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::{Double, Flavor, Options};
use crate::github::host::Hosts;
use crate::{api, control, web};

/// How often it is looked whether what was held back is due.
const HELD_BACK_CHECK: Duration = Duration::from_millis(250);

/// What it listens on: one port for people, and one for programs if that is another host.
#[derive(Debug)]
pub(super) struct Listeners {
    web: TcpListener,
    api: Option<TcpListener>,
}

/// What answers there, until it is stopped.
#[derive(Debug)]
pub(super) struct Servers(JoinSet<()>);

/// Listens; on loopback addresses only.
pub(super) async fn listen(options: &Options) -> io::Result<Listeners> {
    if !options.listen.ip().is_loopback() {
        let message = "a simulated GitHub listens on loopback addresses only";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let web = TcpListener::bind(options.listen).await?;
    let api = match options.flavor {
        Flavor::GithubCom => {
            Some(TcpListener::bind(SocketAddr::new(options.listen.ip(), 0)).await?)
        }
        Flavor::Ghes { .. } => None,
    };
    Ok(Listeners { web, api })
}

impl Listeners {
    pub(super) fn hosts(&self, flavor: &Flavor) -> io::Result<Hosts> {
        let web = format!("http://{}", self.web.local_addr()?);
        let api = match (flavor, &self.api) {
            (Flavor::GithubCom, Some(api)) => format!("http://{}", api.local_addr()?),
            _ => format!("{web}/api/v3"),
        };
        Ok(Hosts { web, api })
    }
}

impl Servers {
    pub(super) fn start(listeners: Listeners, double: &Double) -> Self {
        let mut servers = JoinSet::new();
        let routers = web::routers(double);
        let api = routers.api.fallback(api::serve);
        let control = control::routes(double);
        let slack = double.slack().router();
        let mut web = routers.web.merge(slack).nest("/_double", control);
        match listeners.api {
            None => web = web.nest("/api/v3", api),
            Some(listener) => {
                servers.spawn(answer(listener, api, double.clone()));
            }
        }
        servers.spawn(answer(listeners.web, web, double.clone()));
        if double.options().delivers_at_once {
            servers.spawn(deliver(double.clone()));
        }
        Self(servers)
    }

    pub(super) async fn join(mut self) {
        while self.0.join_next().await.is_some() {}
    }
}

/// Posts webhooks as they arise, and those that were held back when they are due.
async fn deliver(double: Double) {
    loop {
        tokio::select! {
            () = double.stopped() => return,
            () = double.queued() => {}
            () = tokio::time::sleep(HELD_BACK_CHECK) => {}
        }
        if double.undelivered() > 0 {
            double.deliver().await;
        }
    }
}

async fn answer(listener: TcpListener, router: Router<Double>, double: Double) {
    let stopped = {
        let double = double.clone();
        async move { double.stopped().await }
    };
    let served = axum::serve(listener, router.with_state(double)).with_graceful_shutdown(stopped);
    if let Err(error) = served.await {
        tracing::warn!(%error, "the simulated GitHub stopped answering");
    }
}

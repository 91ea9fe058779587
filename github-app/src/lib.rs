//! Everything of Lampboard that knows GitHub: takes its webhooks in, asks it for
//! what they missed, and reports what it says.

mod app;
mod catalog;
pub mod clock;
mod config;
mod credentials;
mod event;
pub mod github;
mod identity;
mod normalize;
mod patterns;
mod server;
mod signature;
mod webhook;

use std::sync::Arc;

use axum::Router;
use lampboard_proto::transport::Transport;
use tokio::sync::watch;

use crate::{
    app::{App, Asked},
    catalog::Catalog,
    clock::Clock,
    identity::Identity,
    server::Server,
    webhook::Receiver,
};
pub use crate::{
    config::{Config, Error, IdentityConfig, Limits, Reconcile},
    credentials::{Credentials, CredentialsError, CredentialsFolder},
    patterns::Patterns,
};

/// The GitHub side of Lampboard: what GitHub sends goes in, and what it means
/// goes to the server.
#[derive(Clone)]
pub struct GithubApp {
    receiver: Arc<Receiver>,
}

impl GithubApp {
    /// Makes an app that reports over `transport`. Refuses a configuration that
    /// would let unsigned deliveries in.
    pub fn new(config: Config, transport: Transport, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let identity = Identity::new(&config.identity)?;
        let app = Arc::new(App {
            server: Server::new(transport, &config.write_key)?,
            clock,
            limits: config.limits,
            reconcile: config.reconcile,
            catalog: Catalog::default(),
            asked: Asked::default(),
            identity: watch::Sender::new(Some(Arc::new(identity))),
        });
        Ok(Self {
            receiver: Arc::new(Receiver::new(app)),
        })
    }

    /// What GitHub may reach: the webhook, and nothing else.
    pub fn router(&self) -> Router {
        webhook::router(Arc::clone(&self.receiver))
    }
}

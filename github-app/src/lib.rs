//! Everything of Lampboard that knows GitHub: takes its webhooks in, asks it for
//! what they missed, and reports what it says.

mod app;
mod backfill;
mod catalog;
pub mod clock;
mod config;
mod credentials;
mod event;
mod fetch;
pub mod github;
mod identity;
mod installations;
mod intake;
mod normalize;
mod patterns;
mod reconcile;
mod server;
mod setup;
mod signature;
mod trouble;
mod vitals;
mod webhook;

use std::sync::Arc;

use axum::Router;
use lampboard_proto::{transport::Transport, v1::ReconcileRound};
use tokio::sync::{Mutex, watch};

use crate::{
    app::{App, Asked},
    catalog::Catalog,
    clock::Clock,
    identity::Identity,
    reconcile::Reconciler,
    server::Server,
    vitals::Vitals,
    webhook::Receiver,
};
pub use crate::{
    config::{Config, Error, IdentityConfig, Limits, Reconcile},
    credentials::{Credentials, CredentialsError, CredentialsFolder},
    patterns::Patterns,
    setup::{Connect, InstallationProgress, Progress, ReadProgress, Setup, SetupConfig},
};

/// The GitHub side of Lampboard: what GitHub sends goes in, and what it means
/// goes to the server.
#[derive(Clone)]
pub struct GithubApp {
    app: Arc<App>,
    receiver: Arc<Receiver>,
    reconciler: Arc<Mutex<Reconciler>>,
}

impl GithubApp {
    /// Makes an app that reports over `transport`. Refuses a configuration that
    /// would let unsigned deliveries in.
    pub fn new(config: Config, transport: Transport, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let identity = match &config.identity {
            IdentityConfig::Webhooks(secrets) => Identity::of_webhooks(secrets)?,
            IdentityConfig::App(credentials) => {
                Identity::of_app(credentials, config.ca_certificates, Arc::clone(&clock))?
            }
        };
        let app = Arc::new(App {
            server: Server::new(transport, &config.write_key)?,
            vitals: Vitals::new(clock.now()),
            clock,
            limits: config.limits,
            reconcile: config.reconcile,
            catalog: Catalog::default(),
            asked: Asked::default(),
            identity: watch::Sender::new(Some(Arc::new(identity))),
        });
        Ok(Self {
            receiver: Arc::new(Receiver::new(Arc::clone(&app))),
            reconciler: Arc::new(Mutex::new(Reconciler::new(Arc::clone(&app)))),
            app,
        })
    }

    /// What GitHub may reach: the webhook, and nothing else.
    pub fn router(&self) -> Router {
        webhook::router(Arc::clone(&self.receiver))
    }

    /// Asks GitHub for what webhooks missed and for history, and tells the server
    /// how the app is, for as long as it is polled.
    pub async fn run(&self) {
        tokio::join!(self.app.keep_telling(), self.work());
    }

    /// Does one round of reconciling now. None if there is no key to ask with.
    pub async fn reconcile(&self) -> Option<ReconcileRound> {
        let identity = self.app.identity()?;
        self.reconciler.lock().await.round(&identity).await
    }

    /// Loads the history that the server wants, for as long as it is polled.
    pub async fn backfill(&self) {
        if let Some(github) = self.app.identity().and_then(|it| it.github.clone()) {
            Arc::clone(&self.app).serve_requests(github).await;
        }
    }

    async fn work(&self) {
        let mut identity = self.app.identity.subscribe();
        // Nobody ends it: the sender lives as long as the app.
        let known = identity.wait_for(|it| it.as_ref().is_some_and(|it| it.github.is_some()));
        if known.await.is_ok() {
            tokio::join!(self.keep_reconciling(), self.keep_asking(), self.backfill());
        }
    }

    async fn keep_reconciling(&self) {
        let settings = &self.app.reconcile;
        let mut random = fastrand::Rng::new();
        loop {
            self.reconcile().await;
            let jitter = settings.jitter.mul_f64(random.f64());
            self.app.clock.sleep(settings.interval + jitter).await;
        }
    }

    /// Asks about installations as soon as events were about them. What fails is
    /// tried again by the next round.
    async fn keep_asking(&self) {
        loop {
            self.app.asked.some().await;
            let github = self.app.identity().and_then(|it| it.github.clone());
            if let Some(github) = github
                && let Err(trouble) = self.app.sync_asked(&github).await
            {
                tracing::warn!(%trouble, "can not ask GitHub about an installation");
            }
        }
    }
}

//! Everything of Lampboard that knows GitHub: takes its webhooks in, asks it for
//! what they missed, and reports what it says.

mod app;
mod backfill;
mod catalog;
pub mod clock;
mod config;
mod credentials;
pub mod doctor;
mod event;
mod fetch;
pub mod github;
mod identity;
mod installations;
mod intake;
mod leases;
mod normalize;
mod patterns;
mod reconcile;
mod server;
mod setup;
mod signature;
mod time;
mod trouble;
mod vitals;
mod wanted;
mod webhook;

use std::{panic::AssertUnwindSafe, sync::Arc};

use axum::Router;
use futures_util::FutureExt as _;
use lampboard_proto::v1::ReconcileRound;
use tokio::sync::{Mutex, watch};

use crate::{
    app::{App, Asked},
    catalog::Catalog,
    clock::Clock,
    identity::Identity,
    leases::Leases,
    reconcile::Reconciler,
    server::Server,
    vitals::Vitals,
    webhook::Receiver,
};
pub use crate::{
    config::{Config, Error, IdentityConfig, Limits, Reconcile},
    credentials::{Credentials, CredentialsError, CredentialsFolder},
    patterns::Patterns,
    server::Way,
    setup::{Connect, InstallationProgress, Progress, ReadProgress, Setup, SetupConfig, api_url},
};

/// How long nothing is told to the server, at least.
const SHORTEST_REST: std::time::Duration = std::time::Duration::from_secs(1);

/// The GitHub side of Lampboard: what GitHub sends goes in, and what it means
/// goes to the server.
#[derive(Clone)]
pub struct GithubApp {
    app: Arc<App>,
    receiver: Arc<Receiver>,
    reconciler: Arc<Mutex<Reconciler>>,
    setup: Option<Arc<Setup>>,
}

impl GithubApp {
    /// Makes an app that reports to a server. Refuses a configuration that would let
    /// unsigned deliveries in.
    pub fn new(config: Config, way: impl Into<Way>, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let way = way.into();
        let ca_certificates = config.ca_certificates;
        let of_app = |credentials: &Credentials| {
            Identity::of_app(credentials, ca_certificates.clone(), Arc::clone(&clock))
        };
        let (identity, setup) = match config.identity {
            IdentityConfig::Webhooks(secrets) => (Some(Identity::of_webhooks(&secrets)?), None),
            IdentityConfig::App(credentials) => (Some(of_app(&credentials)?), None),
            IdentityConfig::Setup(mut setup) => {
                setup.app = setup.folder.load()?;
                (setup.app.as_ref().map(of_app).transpose()?, Some(setup))
            }
        };
        let transport = way.transport.clone();
        let server = Server::new(way, &config.write_key)?;
        let identity = watch::Sender::new(identity.map(Arc::new));
        let (catalog, asked) = (Arc::<Catalog>::default(), Arc::<Asked>::default());
        let leases = Leases::new(
            config.holder,
            server.app.clone(),
            Arc::clone(&clock),
            identity.subscribe(),
            Arc::clone(&catalog),
            Arc::clone(&asked),
        );
        let app = Arc::new(App {
            server,
            vitals: Vitals::new(clock.now()),
            clock,
            limits: config.limits,
            reconcile: config.reconcile,
            catalog,
            asked,
            leases: Arc::new(leases),
            identity,
        });
        let setup = setup.map(|setup| app.open_setup(*setup, ca_certificates, transport));
        Ok(Self {
            receiver: Arc::new(Receiver::new(Arc::clone(&app))),
            reconciler: Arc::new(Mutex::new(Reconciler::new(Arc::clone(&app)))),
            setup,
            app,
        })
    }

    /// What GitHub may reach: the webhook; and the pages of set-up, while there
    /// are any.
    pub fn router(&self) -> Router {
        let webhook = self.webhook_router();
        match &self.setup {
            Some(setup) => webhook.merge(setup::router(Arc::clone(setup))),
            None => webhook,
        }
    }

    /// The webhook and nothing else.
    pub fn webhook_router(&self) -> Router {
        webhook::router(Arc::clone(&self.receiver))
    }

    /// A link that opens set-up once, for a terminal to show. None if the App was
    /// set up by settings, or is set up and installed.
    pub async fn setup_link(&self) -> Option<String> {
        let setup = self.setup.as_ref()?;
        if self.app.identity().is_some() && self.app.is_installed().await {
            setup.finish();
        }
        (!setup.is_finished()).then(|| setup.link())
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

    /// Asks GitHub now which installations and repositories there are, which
    /// reconciling does once a day. Says what went wrong, if it did.
    pub async fn sync(&self) -> Result<(), String> {
        let github = self.app.github();
        let github = github.ok_or("there is no key to ask GitHub with")?;
        self.hold().await?;
        let synced = self.app.sync_installations(&github).await;
        let (troubles, _) = synced.map_err(|trouble| trouble.to_string())?;
        troubles.first().map_or(Ok(()), |it| Err(it.to_string()))
    }

    /// Keeps what this process holds, if it is time to: `run` does that by itself.
    /// Says what went wrong, if it did.
    pub async fn hold(&self) -> Result<(), String> {
        let kept = self.app.leases.keep().await;
        kept.map_err(|status| status.message().to_owned())
    }

    /// Asks GitHub for nothing any more, so that another process may at once.
    pub async fn leave(&self) {
        self.app.leases.leave().await;
    }

    /// Loads the history that the server wants, for as long as it is polled.
    pub async fn backfill(&self) {
        Arc::clone(&self.app).serve_requests().await;
    }

    async fn work(&self) {
        let mut identity = self.app.identity.subscribe();
        // Nobody ends it: the sender lives as long as the app.
        let known = identity.wait_for(|it| it.as_ref().is_some_and(|it| it.github.is_some()));
        if known.await.is_ok() {
            tokio::join!(
                self.keep_holding(),
                self.keep_reconciling(),
                self.keep_asking(),
                self.backfill()
            );
        }
    }

    async fn keep_holding(&self) {
        loop {
            // What goes wrong is said where it is noticed.
            let _ = self.hold().await;
            let rest = self.app.leases.rest().max(SHORTEST_REST);
            self.app.clock.sleep(rest).await;
        }
    }

    async fn keep_reconciling(&self) {
        let settings = &self.app.reconcile;
        let mut random = fastrand::Rng::new();
        loop {
            let start = self.app.clock.now();
            // The next round begins with what the server knows, whatever this one did.
            let round = AssertUnwindSafe(self.reconcile()).catch_unwind();
            if round.await.is_err() {
                tracing::error!("reconciling panicked");
            }
            let took = self.app.clock.now().duration_since(start).unsigned_abs();
            let jitter = settings.jitter.mul_f64(random.f64());
            let rest = (settings.interval + jitter).saturating_sub(took);
            self.app.clock.sleep(rest).await;
        }
    }

    /// Asks about installations as soon as events were about them. What fails is
    /// tried again by the next round.
    async fn keep_asking(&self) {
        loop {
            self.app.asked.some().await;
            let Some(github) = self.app.github() else {
                continue;
            };
            let synced = AssertUnwindSafe(self.app.sync_asked(&github)).catch_unwind();
            match synced.await {
                Ok(Ok(troubles)) => troubles.iter().for_each(|trouble| {
                    tracing::warn!(%trouble, "can not ask GitHub about an installation");
                }),
                Ok(Err(trouble)) => tracing::warn!(%trouble, "can not tell of installations"),
                Err(_) => tracing::error!("asking about installations panicked"),
            }
        }
    }
}

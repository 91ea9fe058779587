//! The server: opened from its settings, it gives services, routes and an orderly end.

use std::sync::Arc;

use jiff::Timestamp;
use lampboard_proto::v1::ingest_service_server::IngestService;
use tokio::{
    sync::Mutex,
    task::JoinHandle,
    time::{Duration, Instant, MissedTickBehavior, interval},
};
use tonic::service::Routes;
use tonic_health::server::HealthReporter;

use crate::{
    AlertConfig, Clock, Database, Error, PortConfig, Result, Retention,
    alerts::{Dispatch, Worker},
    api, http,
    live::Live,
    load::Room,
    purge,
    requests::Requests,
    store::{Feed, OnCommit, Own, Schema, Store},
};

/// How often gRPC health finds out whether the database can be written.
const HEALTH_INTERVAL: Duration = Duration::from_secs(10);

/// For how long a write says that the next one will work, too.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);

const NO_KEY: &str = "alert channels have sealed secrets, and there is no key for them: set \
     LAMPBOARD_MASTER_KEY to the one that they were sealed with";

/// What a server needs to know.
#[derive(Debug)]
pub struct Config {
    /// Where everything is kept.
    pub database: Database,
    /// What the port demands of whoever calls.
    pub port: PortConfig,
    /// For how long what is kept.
    pub retention: Retention,
    /// How alerts are sent.
    pub alerts: AlertConfig,
    /// Tells the time.
    pub clock: Clock,
}

/// Everything behind the API. Clones are the same server.
#[derive(Clone)]
pub struct Server {
    pub(crate) store: Store,
    pub(crate) live: Live,
    pub(crate) clock: Clock,
    pub(crate) port: Arc<PortConfig>,
    pub(crate) health: HealthReporter,
    pub(crate) requests: Requests,
    pub(crate) dispatch: Arc<Dispatch>,
    /// For what the app sends.
    pub(crate) room: Room,
    pub(crate) start_time: Timestamp,
    /// What was committed and is to be told by the feed.
    own: Own,
    last_probe: Arc<Mutex<Option<Instant>>>,
    /// Sends alerts.
    worker: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Server {
    /// Opens the database and brings it to the schema of this version.
    pub async fn open(config: Config) -> Result<Self> {
        config.retention.check()?;
        let retention = config.retention;
        let server = Self::open_idle(config, Schema::Migrate).await?;
        if !server.dispatch.has_key() && server.store.has_secrets().await? {
            return Err(Error::Config(NO_KEY.to_owned()));
        }
        let Self {
            store,
            live,
            clock,
            health,
            own,
            ..
        } = server.clone();
        if let Some(feed) = store.feed(own).await? {
            tokio::spawn(follow(feed, live.clone()));
        }
        if let Err(error) = store.free_channels().await {
            tracing::warn!(%error, "what a dead process was sending is sent later: {error}");
        }
        let worker = Worker {
            store: store.clone(),
            dispatch: Arc::clone(&server.dispatch),
            clock: clock.clone(),
        };
        *server.worker.lock().await = Some(tokio::spawn(worker.run(live.clone())));
        tokio::spawn(watch_health(store.clone(), live.clone(), health));
        tokio::spawn(purge::run(store, live, clock, retention));
        Ok(server)
    }

    /// Opens the database for whoever calls, and does nothing by itself.
    pub async fn open_idle(config: Config, schema: Schema) -> Result<Self> {
        let live = Live::new();
        let own = Own::default();
        let dispatch = Arc::new(Dispatch::new(config.alerts, config.clock.clone())?);
        let on_commit = teller(live.clone(), own.clone(), Arc::clone(&dispatch));
        let clock = config.clock.clone();
        let retention = config.retention;
        let store = Store::open(&config.database, schema, clock, retention, on_commit).await?;
        let health = HealthReporter::new();
        api::report_health(&health, true).await;
        Ok(Self {
            store,
            live,
            health,
            requests: Requests::new(),
            dispatch,
            room: Room::new(),
            start_time: config.clock.now(),
            clock: config.clock,
            port: Arc::new(config.port),
            own,
            last_probe: Arc::default(),
            worker: Arc::default(),
        })
    }

    /// The gRPC services, to be called in process.
    pub fn routes(&self) -> Routes {
        api::routes(self)
    }

    /// What takes reports in, for a caller in the same process: he needs no write key.
    pub fn reports(&self) -> Arc<dyn IngestService> {
        api::reports(self)
    }

    /// The gRPC services with those of the administrator: for a transport that nobody else
    /// has.
    pub fn admin_routes(&self) -> Routes {
        api::admin_routes(self)
    }

    /// All that is served on a port: gRPC, gRPC-Web, the UI and health.
    pub fn router(&self) -> axum::Router {
        http::router(self)
    }

    /// Ends all streams, so that connections can end, and says that the server
    /// is not ready any more. Calls still work.
    pub async fn end_streams(&self) {
        self.live.stop();
        api::report_health(&self.health, false).await;
    }

    /// Finishes what was taken in and closes the database. Later calls fail.
    pub async fn close(&self) {
        self.end_streams().await;
        // What is being sent is sent once, if what came of it can be noted.
        if let Some(worker) = self.worker.lock().await.take() {
            let _ = worker.await;
        }
        self.store.close().await;
    }

    /// Fails unless builds can be taken in: the database was written within the
    /// last second. Whoever may ask may ask as often as he likes, so not every
    /// question is worth a write.
    pub(crate) async fn probe(&self) -> Result<()> {
        if self.store.is_outdated() {
            return Err(Error::Outdated);
        }
        if self.live.is_stopped() {
            return Err(Error::Stopping);
        }
        let mut last = self.last_probe.lock().await;
        if last.is_none_or(|time| time.elapsed() >= PROBE_INTERVAL) {
            self.store.probe().await?;
            *last = Some(Instant::now());
        }
        Ok(())
    }
}

/// Tells of commits: at once on a file, and by the feed where others commit as well.
pub(crate) fn teller(live: Live, own: Own, dispatch: Arc<Dispatch>) -> OnCommit {
    Arc::new(move |news| {
        if news.raised > 0 {
            dispatch.wake();
        }
        if let Some(news) = own.keep(news) {
            live.publish(news);
        }
    })
}

/// Tells those who watch here what all servers take in, until this one stops.
async fn follow(mut feed: Feed, live: Live) {
    loop {
        tokio::select! {
            () = feed.wait() => {}
            () = live.stopped() => return,
        }
        match feed.hear().await {
            Ok(heard) => live.publish_heard(heard),
            // Health tells it; the next look goes on from where this one began.
            Err(error) => tracing::debug!(%error, "what was taken in is told later: {error}"),
        }
    }
}

/// Keeps gRPC health true, until the server stops.
async fn watch_health(store: Store, live: Live, health: HealthReporter) {
    let mut ticks = interval(HEALTH_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            // Whoever watches would be told what was read by another schema.
            () = store.outdated() => live.stop(),
            () = live.stopped() => break,
        }
        let serving = store.probe().await.is_ok();
        api::report_health(&health, serving).await;
    }
    // Once more, and last: a probe may have been under way when it was said.
    api::report_health(&health, false).await;
}

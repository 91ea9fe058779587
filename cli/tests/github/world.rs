//! A GitHub, a server and an app between them, whose time passes only when it is told to.

use std::{sync::Arc, time::Duration};

use axum::Router;
use jiff::{SignedDuration, Timestamp};
use lampboard_github_app::{
    Config, Credentials, GithubApp, IdentityConfig, Limits, Reconcile,
    clock::{Clock, Sleep},
};
use lampboard_github_double::{Double, Options, VirtualClock, scenarios::Stage};
use lampboard_proto::{
    transport::{self, Transport},
    v1::ReconcileRound,
};
use lampboard_server::Server;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};

const WRITE_KEY: &str = "the write key of the tests";
pub(crate) const HOUR: SignedDuration = SignedDuration::from_hours(1);
pub(crate) const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// When the stories begin.
fn beginning() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

/// GitHub's clock, by which the app sleeps in no time.
struct Shared {
    clock: VirtualClock,
    /// How far the app's own clock is behind it.
    behind: SignedDuration,
}

impl Clock for Shared {
    fn now(&self) -> Timestamp {
        self.clock.now() - self.behind
    }

    fn sleep(&self, time: Duration) -> Sleep {
        let clock = self.clock.clone();
        Box::pin(async move {
            clock.advance(SignedDuration::try_from(time).unwrap());
            tokio::task::yield_now().await;
        })
    }
}

/// GitHub, and a Lampboard that is installed on it.
pub(crate) struct World {
    pub(crate) stage: Stage,
    pub(crate) app: GithubApp,
    pub(crate) server: Server,
    clock: VirtualClock,
    hook_url: String,
    listening: JoinHandle<()>,
    _folder: TempDir,
}

/// What is to be different from the usual.
pub(crate) struct Settings {
    pub(crate) options: Options,
    pub(crate) reconcile: Reconcile,
    pub(crate) polling: bool,
    /// How far the app's clock is behind GitHub's.
    pub(crate) behind: SignedDuration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            options: Options::frozen(1, beginning()),
            reconcile: Reconcile::default(),
            polling: false,
            behind: SignedDuration::ZERO,
        }
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        let double = Double::start(settings.options.clone()).await.unwrap();
        Self::around(settings, double, Stage::set).await
    }

    /// A world in which `set` lets things happen at GitHub before the App comes.
    pub(crate) async fn around(
        settings: Settings,
        double: Double,
        set: impl FnOnce(&Double, Option<&str>) -> Stage,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let hook_url = format!("http://{address}/api/webhook/github-actions");
        let stage = set(&double, (!settings.polling).then_some(&*hook_url));
        let folder = folder();
        let clock = double.clock().clone();
        let server = open_server(&folder, &clock).await;
        let transport = transport::over(server.routes());
        let app = make_app(&stage, "app", transport, &settings, &hook_url, &clock);
        let listening = tokio::spawn(listen(listener, app.router()));
        Self {
            stage,
            app,
            server,
            clock,
            hook_url,
            listening,
            _folder: folder,
        }
    }

    pub(crate) fn double(&self) -> &Double {
        &self.stage.double
    }

    /// The way to the server's services.
    pub(crate) fn transport(&self) -> Transport {
        transport::over(self.server.routes())
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Lets time pass at which nothing happens.
    pub(crate) fn wait(&self, time: SignedDuration) {
        self.clock.advance(time);
    }

    /// Lets GitHub post what it has to, and the app answer.
    pub(crate) async fn deliver(&self) {
        self.double().deliver().await;
    }

    /// One round of reconciling.
    pub(crate) async fn reconcile(&self) -> ReconcileRound {
        self.app.reconcile().await.unwrap()
    }

    /// Rounds, a minute apart, until one finds nothing to do.
    pub(crate) async fn reconcile_fully(&self) {
        for _ in 0..500 {
            let before = self.double().requests().len();
            let round = self.reconcile().await;
            // Waiting for a limit is no trouble, and the only thing that may come up.
            let is_limited = round.problem.contains("no more requests before");
            assert!(round.problem.is_empty() || is_limited, "{}", round.problem);
            self.wait(MINUTE);
            let requests = self.double().requests();
            let costly = requests[before..].iter().filter(|it| {
                // The look into the log of deliveries is never saved.
                it.status != 304 && it.path != "/app/hook/deliveries"
            });
            if costly.count() == 0 && !is_limited && round.changed_build_count == 0 {
                return;
            }
        }
        panic!("reconciling found no end");
    }

    /// A new process of the app, which remembers nothing of the old one.
    pub(crate) async fn restart_app(&mut self) {
        self.app = self.another_app("app", self.transport());
        self.hear_by(&self.app.clone()).await;
    }

    /// One more process of the app, which is not told of any webhook.
    pub(crate) fn another_app(&self, name: &str, transport: Transport) -> GithubApp {
        let settings = Settings::default();
        make_app(
            &self.stage,
            name,
            transport,
            &settings,
            &self.hook_url,
            &self.clock,
        )
    }

    /// Lets one of the apps be the one that is told.
    pub(crate) async fn hear_by(&mut self, app: &GithubApp) {
        self.listening.abort();
        let _ = (&mut self.listening).await;
        let address = self.hook_url.trim_start_matches("http://");
        let (address, _) = address.split_once('/').unwrap();
        let listener = TcpListener::bind(address).await.unwrap();
        self.listening = tokio::spawn(listen(listener, app.router()));
    }

    /// Loads the history that the server wants, until nothing more is wanted.
    pub(crate) async fn backfill_fully(&self) {
        let app = self.app.clone();
        let working = tokio::spawn(async move { app.backfill().await });
        crate::board::backfills_are_over(self).await;
        working.abort();
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// A folder in memory, where there is one: what a disk does is for other tests to say.
fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}

async fn open_server(folder: &TempDir, clock: &VirtualClock) -> Server {
    let clock = clock.clone();
    Server::open(lampboard_server::Config {
        database: lampboard_server::Database::Sqlite(folder.path().join("lampboard.db")),
        port: lampboard_server::PortConfig::new(WRITE_KEY.replace(' ', "-").into()),
        retention: lampboard_server::Retention::default(),
        alerts: lampboard_server::AlertConfig::new("http://localhost".parse().unwrap()),
        clock: lampboard_server::Clock::new(move || clock.now()),
    })
    .await
    .unwrap()
}

fn make_app(
    stage: &Stage,
    name: &str,
    transport: Transport,
    settings: &Settings,
    hook_url: &str,
    clock: &VirtualClock,
) -> GithubApp {
    let double = &stage.double;
    let credentials = double.github(|github| {
        let app = github.app(stage.app).unwrap();
        Credentials {
            app_id: i64::try_from(app.id.0).unwrap(),
            slug: app.slug.clone(),
            name: app.name.clone(),
            html_url: app.html_url.clone(),
            client_id: Some(app.client_id.clone()),
            client_secret: None,
            private_key: app.key.pem(),
            webhook_secrets: vec![app.webhook_secret.clone()],
            web_url: double.web_url().to_owned(),
            api_url: double.api_url().to_owned(),
            public_url: hook_url
                .strip_suffix("/api/webhook/github-actions")
                .map(str::to_owned),
            polling: settings.polling,
        }
    });
    let config = Config {
        identity: IdentityConfig::App(Box::new(credentials)),
        write_key: WRITE_KEY.replace(' ', "-").into(),
        limits: Limits::default(),
        reconcile: settings.reconcile.clone(),
        holder: name.to_owned(),
        ca_certificates: None,
    };
    let shared = Shared {
        clock: clock.clone(),
        behind: settings.behind,
    };
    GithubApp::new(config, transport, Arc::new(shared)).unwrap()
}

async fn listen(listener: TcpListener, router: Router) {
    axum::serve(listener, router).await.unwrap();
}

//! `lampboard serve` in front of a simulated GitHub, on the machine's own time.

use std::process::Child;

use jiff::{SignedDuration, Timestamp};
use lampboard_github_double::{Double, Options, Stage, VirtualClock};
use lampboard_proto::v1::{
    AppMode, GetSystemRequest, ListRepositoriesRequest,
    repository_service_client::RepositoryServiceClient, system_service_client::SystemServiceClient,
};
use rustix::process::{Pid, Signal, kill_process};
use secrecy::ExposeSecret as _;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};
use tonic::transport::{Channel, Endpoint};

use crate::support::{PATIENCE, Running, lampboard, start};

/// Where GitHub is told that Lampboard is. Nobody is there.
const PUBLIC_URL: &str = "http://127.0.0.1:9";

/// Names and values of variables.
pub(crate) type Settings = Vec<(&'static str, String)>;

/// A simulated GitHub, and what Lampboard is told of the App on it.
pub(crate) struct Hub {
    pub(crate) stage: Stage,
    pub(crate) settings: Settings,
    _folder: TempDir,
}

/// A Lampboard that runs.
pub(crate) struct Serve {
    pub(crate) url: String,
    process: Running,
}

/// The machine's own time.
#[expect(
    clippy::disallowed_methods,
    reason = "the binary goes by the machine's clock, and so must its GitHub"
)]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

impl Hub {
    /// A GitHub on which the App is installed, and three runs have run.
    pub(crate) async fn new() -> Self {
        let clock = VirtualClock::following(now);
        clock.advance(SignedDuration::from_hours(-25));
        let double = Double::start(Options {
            clock,
            ..Options::frozen(1, now())
        });
        let double = double.await.unwrap();
        let hook_url = format!("{PUBLIC_URL}/api/webhook/github-actions");
        let stage = Stage::set(&double, Some(&hook_url));
        for _ in 0..3 {
            stage.whole_run(true);
        }
        double.clock().set(now());
        let folder = tempfile::tempdir().unwrap();
        Self {
            settings: settings(&stage, &folder),
            stage,
            _folder: folder,
        }
    }

    /// The same settings but for one.
    pub(crate) fn settings_but(&self, name: &'static str, value: &str) -> Settings {
        let mut settings = self.settings.clone();
        settings.retain(|(other, _)| *other != name);
        settings.push((name, value.to_owned()));
        settings
    }

    /// Runs Lampboard, and waits until it knows the installation.
    pub(crate) async fn serve(&self) -> Serve {
        let serve = serve(&self.settings).await;
        let channel = serve.channel();
        timeout(PATIENCE, async {
            while !is_connected(channel.clone()).await {
                sleep(std::time::Duration::from_millis(20)).await;
            }
        })
        .await
        .expect("it does not find the installation");
        serve
    }
}

fn settings(stage: &Stage, folder: &TempDir) -> Settings {
    let double = &stage.double;
    let (id, key, secret) = double.github(|github| {
        let app = github.app(stage.app).unwrap();
        (app.id.0, app.key.pem(), app.webhook_secret.clone())
    });
    vec![
        ("LAMPBOARD_LISTEN", "127.0.0.1:0".to_owned()),
        (
            "LAMPBOARD_DATA_DIR",
            folder.path().join("data").display().to_string(),
        ),
        ("LAMPBOARD_GITHUB_APP_ID", id.to_string()),
        (
            "LAMPBOARD_GITHUB_PRIVATE_KEY",
            key.expose_secret().to_owned(),
        ),
        (
            "LAMPBOARD_WEBHOOK_SECRET",
            secret.expose_secret().to_owned(),
        ),
        ("LAMPBOARD_GITHUB_WEB_URL", double.web_url().to_owned()),
        ("LAMPBOARD_GITHUB_API_URL", double.api_url().to_owned()),
        ("LAMPBOARD_PUBLIC_URL", PUBLIC_URL.to_owned()),
        // What is loaded is to be loaded by the command.
        ("LAMPBOARD_BACKFILL", "off".to_owned()),
        // The tests are one address that asks without a pause.
        ("LAMPBOARD_CALLS_PER_SECOND", "off".to_owned()),
    ]
}

/// Runs Lampboard, and waits until it listens.
pub(crate) async fn serve(settings: &[(&str, String)]) -> Serve {
    let (process, line) = start(lampboard(&["serve"], settings), "listening on http://").await;
    let (_, address) = line.split_once("listening on ").unwrap();
    let end = address.find(['"', ',', ' ']).unwrap_or(address.len());
    Serve {
        url: address[..end].to_owned(),
        process,
    }
}

impl Serve {
    /// The process.
    pub(crate) fn child(&self) -> &Child {
        &self.process.0
    }

    /// Asks it to stop once it answers; gives its exit code.
    pub(crate) async fn terminate(self) -> Option<i32> {
        let mut system = SystemServiceClient::new(self.channel());
        system.get_system(GetSystemRequest {}).await.unwrap();
        kill_process(Pid::from_child(self.child()), Signal::TERM).unwrap();
        self.process.ended().await
    }

    pub(crate) fn channel(&self) -> Channel {
        Endpoint::from_shared(self.url.clone())
            .unwrap()
            .connect_lazy()
    }
}

async fn is_connected(channel: Channel) -> bool {
    let mut system = SystemServiceClient::new(channel.clone());
    let system = system.get_system(GetSystemRequest {}).await;
    let app = system.ok().and_then(|it| it.into_inner().app);
    let mut repositories = RepositoryServiceClient::new(channel);
    let request = ListRepositoriesRequest::default();
    let repositories = repositories.list_repositories(request).await;
    app.is_some_and(|it| it.mode() == AppMode::Connected)
        && repositories.is_ok_and(|it| !it.into_inner().repositories.is_empty())
}

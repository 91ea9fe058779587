//! A set-up, the GitHub that it speaks to, and the browser that goes through it.

pub(crate) mod browser;
#[path = "../github/support/clock.rs"]
#[expect(dead_code, reason = "nobody sleeps here")]
pub(crate) mod clock;
#[path = "../github/support/der.rs"]
#[expect(dead_code, reason = "here it is for keys, not for certificates")]
pub(crate) mod der;
pub(crate) mod github;
#[path = "../github/support/key.rs"]
pub(crate) mod key;
pub(crate) mod server;

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use lampboard_github_app::{
    Credentials, CredentialsFolder, InstallationProgress, Progress, Setup, SetupConfig,
};
use lampboard_proto::{
    transport,
    v1::{Backfill, system_service_server::SystemServiceServer},
};
use tempfile::TempDir;

use self::{browser::Browser, clock::SteppedClock, github::FakeGitHub, server::FakeServer};

/// Where the browser finds Lampboard.
pub(crate) const BASE: &str = "http://localhost:8080";

pub(crate) struct World {
    pub(crate) setup: Arc<Setup>,
    pub(crate) clock: Arc<SteppedClock>,
    pub(crate) github: Arc<FakeGitHub>,
    pub(crate) progress: Arc<Mutex<Progress>>,
    pub(crate) backfills: Arc<Mutex<Vec<Backfill>>>,
    /// As whom the app was made to act, one after the other.
    pub(crate) connected: Arc<Mutex<Vec<Credentials>>>,
    pub(crate) refuses_to_connect: Arc<AtomicBool>,
    data_dir: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A world whose settings are not the usual ones.
    pub(crate) async fn with(change: impl FnOnce(&mut SetupConfig)) -> Self {
        let data_dir = tempfile::tempdir().unwrap();
        let github = FakeGitHub::start().await;
        let mut config = SetupConfig {
            folder: CredentialsFolder::new(data_dir.path()),
            app: None,
            base_url: BASE.to_owned(),
            public_url: None,
            web_url: github.url.clone(),
            api_url: None,
            ca_certificates: None,
            random,
        };
        change(&mut config);
        let clock = Arc::new(SteppedClock::new());
        let progress = Arc::<Mutex<Progress>>::default();
        let backfills = Arc::<Mutex<Vec<Backfill>>>::default();
        let connected = Arc::<Mutex<Vec<Credentials>>>::default();
        let refuses_to_connect = Arc::<AtomicBool>::default();
        let server = SystemServiceServer::new(FakeServer(Arc::clone(&backfills)));
        let setup = Setup::new(
            config,
            Arc::clone(&clock) as _,
            transport::over(server),
            connect(&connected, &refuses_to_connect),
            read(&progress),
        );
        Self {
            setup: Arc::new(setup),
            clock,
            github,
            progress,
            backfills,
            connected,
            refuses_to_connect,
            data_dir,
        }
    }

    pub(crate) fn folder(&self) -> CredentialsFolder {
        CredentialsFolder::new(self.data_dir.path())
    }

    pub(crate) fn saved(&self) -> Option<Credentials> {
        self.folder().load().unwrap()
    }

    /// Where a file stops credentials from being saved, the superuser's as well.
    pub(crate) fn obstacle(&self) -> PathBuf {
        self.data_dir.path().join("github-app.new")
    }

    /// A browser that nobody gave a link.
    pub(crate) fn stranger(&self) -> Browser {
        Browser::new(self.setup.router(), "localhost:8080")
    }

    /// A browser that opened the link.
    pub(crate) async fn holder(&self) -> Browser {
        let mut browser = self.stranger();
        let link = self.setup.link();
        let opened = browser.get(link.strip_prefix(BASE).unwrap()).await;
        assert_eq!(opened.location(), "/setup");
        browser
    }

    /// The form of somebody who is content with what is proposed.
    pub(crate) fn form(&self) -> Vec<(&'static str, String)> {
        vec![
            ("arrival", "webhooks".to_owned()),
            ("public_url", "http://localhost:8080".to_owned()),
            ("owner", "me".to_owned()),
            ("host", "own".to_owned()),
            ("web_url", self.github.url.clone()),
        ]
    }

    /// A browser whose App is created, saved and connected.
    pub(crate) async fn with_app(&self) -> Browser {
        let mut browser = self.holder().await;
        let state = browser.choose(&self.form()).await;
        let created = browser.come_back("good-code", &state).await;
        assert_eq!(created.location(), "/setup");
        browser
    }

    pub(crate) fn install(&self) {
        self.progress.lock().unwrap().installations = vec![InstallationProgress {
            id: 88,
            account: "acme".to_owned(),
            repository_count: 1204,
        }];
    }
}

fn connect(
    connected: &Arc<Mutex<Vec<Credentials>>>,
    refuses: &Arc<AtomicBool>,
) -> lampboard_github_app::Connect {
    let (connected, refuses) = (Arc::clone(connected), Arc::clone(refuses));
    Arc::new(move |credentials| {
        if refuses.load(Ordering::SeqCst) {
            return Err("the app has no legs".into());
        }
        connected.lock().unwrap().push(credentials);
        Ok(())
    })
}

fn read(progress: &Arc<Mutex<Progress>>) -> lampboard_github_app::ReadProgress {
    let progress = Arc::clone(progress);
    Arc::new(move || progress.lock().unwrap().clone())
}

/// Never the same twice.
fn random(bytes: &mut [u8]) {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let seed = NEXT.fetch_add(1, Ordering::SeqCst).to_le_bytes();
    for (byte, seed) in bytes.iter_mut().zip(seed.iter().cycle()) {
        *byte = *seed;
    }
}

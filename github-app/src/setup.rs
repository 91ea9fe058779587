//! `/setup`: from nothing to an App that is installed, in a browser and without a restart.

mod access;
mod address;
mod arrival;
mod choices;
mod cookie;
mod existing;
mod fields;
mod guard;
mod headers;
mod manifest;
mod pages;
mod routes;
mod site;
mod states;
mod steps;
mod token;

use std::{
    error::Error,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::Router;
use jiff::Timestamp;
use lampboard_proto::{transport::Transport, v1::system_service_client::SystemServiceClient};

pub(crate) use self::routes::router;
use self::{
    access::Access,
    choices::Choices,
    states::States,
    steps::{Known, Pending},
};
use crate::{
    clock::Clock,
    credentials::{Credentials, CredentialsFolder},
};

/// What set-up must be told.
pub struct SetupConfig {
    /// Where the App's credentials are kept.
    pub folder: CredentialsFolder,
    /// The App that there is already: set-up goes on with installing it.
    pub app: Option<Credentials>,
    /// Where the link on the terminal points to, such as `http://127.0.0.1:8080`.
    pub base_url: String,
    /// Where GitHub and people reach Lampboard, if that is known.
    pub public_url: Option<String>,
    /// Where GitHub's pages are.
    pub web_url: String,
    /// Where its API is, unless that follows from where its pages are.
    pub api_url: Option<String>,
    /// Certificates in PEM that are trusted besides those of the machine.
    pub ca_certificates: Option<Vec<u8>>,
    /// Fills bytes with what nobody can foresee.
    pub random: fn(&mut [u8]),
}

impl fmt::Debug for SetupConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetupConfig")
            .field("folder", &self.folder)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

/// Where the API of a GitHub is whose pages are at `web_url`; none if that is no
/// address.
pub fn api_url(web_url: &str) -> Option<String> {
    let web_url = address::github_site(web_url).ok()?;
    Some(address::text(&address::api_of(&web_url)))
}

/// Makes the running app act as this App from now on.
pub type Connect =
    Arc<dyn Fn(Credentials) -> Result<(), Box<dyn Error + Send + Sync>> + Send + Sync>;

/// Tells what the running app has seen of GitHub.
pub type ReadProgress = Arc<dyn Fn() -> Progress + Send + Sync>;

/// What the running app has seen of GitHub.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// Where the App is installed.
    pub installations: Vec<InstallationProgress>,
    /// When the last delivery with a right signature came.
    pub last_webhook_time: Option<Timestamp>,
}

/// One installation of the App.
#[derive(Debug, Clone)]
pub struct InstallationProgress {
    /// GitHub's number of it.
    pub id: i64,
    /// Whose repositories it sees.
    pub account: String,
    /// How many it sees.
    pub repository_count: usize,
}

/// Makes an App at GitHub, or takes one that is there, for whoever has the link.
pub struct Setup {
    config: SetupConfig,
    clock: Arc<dyn Clock>,
    system: SystemServiceClient<Transport>,
    connect: Connect,
    progress: ReadProgress,
    state: Mutex<State>,
    /// Held by whoever carries a step out: they are never carried out at the same time.
    turn: tokio::sync::Mutex<()>,
}

/// How far set-up is.
#[derive(Default)]
struct State {
    access: Access,
    states: States,
    /// What was chosen last.
    choices: Option<Choices>,
    /// The App that there is.
    app: Option<Known>,
    /// What comes next, and if it fails can be tried again.
    pending: Option<Pending>,
    finished: bool,
}

impl Setup {
    /// Makes a set-up that nobody has access to yet. `transport` leads to the server.
    pub fn new(
        config: SetupConfig,
        clock: Arc<dyn Clock>,
        transport: Transport,
        connect: Connect,
        progress: ReadProgress,
    ) -> Self {
        let state = State {
            app: config.app.as_ref().map(Known::of),
            ..State::default()
        };
        Self {
            config,
            clock,
            system: SystemServiceClient::new(transport),
            connect,
            progress,
            state: Mutex::new(state),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// Makes a link that opens set-up once. An earlier one that was not opened
    /// does not any more. Only a terminal should show it.
    pub fn link(&self) -> String {
        let token = self.state().access.new_link(self.config.random);
        let base = self.config.base_url.trim_end_matches('/');
        format!("{base}/setup?token={token}")
    }

    /// Serves `/setup` and all below it.
    pub fn router(self: &Arc<Self>) -> Router {
        routes::router(Arc::clone(self))
    }

    /// Whether set-up is over, and closed.
    pub fn is_finished(&self) -> bool {
        self.state().finished
    }

    /// Ends set-up: nobody needs it any more.
    pub(crate) fn finish(&self) {
        self.state().finished = true;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // What is in it is whole between any two statements that change it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup")
            .field("folder", &self.config.folder)
            .finish_non_exhaustive()
    }
}

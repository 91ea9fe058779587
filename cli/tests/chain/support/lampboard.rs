//! A whole Lampboard, in one process or in two, with everything it needs.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::{
    WEBHOOK_SECRET, WRITE_KEY,
    board::Board,
    database::{self, Database},
    process::{self, Process},
    webhook::Client,
};

/// Names and values of variables.
pub(crate) type Settings = Vec<(&'static str, String)>;

/// How Lampboard runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// `lampboard serve`.
    OneProcess,
    /// `lampboard server` and `lampboard github-app`.
    TwoProcesses,
}

/// A running Lampboard with a database of its own.
pub(crate) struct Lampboard {
    pub(crate) server: Process,
    /// None while the server takes webhooks itself.
    pub(crate) github_app: Option<Process>,
    /// The address of the database, unless it is a file in the folder.
    database: Option<String>,
    /// Settings of this test's own.
    more: Settings,
    // Last, so that it outlives the processes that write there.
    folder: TempDir,
}

impl Lampboard {
    /// Starts one that is ready and knows nothing.
    pub(crate) async fn start(mode: Mode) -> Self {
        Self::on(mode, database::make().await, Vec::new()).await
    }

    /// Starts one that is ready and knows nothing, with further settings.
    pub(crate) async fn start_with(mode: Mode, further: Settings) -> Self {
        Self::on(mode, database::make().await, further).await
    }

    /// Starts one that is ready and has its builds in a database of this address.
    pub(crate) async fn start_on(mode: Mode, database: String) -> Self {
        Self::on(mode, Some(database), Vec::new()).await
    }

    async fn on(mode: Mode, database: Option<String>, further: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let anywhere = ([127, 0, 0, 1], 0).into();
        let server = start_server(mode, &folder, (database.as_deref(), &further), anywhere).await;
        let github_app = match mode {
            Mode::OneProcess => None,
            Mode::TwoProcesses => Some(start_github_app(&folder, anywhere, server.address()).await),
        };
        Self {
            server,
            github_app,
            database,
            more: further,
            folder,
        }
    }

    /// Starts one more server on the same database. None if that is a file, which no two
    /// servers share.
    pub(crate) async fn another_server(&self) -> Option<Self> {
        let database = self.database.clone()?;
        let folder = tempfile::tempdir().unwrap();
        let anywhere = ([127, 0, 0, 1], 0).into();
        let further = self.more.clone();
        let kept = (Some(database.as_str()), &further);
        let server = start_server(Mode::TwoProcesses, &folder, kept, anywhere).await;
        Some(Self {
            server,
            github_app: None,
            database: Some(database),
            more: further,
            folder,
        })
    }

    /// Starts `lampboard serve` beside this one, with its settings. None if the database is a
    /// file.
    pub(crate) async fn beside(&self) -> Option<Self> {
        let database = self.database.clone()?;
        let folder = tempfile::tempdir().unwrap();
        Some(Self::serve_on(folder, Some(database), self.more.clone()).await)
    }

    /// Starts `lampboard serve` on a database that is there.
    pub(crate) async fn on_database(url: String) -> Self {
        Self::on_database_with(url, Vec::new()).await
    }

    /// The same with further settings.
    pub(crate) async fn on_database_with(url: String, further: Settings) -> Self {
        Self::serve_on(tempfile::tempdir().unwrap(), Some(url), further).await
    }

    /// Starts `lampboard serve` on a copy of a file.
    pub(crate) async fn restore(copy: &Path) -> Self {
        Self::restore_with(copy, Vec::new()).await
    }

    /// The same with further settings.
    pub(crate) async fn restore_with(copy: &Path, further: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        fs::copy(copy, folder.path().join("data/lampboard.db")).unwrap();
        Self::serve_on(folder, None, further).await
    }

    async fn serve_on(folder: TempDir, database: Option<String>, further: Settings) -> Self {
        let anywhere = ([127, 0, 0, 1], 0).into();
        let kept = (database.as_deref(), &further);
        let server = start_server(Mode::OneProcess, &folder, kept, anywhere).await;
        Self {
            server,
            github_app: None,
            database,
            more: further,
            folder,
        }
    }

    /// Gives a setting of this test's own another value, for the next start.
    pub(crate) fn set(&mut self, name: &'static str, value: String) {
        self.more.retain(|(other, _)| *other != name);
        self.more.push((name, value));
    }

    /// A command with the settings of the server.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut settings = settings(&self.folder, self.server.address());
        if let Some(url) = &self.database {
            settings.push(("LAMPBOARD_DATABASE_URL", url.clone()));
        }
        process::lampboard(arguments, &borrowed(&settings))
    }

    /// The address of the database. None if it is a file.
    pub(crate) fn database_url(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// Starts `lampboard serve`.
    pub(crate) async fn serve() -> Self {
        Self::start(Mode::OneProcess).await
    }

    /// Starts `lampboard serve` with few file descriptors to go around.
    pub(crate) async fn serve_with_files(files: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(&folder, ([127, 0, 0, 1], 0).into());
        let settings = borrowed(&settings);
        let command = process::lampboard_with_files(files, &["serve"], &settings);
        let server = Process::start(command, folder.path()).await;
        server.wait_until_ready().await;
        Self {
            server,
            github_app: None,
            database: None,
            more: Vec::new(),
            folder,
        }
    }

    /// Starts `lampboard serve` on a small disk, with further settings.
    pub(crate) async fn serve_on_disk(megabytes: u32, more: &[(&'static str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        let mut settings = settings(&folder, ([127, 0, 0, 1], 0).into());
        settings.extend(
            more.iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        let settings = borrowed(&settings);
        let command =
            process::lampboard_on_disk(&format!("size={megabytes}m"), &["serve"], &settings);
        let server = Process::start(command, folder.path()).await;
        server.wait_until_ready().await;
        Self {
            server,
            github_app: None,
            database: None,
            more: Vec::new(),
            folder,
        }
    }

    /// Where the server sees its data folder, on a disk of its own.
    pub(crate) fn data_on_disk(&self) -> PathBuf {
        let data = self.data_in_its_eyes();
        self.server.root().join(data.strip_prefix("/").unwrap())
    }

    /// What the server calls it.
    pub(crate) fn data_in_its_eyes(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Where webhooks go.
    pub(crate) fn webhook_address(&self) -> SocketAddr {
        self.github_app.as_ref().unwrap_or(&self.server).address()
    }

    /// A client with connections of its own, for webhooks.
    pub(crate) fn hook(&self) -> Client {
        Client::new(self.webhook_address())
    }

    pub(crate) async fn board(&self) -> Board {
        Board::connect(self.server.address()).await
    }

    /// The database file, read beside the server.
    pub(crate) async fn database(&self) -> Database {
        match &self.database {
            Some(url) => Database::connect(url).await,
            None => Database::open(&self.database_path()).await,
        }
    }

    /// The database, to do to it what nobody should.
    pub(crate) async fn database_to_change(&self) -> Database {
        match &self.database {
            Some(url) => Database::connect(url).await,
            None => Database::open_to_change(&self.database_path()).await,
        }
    }

    fn database_path(&self) -> PathBuf {
        self.folder.path().join("data/lampboard.db")
    }

    /// Starts the server anew, at the same address and on the same data.
    pub(crate) async fn restart_server(&mut self) {
        let mode = match self.github_app {
            None => Mode::OneProcess,
            Some(_) => Mode::TwoProcesses,
        };
        let (kept, address) = (
            (self.database.as_deref(), &self.more),
            self.server.address(),
        );
        self.server = start_server(mode, &self.folder, kept, address).await;
    }

    /// Starts github-app anew, at the same address.
    pub(crate) async fn restart_github_app(&mut self) {
        let address = self.webhook_address();
        let app = start_github_app(&self.folder, address, self.server.address()).await;
        self.github_app = Some(app);
    }
}

async fn start_server(
    mode: Mode,
    folder: &TempDir,
    (database, further): (Option<&str>, &Settings),
    address: SocketAddr,
) -> Process {
    let role = match mode {
        Mode::OneProcess => "serve",
        Mode::TwoProcesses => "server",
    };
    let mut settings = settings(folder, address);
    settings.extend(further.iter().cloned());
    if let Some(url) = database {
        settings.push(("LAMPBOARD_DATABASE_URL", url.to_owned()));
    }
    let command = process::lampboard(&[role], &borrowed(&settings));
    let server = Process::start(command, folder.path()).await;
    server.wait_until_ready().await;
    server
}

async fn start_github_app(folder: &TempDir, address: SocketAddr, server: SocketAddr) -> Process {
    let mut settings = settings(folder, address);
    settings.push(("LAMPBOARD_SERVER_URL", format!("http://{server}")));
    let command = process::lampboard(&["github-app"], &borrowed(&settings));
    let app = Process::start(command, folder.path()).await;
    app.wait_until_ready().await;
    app
}

fn settings(folder: &TempDir, address: SocketAddr) -> Settings {
    let data = folder.path().join("data").display().to_string();
    vec![
        ("LAMPBOARD_LISTEN", address.to_string()),
        ("LAMPBOARD_DATA_DIR", data),
        ("LAMPBOARD_WEBHOOK_SECRET", WEBHOOK_SECRET.to_owned()),
        ("LAMPBOARD_WRITE_KEY", WRITE_KEY.to_owned()),
        // What the tests tell of is years old: it would be deleted while they look at it.
        ("LAMPBOARD_RETENTION_BUILDS", "off".to_owned()),
        ("LAMPBOARD_RETENTION_JOBS", "off".to_owned()),
        // The tests are one address that asks without a pause.
        ("LAMPBOARD_CALLS_PER_SECOND", "off".to_owned()),
        ("LAMPBOARD_STREAMS_PER_ADDRESS", "off".to_owned()),
    ]
}

fn borrowed<'a>(settings: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    let pairs = settings.iter();
    pairs.map(|(name, value)| (*name, value.as_str())).collect()
}

//! Flags and `LAMPBOARD_*` variables by topic: the one place that knows their names.

mod alerts;
mod client;
mod database;
mod duration;
mod github;
mod network;
mod secret;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::bail;
use clap::{Args, Parser, Subcommand, ValueEnum};
use lampboard_server::Retention;
use secrecy::ExposeSecret as _;

pub(crate) use alerts::AlertArgs;
pub(crate) use client::{AlertsTestArgs, BackfillArgs, BackupArgs, DoctorArgs};
pub(crate) use database::DatabaseArgs;
pub(crate) use github::{GithubArgs, ReconcileArgs};
pub(crate) use network::{
    CallerArgs, ListenArgs, PortArgs, ServerTlsArgs, SiteArgs, WebhookListenArgs,
};
pub(crate) use secret::{SecretArg, SecretList};

/// A CI/CD dashboard for GitHub Actions.
#[derive(Debug, Parser)]
#[command(name = "lampboard", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) log: LogArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run everything in one process: the way to start.
    Serve(Box<ServeArgs>),
    /// Run the gRPC server and the web UI alone.
    Server(Box<ServerArgs>),
    /// Run the receiver of GitHub's webhooks alone, in front of a server.
    GithubApp(GithubAppArgs),
    /// Bring the database to the schema of this version, and end. The server does so at its start,
    /// too.
    Migrate(MigrateArgs),
    /// Write a copy of the database to a file, while builds are taken in.
    Backup(BackupArgs),
    /// Load the history of repositories, and show how far it is.
    Backfill(BackfillArgs),
    /// Look at everything between GitHub and Lampboard, and say what is wrong and how to mend it.
    Doctor(DoctorArgs),
    /// See to alerts.
    #[command(subcommand)]
    Alerts(AlertsCommand),
    /// Show a board full of builds, fed by a simulated GitHub. Needs no account and no network.
    Demo(DemoArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum AlertsCommand {
    /// Send a test message to a channel, and say what the provider answered.
    Test(AlertsTestArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) listen: ListenArgs,
    #[command(flatten)]
    pub(crate) webhook_listen: WebhookListenArgs,
    #[command(flatten)]
    pub(crate) ports: PortArgs,
    #[command(flatten)]
    pub(crate) callers: CallerArgs,
    #[command(flatten)]
    pub(crate) sites: SiteArgs,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    #[command(flatten)]
    pub(crate) auth: AuthArgs,
    #[command(flatten)]
    pub(crate) webhook: WebhookArgs,
    #[command(flatten)]
    pub(crate) github: GithubArgs,
    #[command(flatten)]
    pub(crate) reconcile: ReconcileArgs,
    #[command(flatten)]
    pub(crate) alerts: AlertArgs,
    #[command(flatten)]
    pub(crate) write_key: WriteKeyArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ServerArgs {
    #[command(flatten)]
    pub(crate) listen: ListenArgs,
    #[command(flatten)]
    pub(crate) ports: PortArgs,
    #[command(flatten)]
    pub(crate) callers: CallerArgs,
    #[command(flatten)]
    pub(crate) sites: SiteArgs,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    #[command(flatten)]
    pub(crate) auth: AuthArgs,
    #[command(flatten)]
    pub(crate) webhook: WebhookArgs,
    #[command(flatten)]
    pub(crate) alerts: AlertArgs,
    /// Where people reach Lampboard, such as `https://ci.example.org`: for the links in messages.
    #[arg(long, env = "LAMPBOARD_PUBLIC_URL", value_name = "URL")]
    pub(crate) public_url: Option<String>,
    #[command(flatten)]
    pub(crate) write_key: WriteKeyArgs,
}

#[derive(Debug, Args)]
pub(crate) struct GithubAppArgs {
    #[command(flatten)]
    pub(crate) listen: ListenArgs,
    #[command(flatten)]
    pub(crate) webhook_listen: WebhookListenArgs,
    #[command(flatten)]
    pub(crate) ports: PortArgs,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) webhook: WebhookArgs,
    #[command(flatten)]
    pub(crate) github: GithubArgs,
    #[command(flatten)]
    pub(crate) reconcile: ReconcileArgs,
    #[command(flatten)]
    pub(crate) write_key: WriteKeyArgs,
    /// Where the server listens, such as `http://127.0.0.1:8080` or `https://HOST:PORT`.
    #[arg(long, env = "LAMPBOARD_SERVER_URL", value_name = "URL")]
    pub(crate) server_url: String,
    #[command(flatten)]
    pub(crate) server_tls: ServerTlsArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Make a backup first: there is no way back but by one. Run it with the settings of the server, and \
while no server runs on the file.")]
pub(crate) struct MigrateArgs {
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Where the board is served. If the port is taken, another one is used.
    #[arg(
        long,
        env = "LAMPBOARD_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8080"
    )]
    pub(crate) listen: SocketAddr,
    /// What the invented history is made from: the same seed gives the same organisation.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Storage")]
pub(crate) struct DataArgs {
    /// Folder for everything that is kept. Made if it is missing.
    #[arg(
        long,
        env = "LAMPBOARD_DATA_DIR",
        value_name = "FOLDER",
        default_value = "./lampboard-data"
    )]
    pub(crate) data_dir: PathBuf,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Storage")]
pub(crate) struct StoreArgs {
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    /// How long the bodies of webhooks are kept, after they came; `off` for as long as there is
    /// room.
    #[arg(
        long,
        env = "LAMPBOARD_RETENTION_PAYLOADS",
        value_name = "TIME",
        default_value = "7d",
        value_parser = duration::history
    )]
    retention_payloads: duration::History,
    /// How long jobs and steps are kept, after their run ended; `off` for as long as the builds.
    #[arg(
        long,
        env = "LAMPBOARD_RETENTION_JOBS",
        value_name = "TIME",
        default_value = "90d",
        value_parser = duration::history
    )]
    retention_jobs: duration::History,
    /// How long builds are kept, after their run ended; `off` for as long as there is room. Older
    /// ones are not loaded either.
    #[arg(
        long,
        env = "LAMPBOARD_RETENTION_BUILDS",
        value_name = "TIME",
        default_value = "400d",
        value_parser = duration::history
    )]
    retention_builds: duration::History,
    /// How long the builds of a repository are kept that the App can not see any more; `off` for
    /// as long as others.
    #[arg(
        long,
        env = "LAMPBOARD_RETENTION_UNINSTALLED",
        value_name = "TIME",
        default_value = "30d",
        value_parser = duration::history
    )]
    retention_uninstalled: duration::History,
}

impl StoreArgs {
    /// For how long what is kept.
    pub(crate) fn retention(&self) -> Retention {
        Retention {
            payloads: self.retention_payloads.0,
            jobs: self.retention_jobs.0,
            builds: self.retention_builds.0,
            uninstalled: self.retention_uninstalled.0,
        }
    }
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Access")]
pub(crate) struct AuthArgs {
    /// How people sign in.
    #[arg(long, env = "LAMPBOARD_AUTH", value_enum, default_value_t = Auth::None)]
    pub(crate) auth: Auth,
}

/// How people sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Auth {
    /// Not at all: everybody who reaches the port sees everything. Refused unless listening on
    /// loopback.
    None,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "GitHub")]
pub(crate) struct WebhookArgs {
    /// The webhook secret of the GitHub App. Several, comma-separated, while one replaces another.
    /// A `server` that has it takes what github-app sends on as a webhook with GitHub's signature
    /// only.
    #[arg(
        long,
        env = "LAMPBOARD_WEBHOOK_SECRET",
        value_name = "SECRET",
        hide_env_values = true
    )]
    webhook_secret: Option<SecretArg>,
    /// A file that holds the webhook secret.
    #[arg(
        long,
        env = "LAMPBOARD_WEBHOOK_SECRET_FILE",
        value_name = "FILE",
        conflicts_with = "webhook_secret"
    )]
    webhook_secret_file: Option<PathBuf>,
}

impl WebhookArgs {
    /// Whether either setting is there, even with nothing in it.
    fn is_set(&self) -> bool {
        self.webhook_secret.is_some() || self.webhook_secret_file.is_some()
    }

    /// The secrets, none if neither setting is set.
    pub(crate) fn secrets(&self) -> anyhow::Result<SecretList> {
        let secret = secret::read(
            self.webhook_secret.as_ref(),
            self.webhook_secret_file.as_deref(),
        )?;
        if self.is_set() && secret.is_none() {
            bail!(
                "no webhook secret where LAMPBOARD_WEBHOOK_SECRET or LAMPBOARD_WEBHOOK_SECRET_FILE \
                 says there is one: make one with `openssl rand -hex 32` and set it here and in the \
                 webhook settings of the GitHub App, or unset both to set an App up in the browser"
            );
        }
        Ok(secret.map(|secret| secret.split()).unwrap_or_default())
    }

    /// The file that they are in, by the name of its setting, if they are in one.
    pub(crate) fn secret_file(&self) -> Option<(&'static str, &Path)> {
        let file = self.webhook_secret_file.as_deref();
        file.map(|file| ("LAMPBOARD_WEBHOOK_SECRET_FILE", file))
    }
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Between the parts")]
pub(crate) struct WriteKeyArgs {
    /// What lets github-app report to the server. `serve` makes one for the life of the process.
    /// Several, comma-separated, while one replaces another: a server takes any of them, github-app
    /// sends the first.
    #[arg(
        long,
        env = "LAMPBOARD_WRITE_KEY",
        value_name = "KEY",
        hide_env_values = true
    )]
    write_key: Option<SecretArg>,
    /// A file that holds the write key.
    #[arg(
        long,
        env = "LAMPBOARD_WRITE_KEY_FILE",
        value_name = "FILE",
        conflicts_with = "write_key"
    )]
    write_key_file: Option<PathBuf>,
}

impl WriteKeyArgs {
    /// The keys, none if neither setting is set.
    pub(crate) fn keys(&self) -> anyhow::Result<SecretList> {
        let keys = secret::read(self.write_key.as_ref(), self.write_key_file.as_deref())?;
        let keys = keys.map(|keys| keys.split()).unwrap_or_default();
        if keys.iter().any(|key| key.expose_secret().is_empty()) {
            bail!("a write key is empty: make one with `openssl rand -hex 32`");
        }
        Ok(keys)
    }
}

#[derive(Debug, Args)]
pub(crate) struct LogArgs {
    /// What is logged: a level, or levels by part such as `info,lampboard_server=debug`.
    #[arg(
        long,
        env = "LAMPBOARD_LOG",
        value_name = "FILTER",
        default_value = "info",
        global = true,
        help_heading = "Logging"
    )]
    pub(crate) log: String,
    /// How it is logged. Unset: `text` on a terminal, else `json`.
    #[arg(
        long,
        env = "LAMPBOARD_LOG_FORMAT",
        value_enum,
        global = true,
        help_heading = "Logging"
    )]
    pub(crate) log_format: Option<LogFormat>,
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for people.
    Text,
    /// An object a line, for programs.
    Json,
}

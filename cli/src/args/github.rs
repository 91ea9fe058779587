//! How Lampboard is known to GitHub, and how it asks GitHub for what it missed.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use lampboard_github_app::{Patterns, Reconcile};

use super::{
    SecretArg,
    duration::{self, History},
    secret,
};

#[derive(Debug, Args)]
#[command(next_help_heading = "GitHub App")]
pub(crate) struct GithubArgs {
    /// The id of the GitHub App. Unset, the App that `/setup` made is used.
    #[arg(
        long,
        env = "LAMPBOARD_GITHUB_APP_ID",
        value_name = "ID",
        value_parser = clap::value_parser!(i64).range(1..)
    )]
    pub(crate) github_app_id: Option<i64>,
    /// The private key of the GitHub App, as PEM.
    #[arg(
        long,
        env = "LAMPBOARD_GITHUB_PRIVATE_KEY",
        value_name = "PEM",
        hide_env_values = true
    )]
    github_private_key: Option<SecretArg>,
    /// A file that holds the private key.
    #[arg(
        long,
        env = "LAMPBOARD_GITHUB_PRIVATE_KEY_FILE",
        value_name = "FILE",
        conflicts_with = "github_private_key"
    )]
    github_private_key_file: Option<PathBuf>,
    /// The client id of the GitHub App.
    #[arg(long, env = "LAMPBOARD_GITHUB_CLIENT_ID", value_name = "ID")]
    pub(crate) github_client_id: Option<String>,
    /// The client secret of the GitHub App.
    #[arg(
        long,
        env = "LAMPBOARD_GITHUB_CLIENT_SECRET",
        value_name = "SECRET",
        hide_env_values = true
    )]
    github_client_secret: Option<SecretArg>,
    /// A file that holds the client secret.
    #[arg(
        long,
        env = "LAMPBOARD_GITHUB_CLIENT_SECRET_FILE",
        value_name = "FILE",
        conflicts_with = "github_client_secret"
    )]
    github_client_secret_file: Option<PathBuf>,
    /// Where GitHub's pages are: another address for GitHub Enterprise Server or ghe.com.
    #[arg(
        long,
        env = "LAMPBOARD_GITHUB_WEB_URL",
        value_name = "URL",
        default_value = "https://github.com"
    )]
    pub(crate) github_web_url: String,
    /// Where GitHub's API is. Unset, it follows from where its pages are: of github.com, it is
    /// `https://api.github.com`.
    #[arg(long, env = "LAMPBOARD_GITHUB_API_URL", value_name = "URL")]
    pub(crate) github_api_url: Option<String>,
    /// A file with certificates, as PEM, that GitHub's may be signed with, beside those that this
    /// machine trusts.
    #[arg(long, env = "LAMPBOARD_GITHUB_CA_FILE", value_name = "FILE")]
    pub(crate) github_ca_file: Option<PathBuf>,
    /// Where GitHub and people reach Lampboard, such as `https://ci.example.org`.
    #[arg(long, env = "LAMPBOARD_PUBLIC_URL", value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// Take no webhooks: GitHub can not reach this address, and is asked for everything.
    #[arg(long, env = "LAMPBOARD_GITHUB_POLLING", value_parser = clap::builder::BoolishValueParser::new(), default_value_t = false, num_args = 0..=1, default_missing_value = "true")]
    pub(crate) github_polling: bool,
}

impl GithubArgs {
    /// The private key, if either setting is set.
    pub(crate) fn private_key(&self) -> anyhow::Result<Option<SecretArg>> {
        secret::read(
            self.github_private_key.as_ref(),
            self.github_private_key_file.as_deref(),
        )
    }

    /// The client secret, if either setting is set.
    pub(crate) fn client_secret(&self) -> anyhow::Result<Option<SecretArg>> {
        secret::read(
            self.github_client_secret.as_ref(),
            self.github_client_secret_file.as_deref(),
        )
    }

    /// The files that secrets are in, by the names of their settings.
    pub(crate) fn secret_files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let files = [
            (
                "LAMPBOARD_GITHUB_PRIVATE_KEY_FILE",
                &self.github_private_key_file,
            ),
            (
                "LAMPBOARD_GITHUB_CLIENT_SECRET_FILE",
                &self.github_client_secret_file,
            ),
        ];
        files
            .into_iter()
            .filter_map(|(name, file)| Some((name, file.as_deref()?)))
    }
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Reconcile")]
pub(crate) struct ReconcileArgs {
    /// How often GitHub is asked for what webhooks missed.
    #[arg(
        long,
        env = "LAMPBOARD_RECONCILE_INTERVAL",
        value_name = "TIME",
        default_value = "60s",
        value_parser = duration::positive
    )]
    reconcile_interval: Duration,
    /// By how much, at most, a round is put off, so that many servers do not ask at once.
    #[arg(
        long,
        env = "LAMPBOARD_RECONCILE_JITTER",
        value_name = "TIME",
        default_value = "10s",
        value_parser = duration::parse
    )]
    reconcile_jitter: Duration,
    /// The repositories to look at, comma-separated, with stars: `acme/*,!acme/playground`. Those
    /// with `!` are left out. Unset, all that the App is installed on.
    #[arg(long, env = "LAMPBOARD_REPOSITORIES", value_name = "PATTERNS")]
    repositories: Option<String>,
    /// How far back the history of a new repository is loaded; `off` for not at all.
    #[arg(
        long,
        env = "LAMPBOARD_BACKFILL",
        value_name = "TIME",
        default_value = "30d",
        value_parser = duration::history
    )]
    backfill: History,
    /// An earlier name of `LAMPBOARD_RECONCILE_INTERVAL`.
    #[arg(
        long,
        env = "WORKER_POLL_INTERVAL",
        hide = true,
        value_parser = duration::positive
    )]
    worker_poll_interval: Option<Duration>,
    /// An earlier name of `LAMPBOARD_RECONCILE_JITTER`.
    #[arg(
        long,
        env = "WORKER_JITTER_SECONDS",
        hide = true,
        value_parser = duration::parse
    )]
    worker_jitter_seconds: Option<Duration>,
    /// An earlier name of `LAMPBOARD_REPOSITORIES`.
    #[arg(long, env = "GITHUB_REPOS", hide = true)]
    github_repos: Option<String>,
}

impl ReconcileArgs {
    /// What they say; a present name wins over the earlier one only if it says something else than
    /// its default.
    pub(crate) fn settings(&self) -> Reconcile {
        let usual = Reconcile::default();
        let or_earlier = |now: Duration, usual: Duration, earlier: Option<Duration>| match earlier {
            Some(earlier) if now == usual => earlier,
            _ => now,
        };
        let names = self.repositories.as_ref().or(self.github_repos.as_ref());
        let names = names.map(String::as_str).unwrap_or_default();
        Reconcile {
            interval: or_earlier(
                self.reconcile_interval,
                usual.interval,
                self.worker_poll_interval,
            ),
            jitter: or_earlier(
                self.reconcile_jitter,
                usual.jitter,
                self.worker_jitter_seconds,
            ),
            repositories: Patterns::new(names.split(',')),
            history: self.backfill.0,
        }
    }
}

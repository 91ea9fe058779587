//! What the commands are told that look at a Lampboard from beside it.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use super::{DatabaseArgs, GithubArgs, ServerTlsArgs, StoreArgs, WebhookArgs, duration};

#[derive(Debug, Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct ClientArgs {
    /// Where the server listens, if it is on another machine, such as `http://127.0.0.1:8080`.
    /// Unset, it is asked through the socket beside the data; if none runs, this command opens the
    /// database itself.
    #[arg(long, env = "LAMPBOARD_SERVER_URL", value_name = "URL")]
    pub(crate) server_url: Option<String>,
    #[command(flatten)]
    pub(crate) server_tls: ServerTlsArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lampboard backfill --repository acme/api
  lampboard backfill --repository acme/api --repository acme/web --since 90d
  lampboard backfill --repository acme/api --no-wait --json

Exit codes: 0 all is loaded, 1 something failed or was cancelled, 2 wrong usage, 5 the server does \
not answer, 8 still to be loaded: after Ctrl-C, or by the next server that runs.")]
pub(crate) struct BackfillArgs {
    /// The repository, as `owner/name`. May be given more than once.
    #[arg(
        long = "repository",
        value_name = "OWNER/NAME",
        required = true,
        value_parser = full_name
    )]
    pub(crate) repositories: Vec<String>,
    /// How far back to go.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "30d",
        value_parser = duration::positive
    )]
    pub(crate) since: Duration,
    /// Do not wait until all is loaded.
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// Write an object of JSON a repository, instead of text.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lampboard backup /var/backups/lampboard-2026-03-02.db

The server that runs on the database writes it; if none runs, this command does. To restore, stop \
the server and put the file in the place of `lampboard.db`, without the files `-wal` and `-shm` of \
the old one. PostgreSQL is backed up by its own tools. Exit codes: 0 it is written, 1 it is not, 2 \
wrong usage.")]
pub(crate) struct BackupArgs {
    /// Where the copy goes. Nothing is overwritten.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lampboard alerts test --channel '#ci'

The server that runs on the database sends it, with its own settings; run this with its data folder. \
If the provider takes it, the pause of the channel ends. Exit codes: 0 it was taken, 1 it was not, 2 \
wrong usage, 5 no server answers.")]
pub(crate) struct AlertsTestArgs {
    /// The name of the channel, or its id.
    #[arg(long, value_name = "NAME_OR_ID")]
    pub(crate) channel: String,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lampboard doctor
  lampboard doctor --data-dir /var/lib/lampboard --server-url http://127.0.0.1:9000
  lampboard doctor --recount
  lampboard doctor --json | jq '.[] | select(.level != \"ok\")'

Takes the settings of `lampboard serve`. Exit codes: 0 nothing fails, 1 something does, 2 wrong \
usage, 5 nobody could recount.")]
pub(crate) struct DoctorArgs {
    /// Only work out anew, from every build and every job, what is kept of them, and compare.
    #[arg(long)]
    pub(crate) recount: bool,
    /// Write what was found as an array of JSON, instead of text.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) client: ClientArgs,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    #[command(flatten)]
    pub(crate) webhook: WebhookArgs,
    #[command(flatten)]
    pub(crate) github: GithubArgs,
}

/// Reads a name like `acme/api`.
fn full_name(text: &str) -> Result<String, String> {
    match text.split_once('/') {
        Some((owner, name)) if !owner.is_empty() && !name.is_empty() && !name.contains('/') => {
            Ok(text.to_owned())
        }
        _ => Err("it is not like owner/name".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_named_with_its_owner() {
        assert_eq!(full_name("acme/api"), Ok("acme/api".to_owned()));
        for text in ["", "api", "/api", "acme/", "acme/api/x"] {
            assert!(full_name(text).is_err(), "{text}");
        }
    }
}

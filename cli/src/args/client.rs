//! What the commands are told that look at a running Lampboard from beside it.

use std::time::Duration;

use clap::Args;

use super::{GithubArgs, StoreArgs, WebhookArgs, duration};

#[derive(Debug, Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct ClientArgs {
    /// Where the server listens.
    #[arg(
        long,
        env = "LAMPBOARD_SERVER_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:8080"
    )]
    pub(crate) server_url: String,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lampboard backfill --repository acme/api
  lampboard backfill --repository acme/api --repository acme/web --since 90d
  lampboard backfill --repository acme/api --no-wait --json

Exit codes: 0 all is loaded, 1 something failed or was cancelled, 2 wrong usage, 5 no server \
answers, 8 still loading after Ctrl-C.")]
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
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lampboard doctor
  lampboard doctor --data-dir /var/lib/lampboard --server-url http://127.0.0.1:9000
  lampboard doctor --json | jq '.[] | select(.level != \"ok\")'

Takes the settings of `lampboard serve`. Exit codes: 0 nothing fails, 1 something does, 2 wrong \
usage.")]
pub(crate) struct DoctorArgs {
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

//! How Lampboard is started, in one process or in two.

use std::path::Path;
use std::process::Command;

use super::{KEY, Ports, SECRET, in_clean_environment};
use crate::database::Address;

/// Seals what is secret of channels.
const MASTER_KEY: &str = "6f1d2b0c9a8e7d5f4c3b2a190817263544f3e2d1c0bfae9d8c7b6a5948372615";

/// Everything in one process, on the database given or in a file in `data`.
pub(crate) fn serve(binary: &Path, port: u16, data: &Path, database: Option<&Address>) -> Command {
    let mut command = in_clean_environment(binary);
    command
        .arg("serve")
        .env("LAMPBOARD_LISTEN", format!("127.0.0.1:{port}"))
        .env("LAMPBOARD_DATA_DIR", data)
        .env("LAMPBOARD_WEBHOOK_SECRET", SECRET)
        .env("LAMPBOARD_CALLS_PER_SECOND", "off")
        .env("LAMPBOARD_STREAMS_PER_ADDRESS", "off")
        .env("LAMPBOARD_AUTH", "none");
    if let Some(address) = database {
        command.env("LAMPBOARD_DATABASE_URL", address.url());
    }
    command
}

/// The same on a file, sending alerts to receivers on this machine, one of which speaks as
/// Slack does.
pub(crate) fn sending(binary: &Path, port: u16, data: &Path, slack: &str) -> Command {
    let mut command = serve(binary, port, data, None);
    command
        .env("LAMPBOARD_MASTER_KEY", MASTER_KEY)
        .env("LAMPBOARD_OUTBOUND_ALLOW", "127.0.0.0/8")
        .env("LAMPBOARD_SLACK_HOSTS", slack);
    command
}

/// What answers, on the database given.
pub(crate) fn server(binary: &Path, port: u16, data: &Path, database: &Address) -> Command {
    let mut command = in_clean_environment(binary);
    command
        .arg("server")
        .env("LAMPBOARD_LISTEN", format!("127.0.0.1:{port}"))
        .env("LAMPBOARD_DATA_DIR", data)
        .env("LAMPBOARD_DATABASE_URL", database.url())
        .env("LAMPBOARD_WRITE_KEY", KEY)
        .env("LAMPBOARD_CALLS_PER_SECOND", "off")
        .env("LAMPBOARD_STREAMS_PER_ADDRESS", "off")
        .env("LAMPBOARD_AUTH", "none");
    command
}

/// What takes deliveries in, in front of a server.
pub(crate) fn github_app(binary: &Path, ports: Ports, data: &Path) -> Command {
    let mut command = in_clean_environment(binary);
    command
        .arg("github-app")
        .env("LAMPBOARD_LISTEN", format!("127.0.0.1:{}", ports.webhook))
        .env("LAMPBOARD_DATA_DIR", data)
        .env(
            "LAMPBOARD_SERVER_URL",
            format!("http://127.0.0.1:{}", ports.api),
        )
        .env("LAMPBOARD_WRITE_KEY", KEY)
        .env("LAMPBOARD_WEBHOOK_SECRET", SECRET);
    command
}

//! How Lampboard is started, in one process or in two.

use std::path::Path;
use std::process::Command;

use super::{KEY, Ports, SECRET, in_clean_environment};
use crate::database::Address;

/// Everything in one process, on the database given or in a file in `data`.
pub(crate) fn serve(binary: &Path, port: u16, data: &Path, database: Option<&Address>) -> Command {
    let mut command = in_clean_environment(binary);
    command
        .arg("serve")
        .env("LAMPBOARD_LISTEN", format!("127.0.0.1:{port}"))
        .env("LAMPBOARD_DATA_DIR", data)
        .env("LAMPBOARD_WEBHOOK_SECRET", SECRET)
        .env("LAMPBOARD_AUTH", "none");
    if let Some(address) = database {
        command.env("LAMPBOARD_DATABASE_URL", address.url());
    }
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

//! How Lampboard is started, in one process or in two.

use std::path::Path;
use std::process::Command;

use super::{SECRET, in_clean_environment};
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

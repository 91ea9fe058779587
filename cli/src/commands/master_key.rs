//! The key that secrets are sealed with, made beside a database in a file.

use std::{
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use anyhow::Context as _;
use lampboard_server::Database;
use secrecy::{ExposeSecret as _, SecretString};

use super::parts;

/// The key beside a database, made if there is none. A server's data are elsewhere, for
/// several to share: there it has to be set. Where none can be made, as on a full disk, all
/// goes on but for channels with secrets.
pub(crate) fn beside(database: &Database) -> anyhow::Result<Option<SecretString>> {
    let Database::Sqlite(path) = database else {
        return Ok(None);
    };
    let mut file = path.as_os_str().to_owned();
    file.push(".key");
    let file = Path::new(&file);
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(text.trim().into())),
        Err(error) if error.kind() == ErrorKind::NotFound => match make(file) {
            Ok(key) => Ok(Some(key)),
            Err(error) => {
                let file = file.display();
                tracing::warn!(%error, "alert channels can have no secrets: {file} can not be made");
                Ok(None)
            }
        },
        Err(error) => {
            Err(error).with_context(|| format!("can not read the master key {}", file.display()))
        }
    }
}

/// Makes it whole or not at all, and for its owner alone.
fn make(file: &Path) -> anyhow::Result<SecretString> {
    let key = parts::make_secret()?;
    let mut unfinished = file.as_os_str().to_owned();
    unfinished.push(".new");
    let unfinished = Path::new(&unfinished);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut written = options.open(unfinished)?;
    written.write_all(key.expose_secret().as_bytes())?;
    written.sync_all()?;
    fs::rename(unfinished, file)?;
    // A power cut must not take the name, and leave what is sealed with the key.
    let folder = file.parent().filter(|it| !it.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(key)
}

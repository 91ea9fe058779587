//! A file of `SQLite`.

use std::{
    fs::{File, OpenOptions},
    io::ErrorKind,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::Path,
};

use sqlx::{
    Connection as _, SqliteConnection, SqlitePool,
    sqlite::{
        SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions,
        SqliteSynchronous,
    },
};

use super::{
    super::writer::reserve::size_beside, BUSY_TIMEOUT, READERS, Schema, schema, statistics,
};
use crate::{Error, Result};

/// Keeps a second server off the file. The lock goes with the process.
pub(in crate::store) fn lock(path: &Path) -> Result<File> {
    // Beside the file itself, by whatever link it is reached.
    let file = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let lock_path = file.with_extension("lock");
    let context = || lock_path.display().to_string();
    let mut open = OpenOptions::new();
    // Should it be somebody else's file, it stays as it is.
    open.append(true).create(true);
    let file = open
        .open(&lock_path)
        .map_err(|source| match source.kind() {
            ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => Error::ReadOnly,
            _ => Error::Io {
                context: context(),
                source,
            },
        })?;
    file.try_lock().map_err(|error| match error {
        std::fs::TryLockError::WouldBlock => Error::InUse(path.to_owned()),
        std::fs::TryLockError::Error(source) => Error::Io {
            context: context(),
            source,
        },
    })?;
    Ok(file)
}

/// Opens the one connection that writes.
pub(super) async fn writer(path: &Path, schema: Schema) -> Result<SqliteConnection> {
    let mut connection = match schema {
        Schema::Migrate => {
            let mut connection = maker(path).await?;
            schema::note(schema::bring(&mut connection).await?);
            statistics::settle(&mut connection).await?;
            connection
        }
        Schema::Require => {
            let mut connection = SqliteConnection::connect_with(&options(path)).await?;
            schema::require(&mut connection).await?;
            connection
        }
        Schema::AsItIs => SqliteConnection::connect_with(&options(path)).await?,
    };
    require_durable(&mut connection).await?;
    Ok(connection)
}

/// Opens a connection for whoever makes the tables. Makes the file if there is none.
pub(super) async fn maker(path: &Path) -> Result<SqliteConnection> {
    make_private(path)?;
    let options = options(path)
        // Has an effect only before the first table is made.
        .auto_vacuum(SqliteAutoVacuum::Incremental);
    Ok(SqliteConnection::connect_with(&options).await?)
}

/// Makes the file if there is none, for nobody else's eyes: it holds the names of
/// private repositories. `SQLite` gives the files beside it the same mode.
fn make_private(path: &Path) -> Result<()> {
    let made = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path);
    made.map(drop).map_err(|source| Error::Io {
        context: path.display().to_string(),
        source,
    })
}

/// Which file a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    pub(in crate::store) fn of(path: &Path) -> Result<Self> {
        let metadata = std::fs::metadata(path).map_err(|source| Error::Io {
            context: format!("the database file {}", path.display()),
            source,
        })?;
        Ok(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }
}

/// Fails if a path leads to another file by now.
pub(in crate::store) fn require_same(path: &Path, file: FileId) -> Result<()> {
    if FileId::of(path)? == file {
        return Ok(());
    }
    Err(Error::Config(format!(
        "the database file {} was replaced; restart lampboard",
        path.display()
    )))
}

/// How many bytes the files of the database take.
pub(in crate::store) fn size(path: &Path) -> Result<u64> {
    let main = std::fs::metadata(path).map_err(|source| Error::Io {
        context: format!("the database file {}", path.display()),
        source,
    })?;
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    Ok(main.len() + std::fs::metadata(log).map_or(0, |log| log.len()))
}

/// Opens the connection that writes once more. A file that is gone by now is not
/// made anew: that would be an empty board.
pub(in crate::store) async fn reopen_writer(path: &Path) -> Result<SqliteConnection> {
    let mut connection = SqliteConnection::connect_with(&options(path)).await?;
    require_durable(&mut connection).await?;
    Ok(connection)
}

/// Opens the connections that read.
pub(in crate::store) async fn readers(path: &Path) -> Result<SqlitePool> {
    let pool = SqlitePoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(BUSY_TIMEOUT)
        .connect_with(options(path).read_only(true))
        .await?;
    Ok(pool)
}

/// After how many pages the log is copied back into the database. Four times the
/// default: a page that changes often is then copied less often. But never more than
/// there is room for once the reserve was given up.
fn checkpoint_pages(path: &Path) -> u64 {
    const PAGE: u64 = 4096;
    (size_beside(path) / 2 / PAGE).clamp(1, 4000)
}

/// Opens one connection that reads, for what takes long.
pub(in crate::store) async fn reader(path: &Path) -> Result<SqliteConnection, sqlx::Error> {
    SqliteConnection::connect_with(&options(path).read_only(true)).await
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        // NORMAL loses acknowledged commits in a power cut.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("temp_store", "MEMORY")
        .pragma("wal_autocheckpoint", checkpoint_pages(path).to_string())
        // What a burst took is given back.
        .pragma("journal_size_limit", "33554432")
        // As in PostgreSQL.
        .pragma("case_sensitive_like", "ON")
}

/// Refuses a file system on which `SQLite` silently keeps another journal.
async fn require_durable(connection: &mut SqliteConnection) -> Result<()> {
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode")
        .fetch_one(&mut *connection)
        .await?;
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous")
        .fetch_one(&mut *connection)
        .await?;
    if journal == "wal" && synchronous == 2 {
        return Ok(());
    }
    Err(Error::Config(format!(
        "the database must run with journal_mode=wal and synchronous=2, \
         but has {journal} and {synchronous}: is it on a network file system?"
    )))
}

//! A file of `SQLite`.

use std::{
    fs::OpenOptions,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::Path,
};

use rustix::fs::{StatVfsMountFlags, statvfs};
use sqlx::{
    Connection as _, SqliteConnection,
    sqlite::{SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::{
    super::{
        db::{Connection, FileConnection, FileReaders, query},
        rollup,
        writer::reserve::size_beside,
    },
    BUSY_TIMEOUT, READERS, Schema, schema, statistics,
};
use crate::{Error, Result};

/// Opens the one connection that writes, to a database that is prepared.
pub(super) async fn writer(path: &Path, schema: Schema) -> Result<FileConnection> {
    let preparing = prepare(path, schema).await?;
    let writer = reopen_writer(path)?;
    // Not before: the log would be copied and made anew.
    preparing.close().await?;
    Ok(writer)
}

/// Brings the database to what it must be for the connection that writes. That one knows
/// only what was there when it was opened.
async fn prepare(path: &Path, schema: Schema) -> Result<Connection> {
    let mut connection = match schema {
        Schema::Migrate => maker(path).await?,
        Schema::Require | Schema::AsItIs => SqliteConnection::connect_with(&options(path)).await?,
    };
    match schema {
        Schema::Migrate => {
            schema::note(schema::bring(&mut connection).await?);
            statistics::settle(&mut connection).await?;
            let mut connection = Connection::Sqlite(connection);
            rollup::complete(&mut connection).await?;
            return Ok(connection);
        }
        Schema::Require => schema::require(&mut connection).await?,
        Schema::AsItIs => {}
    }
    Ok(Connection::Sqlite(connection))
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

/// Whether nothing can be written on the disk of a file.
pub(in crate::store) fn is_on_read_only(path: &Path) -> bool {
    statvfs(path).is_ok_and(|disk| disk.f_flag.contains(StatVfsMountFlags::RDONLY))
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
pub(in crate::store) fn reopen_writer(path: &Path) -> Result<FileConnection> {
    let connection = FileConnection::open(path, BUSY_TIMEOUT)?;
    connection.run(WRITING)?;
    let pages = checkpoint_pages(path);
    connection.run(&format!("PRAGMA wal_autocheckpoint = {pages}"))?;
    require_durable(&connection)?;
    Ok(connection)
}

/// Opens the connections that read.
pub(in crate::store) fn readers(path: &Path) -> Result<FileReaders> {
    let open = |_| {
        let connection = FileConnection::open_to_read(path, BUSY_TIMEOUT)?;
        connection.run(READING)?;
        Ok(connection)
    };
    let connections = (0..READERS).map(open).collect::<Result<Vec<_>>>()?;
    Ok(FileReaders::new(connections, BUSY_TIMEOUT))
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
/// What the connection that writes is set to.
///
/// With `synchronous = NORMAL` acknowledged commits would be lost in a power cut. What
/// a burst made of the log is given back. LIKE is as in `PostgreSQL`. Of the pages, 4 MB
/// are kept in memory: a report touches indexes all over the place. Not more, because
/// most commits look through all that are kept (`pcache1TruncateUnsafe` in `SQLite`):
/// with 16 MB that was a twentieth of what taking a delivery in cost.
const WRITING: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
     PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; \
     PRAGMA cache_size = -4000; PRAGMA journal_size_limit = 33554432; \
     PRAGMA case_sensitive_like = ON";

/// What those that read are set to.
const READING: &str = "PRAGMA temp_store = MEMORY; PRAGMA case_sensitive_like = ON";

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("temp_store", "MEMORY")
        // As in PostgreSQL.
        .pragma("case_sensitive_like", "ON")
}

/// Refuses a file system on which `SQLite` silently keeps another journal.
fn require_durable(connection: &FileConnection) -> Result<()> {
    let mut settings = Vec::new();
    for pragma in ["PRAGMA journal_mode", "PRAGMA synchronous"] {
        settings.extend(connection.fetch(query(pragma), 1)?);
    }
    let [journal, synchronous] = &settings[..] else {
        return Err(sqlx::Error::RowNotFound.into());
    };
    let (journal, synchronous): (&str, i64) = (journal.try_get(0)?, synchronous.try_get(0)?);
    if journal == "wal" && synchronous == 2 {
        return Ok(());
    }
    Err(Error::Config(format!(
        "the database must run with journal_mode=wal and synchronous=2, \
         but has {journal} and {synchronous}: is it on a network file system?"
    )))
}

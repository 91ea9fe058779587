//! A copy of the database, made while it is written.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use sqlx::{Connection as _, error::DatabaseError};
use tokio::task::spawn_blocking;

use super::{Store, open::sqlite};
use crate::Database;

/// What `SQLite` says when the disk is full.
const SQLITE_FULL: &str = "13";

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BackupError {
    /// The database is not a file.
    #[error(
        "the database is PostgreSQL, which is backed up by its own tools: pg_dump, or \
         pg_basebackup and its log for any point in time; docs/OPERATIONS.md shows how"
    )]
    NoFile,
    /// Nothing is overwritten.
    #[error("{} is there already: move it away, or choose another name", .0.display())]
    Exists(PathBuf),
    /// What is left of the disk is for deleting.
    #[error(
        "the disk of the database is full, and what room there is, is needed for deleting: write \
         the backup to another disk, or make room"
    )]
    NoRoom,
    /// The copy can not be written where it is to go.
    #[error("can not write {}: {source}", path.display())]
    File {
        /// Where.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The database can not be read, or its copy not be written.
    #[error("can not copy the database to {}: {source}", path.display())]
    Database {
        /// Where.
        path: PathBuf,
        /// Why not.
        source: sqlx::Error,
    },
}

impl BackupError {
    /// Whether there was no room.
    pub(crate) fn is_full(&self) -> bool {
        match self {
            Self::File { source, .. } => source.kind() == io::ErrorKind::StorageFull,
            Self::Database { source, .. } => {
                let code = source.as_database_error().and_then(DatabaseError::code);
                code.as_deref() == Some(SQLITE_FULL)
            }
            Self::NoRoom => true,
            Self::NoFile | Self::Exists(_) => false,
        }
    }
}

impl Store {
    /// Copies the database to a file, which nobody but its owner may read; gives its size
    /// in bytes. The file gets its name when it is whole and safe on disk. Who takes in
    /// builds is not held up: the copy is of one state, on a connection of its own.
    pub(crate) async fn backup(&self, path: &Path) -> Result<u64, BackupError> {
        let Database::Sqlite(database) = &self.database else {
            return Err(BackupError::NoFile);
        };
        // It is a long way to finding that out.
        if path.symlink_metadata().is_ok() {
            return Err(BackupError::Exists(path.to_owned()));
        }
        let failed = |source| BackupError::File {
            path: path.to_owned(),
            source,
        };
        let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
        self.require_room(&folder)?;
        // Deleted with all that is in it, such as the journal that `SQLite` leaves of a
        // copy for which there was no room.
        let workshop = tempfile::Builder::new()
            .prefix(".lampboard-backup-")
            .tempdir_in(&folder)
            .map_err(failed)?;
        // Mode 0600 from its first moment on.
        let unfinished = tempfile::Builder::new()
            .tempfile_in(&workshop)
            .map_err(failed)?
            .into_temp_path();
        let copied = copy(database, &unfinished).await;
        copied.map_err(|source| BackupError::Database {
            path: path.to_owned(),
            source,
        })?;
        // The disk may have become full by it.
        self.require_room(&folder)?;
        let target = path.to_owned();
        let finish = move || finish(unfinished, &target, &folder);
        match spawn_blocking(finish).await {
            Ok(Ok(size)) => Ok(size),
            Ok(Err(error)) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(BackupError::Exists(path.to_owned()))
            }
            Ok(Err(error)) => Err(failed(error)),
            Err(panic) => Err(failed(io::Error::other(panic))),
        }
    }

    fn require_room(&self, folder: &Path) -> Result<(), BackupError> {
        if self.reserve.is_given_up_on(folder) {
            return Err(BackupError::NoRoom);
        }
        Ok(())
    }
}

/// Copies a database into a file that is empty.
async fn copy(database: &Path, target: &Path) -> Result<(), sqlx::Error> {
    let mut connection = sqlite::reader(database).await?;
    let copied = sqlx::query("VACUUM INTO $1")
        .bind(target.to_string_lossy().into_owned())
        .execute(&mut connection)
        .await;
    let closed = connection.close().await;
    copied.and(closed)
}

/// Makes a file safe, then gives it its name, unless another one has it by now.
fn finish(unfinished: tempfile::TempPath, target: &Path, folder: &Path) -> io::Result<u64> {
    let file = File::open(&unfinished)?;
    file.sync_all()?;
    unfinished
        .persist_noclobber(target)
        .map_err(|error| error.error)?;
    File::open(folder)?.sync_all()?;
    Ok(file.metadata()?.len())
}

//! Opening the database: what must hold before anything is promised.

mod postgres;
pub(super) mod sqlite;
mod statistics;

use std::{borrow::Cow, fs::File, sync::Arc, time::Duration};

use sqlx::migrate::{Migration, MigrationType, Migrator};

use super::{
    db::{Connection, Pool},
    rollup,
    writer::Reserve,
};
use crate::{Database, Error, Result};

/// How long a connection waits for another program that holds the database, and a
/// reader for a connection.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const READERS: u32 = 4;

/// A database that was opened, and may be opened anew.
pub(super) struct Opener {
    database: Database,
    /// The file that was opened at the start.
    file: Option<sqlite::FileId>,
}

/// A database that is open.
pub(super) struct Opened {
    pub(super) opener: Opener,
    pub(super) writer: Connection,
    pub(super) readers: Pool,
    /// Names this server to others on the same database. Empty on a file, which has
    /// no others.
    pub(super) origin: Arc<str>,
    /// Held as long as the store is: no second server on the file.
    pub(super) lock: Option<File>,
}

/// Opens a database, makes it if there is none, and brings it to the schema of this
/// version.
pub(super) async fn open(database: &Database) -> Result<Opened> {
    let database = database.clone();
    match &database {
        Database::Sqlite(path) => {
            let lock = sqlite::lock(path)?;
            let writer = match sqlite::writer(path).await {
                Err(Error::Full) => {
                    // Enough to show what there is, and to delete.
                    Reserve::give_up_beside(path);
                    sqlite::writer(path).await?
                }
                opened => opened?,
            };
            let mut writer = Connection::Sqlite(writer);
            rollup::complete(&mut writer).await?;
            Ok(Opened {
                writer,
                readers: Pool::Sqlite(sqlite::readers(path).await?),
                origin: "".into(),
                lock: Some(lock),
                opener: Opener {
                    file: Some(sqlite::FileId::of(path)?),
                    database,
                },
            })
        }
        Database::Postgres(url) => {
            let mut writer = postgres::writer(url).await?;
            migrations().run(&mut writer).await?;
            let origin = postgres::new_origin(&mut writer).await?.into();
            let mut writer = Connection::Postgres(writer);
            rollup::complete(&mut writer).await?;
            Ok(Opened {
                origin,
                writer,
                readers: Pool::Postgres(postgres::readers(url).await?),
                lock: None,
                opener: Opener {
                    file: None,
                    database,
                },
            })
        }
    }
}

impl Opener {
    /// Opens the connection that writes once more.
    pub(super) async fn reopen_writer(&self) -> Result<Connection> {
        Ok(match &self.database {
            Database::Sqlite(path) => Connection::Sqlite(sqlite::reopen_writer(path).await?),
            Database::Postgres(url) => Connection::Postgres(postgres::writer(url).await?),
        })
    }

    /// Fails if the file that was opened is not where it was: it would still take
    /// everything in, for nobody.
    pub(super) fn require_same_file(&self) -> Result<()> {
        match (&self.database, self.file) {
            (Database::Sqlite(path), Some(file)) => sqlite::require_same(path, file),
            _ => Ok(()),
        }
    }
}

/// How many bytes the database takes.
pub(super) async fn size(database: &Database, readers: &Pool) -> Result<u64> {
    match database {
        Database::Sqlite(path) => sqlite::size(path),
        Database::Postgres(_) => postgres::size(readers).await,
    }
}

/// All migrations, in order. Their numbers never change.
pub(super) fn migrations() -> Migrator {
    let migration = |version, description: &'static str, sql: &'static str| {
        Migration::new(
            version,
            Cow::Borrowed(description),
            MigrationType::Simple,
            sqlx::SqlStr::from_static(sql),
            false,
        )
    };
    Migrator::with_migrations(vec![
        migration(
            1,
            "builds",
            include_str!("../../../migrations/0001_builds.sql"),
        ),
        migration(
            2,
            "github",
            include_str!("../../../migrations/0002_github.sql"),
        ),
        migration(
            3,
            "uninstalled",
            include_str!("../../../migrations/0003_uninstalled.sql"),
        ),
        migration(
            4,
            "changes",
            include_str!("../../../migrations/0004_changes.sql"),
        ),
        migration(
            5,
            "rollups",
            include_str!("../../../migrations/0005_rollups.sql"),
        ),
        migration(
            6,
            "leases",
            include_str!("../../../migrations/0006_leases.sql"),
        ),
        migration(
            7,
            "retention",
            include_str!("../../../migrations/0007_retention.sql"),
        ),
        migration(
            9,
            "lists",
            include_str!("../../../migrations/0009_lists.sql"),
        ),
    ])
}

//! Opening the database: what must hold before anything is promised.

mod lock;
pub(super) mod postgres;
mod schema;
pub(super) mod session;
pub(super) mod sqlite;
mod statistics;
mod vacuum;

use std::{borrow::Cow, sync::Arc, time::Duration};

use sqlx::{
    Connection as _, Executor as _,
    migrate::{Migration, MigrationType, Migrator},
};
use tokio::sync::watch;

use super::{
    db::{Connection, Pool},
    writer::Reserve,
};
use crate::{Database, Error, Result};

pub(super) use lock::Lock;
pub use schema::{Migrated, Schema};

/// How long a connection waits for another program that holds the database, and a
/// reader for a connection.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const READERS: u32 = 4;

/// A database that was opened, and may be opened anew.
pub(super) struct Opener {
    database: Database,
    /// The file that was opened at the start.
    file: Option<sqlite::FileId>,
    /// Whether it is kept in order, and not only asked for something.
    pub(super) is_kept: bool,
    pub(super) outdated: Outdated,
}

/// Whether another version changed the schema of a database since it was opened. That does
/// not change back.
#[derive(Clone, Default)]
pub(super) struct Outdated(watch::Sender<bool>);

/// A database that is open.
pub(super) struct Opened {
    pub(super) opener: Opener,
    pub(super) writer: Connection,
    pub(super) readers: Pool,
    /// Names this server to others on the same database. Empty on a file, which has
    /// no others.
    pub(super) origin: Arc<str>,
    /// Held as long as the store is: no second server on the file.
    pub(super) lock: Option<Lock>,
}

/// Brings a database to the schema of this version, and makes it if there is none.
pub(super) async fn migrate(database: &Database) -> Result<Migrated> {
    match database {
        Database::Sqlite(path) => {
            let _lock = lock::lock(path)?;
            let mut connection = sqlite::maker(path).await?;
            let migrated = schema::bring(&mut connection).await?;
            connection.close().await?;
            Ok(migrated)
        }
        Database::Postgres(url) => {
            let connection = postgres::writer(url).await?;
            let (connection, migrated) = postgres::migrate(connection).await?;
            connection.close().await?;
            Ok(migrated)
        }
    }
}

/// Opens a database.
pub(super) async fn open(database: &Database, schema: Schema) -> Result<Opened> {
    let database = database.clone();
    let is_kept = schema == Schema::Migrate;
    match &database {
        Database::Sqlite(path) => {
            if schema != Schema::Migrate {
                sqlite::FileId::of(path)?;
            }
            let lock = lock::lock(path)?;
            let writer = match sqlite::writer(path, schema).await {
                Err(Error::Full) => {
                    // Enough to show what there is, and to delete.
                    Reserve::give_up_beside(path);
                    sqlite::writer(path, schema).await?
                }
                opened => opened?,
            };
            Ok(Opened {
                writer: Connection::File(writer),
                readers: Pool::File(sqlite::readers(path)?),
                origin: "".into(),
                lock: Some(lock),
                opener: Opener {
                    file: Some(sqlite::FileId::of(path)?),
                    is_kept,
                    outdated: Outdated::default(),
                    database,
                },
            })
        }
        Database::Postgres(url) => {
            let mut writer = postgres::writer(url).await?;
            let mut writer = match schema {
                Schema::Migrate => {
                    let (writer, migrated) = postgres::migrate(writer).await?;
                    schema::note(migrated);
                    writer
                }
                Schema::Require => {
                    schema::require(&mut writer).await?;
                    Connection::Postgres(writer)
                }
                Schema::AsItIs => Connection::Postgres(writer),
            };
            Ok(Opened {
                origin: postgres::new_origin(&mut writer).await?.into(),
                writer,
                readers: postgres::readers(url, READERS).await?,
                lock: None,
                opener: Opener {
                    file: None,
                    is_kept,
                    outdated: Outdated::default(),
                    database,
                },
            })
        }
    }
}

impl Outdated {
    pub(super) fn is_known(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is so.
    pub(super) async fn wait(&self) {
        // Fails only when the sender is gone, which we hold.
        let _ = self.0.subscribe().wait_for(|outdated| *outdated).await;
    }

    /// Notes that it is so.
    pub(super) fn note(&self) {
        if !self.0.send_replace(true) {
            tracing::error!("nothing is taken in any more: {}", Error::Outdated);
        }
    }
}

impl Opener {
    /// Opens the connection that writes once more.
    pub(super) async fn reopen_writer(&self) -> Result<Connection> {
        Ok(match &self.database {
            Database::Sqlite(path) => Connection::File(sqlite::reopen_writer(path)?),
            Database::Postgres(url) => Connection::Postgres(postgres::writer(url).await?),
        })
    }

    /// What an error of writing comes from, where the disk says more: a disk that turned
    /// read-only is told as one that is broken.
    pub(super) fn explain(&self, error: Error) -> Error {
        match (&self.database, error) {
            (Database::Sqlite(path), Error::Database(_)) if sqlite::is_on_read_only(path) => {
                Error::ReadOnly
            }
            (_, error) => error,
        }
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

/// Opens the connection by which this server reads what others took in: whoever watches does not
/// wait for those who ask. None on a file, which no other server shares.
pub(super) async fn feed_reader(database: &Database) -> Result<Option<Pool>> {
    match database {
        Database::Sqlite(_) => Ok(None),
        Database::Postgres(url) => Ok(Some(postgres::readers(url, 1).await?)),
    }
}

/// Opens a connection that sees one state of the database until it is closed.
pub(super) async fn snapshot(database: &Database) -> Result<Connection> {
    Ok(match database {
        Database::Sqlite(path) => {
            let mut connection = sqlite::reader(path).await?;
            connection.execute("BEGIN").await?;
            Connection::Sqlite(connection)
        }
        Database::Postgres(url) => {
            let mut connection = postgres::reader(url).await?;
            connection
                .execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                .await?;
            Connection::Postgres(connection)
        }
    })
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
            8,
            "lists",
            include_str!("../../../migrations/0008_lists.sql"),
        ),
        migration(
            9,
            "small rows",
            include_str!("../../../migrations/0009_small_rows.sql"),
        ),
        migration(
            10,
            "reads",
            include_str!("../../../migrations/0010_reads.sql"),
        ),
        migration(
            11,
            "purge",
            include_str!("../../../migrations/0011_purge.sql"),
        ),
        migration(
            12,
            "names",
            include_str!("../../../migrations/0012_names.sql"),
        ),
        migration(
            13,
            "bounds",
            include_str!("../../../migrations/0013_bounds.sql"),
        ),
        migration(
            14,
            "alerts",
            include_str!("../../../migrations/0014_alerts.sql"),
        ),
        migration(
            15,
            "default branches",
            include_str!("../../../migrations/0015_default_branches.sql"),
        ),
    ])
}

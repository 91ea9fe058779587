//! The database, read beside the server that writes it.

use std::{
    collections::HashSet,
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
};

use sqlx::{
    AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection,
    sqlite::SqliteConnectOptions,
};

/// The address of a server of `PostgreSQL` on which to make databases. Without it, tests run
/// on files.
const POSTGRES: &str = "LAMPBOARD_TEST_POSTGRES_URL";

/// A connection, which only reads unless it is to change something.
pub(crate) enum Database {
    /// Of a file.
    Sqlite(SqliteConnection),
    /// Of a server.
    Postgres(PgConnection),
}

/// Runs the same expression on either database.
macro_rules! on {
    ($database:expr, |$connection:ident| $body:expr) => {
        match $database {
            Database::Sqlite($connection) => $body,
            Database::Postgres($connection) => $body,
        }
    };
}

/// Makes a database on the server that is named, if one is; gives its address.
#[expect(clippy::disallowed_methods, reason = "the name is made here")]
pub(crate) async fn make() -> Option<String> {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let server = std::env::var(POSTGRES).ok()?;
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let name = format!("chain_{}_{number}", std::process::id());
    let mut connection = PgConnection::connect(&server).await.unwrap();
    let statement = AssertSqlSafe(format!("CREATE DATABASE {name}"));
    connection.execute(statement).await.unwrap();
    connection.close().await.unwrap();
    Some(server.replacen("/postgres?", &format!("/{name}?"), 1))
}

/// What is stored of one GUID.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StoredDelivery {
    pub(crate) action: String,
    pub(crate) receive_count: i64,
    pub(crate) conflict_count: i64,
}

impl Database {
    pub(crate) async fn open(path: &Path) -> Self {
        let options = SqliteConnectOptions::new().filename(path).read_only(true);
        Self::Sqlite(SqliteConnection::connect_with(&options).await.unwrap())
    }

    pub(crate) async fn open_to_change(path: &Path) -> Self {
        let options = SqliteConnectOptions::new().filename(path);
        Self::Sqlite(SqliteConnection::connect_with(&options).await.unwrap())
    }

    pub(crate) async fn connect(url: &str) -> Self {
        Self::Postgres(PgConnection::connect(url).await.unwrap())
    }

    /// The GUIDs of all deliveries.
    pub(crate) async fn guids(&mut self) -> HashSet<String> {
        let query = "SELECT guid FROM delivery";
        let guids: Vec<String> =
            on!(self, |it| sqlx::query_scalar(query).fetch_all(it).await).unwrap();
        guids.into_iter().collect()
    }

    /// The ids of the runs of all builds.
    pub(crate) async fn runs(&mut self) -> HashSet<i64> {
        let query = "SELECT run_id FROM build";
        let runs: Vec<i64> = on!(self, |it| sqlx::query_scalar(query).fetch_all(it).await).unwrap();
        runs.into_iter().collect()
    }

    /// The ids of all jobs.
    pub(crate) async fn jobs(&mut self) -> HashSet<i64> {
        let query = "SELECT id FROM job";
        let jobs: Vec<i64> = on!(self, |it| sqlx::query_scalar(query).fetch_all(it).await).unwrap();
        jobs.into_iter().collect()
    }

    /// What is stored of a GUID.
    pub(crate) async fn delivery(&mut self, guid: &str) -> Option<StoredDelivery> {
        let query = "SELECT action, receive_count, conflict_count FROM delivery WHERE guid = $1";
        let row: Option<(String, i64, i64)> = on!(self, |it| {
            let query = sqlx::query_as(query).bind(guid.to_owned());
            query.fetch_optional(it).await
        })
        .unwrap();
        row.map(|(action, receive_count, conflict_count)| StoredDelivery {
            action,
            receive_count,
            conflict_count,
        })
    }

    /// Runs statements.
    #[expect(clippy::disallowed_methods, reason = "tests alone write them")]
    pub(crate) async fn run(&mut self, sql: String) {
        on!(self, |it| {
            it.execute(AssertSqlSafe(sql)).await.map(|_| ()).unwrap();
        });
    }

    /// Which server sent to the only channel last.
    pub(crate) async fn holder(&mut self) -> String {
        let query = "SELECT lease_holder FROM alert_channel";
        on!(self, |it| sqlx::query_scalar(query).fetch_one(it).await).unwrap()
    }

    /// Whether every page and index of a file is sound. A server sees to that itself.
    pub(crate) async fn is_sound(&mut self) -> bool {
        let Self::Sqlite(connection) = self else {
            return true;
        };
        let query = sqlx::query_scalar("PRAGMA integrity_check");
        let verdict: String = query.fetch_one(connection).await.unwrap();
        verdict == "ok"
    }
}

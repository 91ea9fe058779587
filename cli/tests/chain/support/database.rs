//! The database file, read beside the server that writes it.

use std::{collections::HashSet, path::Path};

use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

/// A connection that only reads.
pub(crate) struct Database(SqliteConnection);

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
        Self(SqliteConnection::connect_with(&options).await.unwrap())
    }

    /// The GUIDs of all deliveries.
    pub(crate) async fn guids(&mut self) -> HashSet<String> {
        let query = sqlx::query_scalar("SELECT guid FROM delivery");
        let guids: Vec<String> = query.fetch_all(&mut self.0).await.unwrap();
        guids.into_iter().collect()
    }

    /// The ids of the runs of all builds.
    pub(crate) async fn runs(&mut self) -> HashSet<i64> {
        let query = sqlx::query_scalar("SELECT run_id FROM build");
        let runs: Vec<i64> = query.fetch_all(&mut self.0).await.unwrap();
        runs.into_iter().collect()
    }

    /// The ids of all jobs.
    pub(crate) async fn jobs(&mut self) -> HashSet<i64> {
        let query = sqlx::query_scalar("SELECT id FROM job");
        let jobs: Vec<i64> = query.fetch_all(&mut self.0).await.unwrap();
        jobs.into_iter().collect()
    }

    /// What is stored of a GUID.
    pub(crate) async fn delivery(&mut self, guid: &str) -> Option<StoredDelivery> {
        let query = sqlx::query_as(
            "SELECT action, receive_count, conflict_count FROM delivery WHERE guid = $1",
        );
        let query = query.bind(guid.to_owned());
        let row: Option<(String, i64, i64)> = query.fetch_optional(&mut self.0).await.unwrap();
        row.map(|(action, receive_count, conflict_count)| StoredDelivery {
            action,
            receive_count,
            conflict_count,
        })
    }

    /// Whether every page and index of it is sound.
    pub(crate) async fn is_sound(&mut self) -> bool {
        let query = sqlx::query_scalar("PRAGMA integrity_check");
        let verdict: String = query.fetch_one(&mut self.0).await.unwrap();
        verdict == "ok"
    }
}

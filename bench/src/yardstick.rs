//! The least that taking a delivery in can cost, to hold figures against.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use lampboard_github_double::signature;
use rustix::time::{ClockId, clock_gettime};
use serde::de::IgnoredAny;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};
use zstd::bulk::Compressor;

use crate::delivery::Delivery;
use crate::subject::SECRET;

/// How many rows a commit takes: one of each connection that waits.
const GROUP: usize = 32;

/// The CPU time per delivery of its signature, one scan of its JSON, its
/// compression at the fastest level, and one row of it in a durable commit that
/// takes many; and of nothing else.
pub(crate) async fn bare_cost(deliveries: &[Delivery], work: &Path) -> Result<Duration> {
    let folder = tempfile::tempdir_in(work)?;
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("rows.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let mut database: SqliteConnection = options.connect().await?;
    sqlx::query("CREATE TABLE delivery (id INTEGER PRIMARY KEY, payload BLOB)")
        .execute(&mut database)
        .await?;
    let mut compressor = Compressor::new(1)?;
    let before = own_cpu_time();
    for group in deliveries.chunks(GROUP) {
        let mut commit = database.begin().await?;
        for delivery in group {
            black_box(signature(SECRET.as_bytes(), &delivery.body));
            black_box(serde_json::from_slice::<IgnoredAny>(&delivery.body)?);
            sqlx::query("INSERT INTO delivery (payload) VALUES (?)")
                .bind(compressor.compress(&delivery.body)?)
                .execute(&mut *commit)
                .await?;
        }
        commit.commit().await?;
    }
    let spent = own_cpu_time().saturating_sub(before);
    database.close().await?;
    Ok(spent / u32::try_from(deliveries.len())?.max(1))
}

/// What this process has spent so far, by a finer clock than that of `/proc`.
pub(crate) fn own_cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::prepare;

    #[tokio::test]
    async fn costs_something_and_not_a_lot() {
        let deliveries = prepare(20, SECRET, "2026-01-31T12:00:00Z".parse().unwrap(), 1);
        let cost = bare_cost(&deliveries, Path::new(".")).await.unwrap();
        assert!(cost > Duration::from_micros(5), "{cost:?}");
        assert!(cost < Duration::from_millis(50), "{cost:?}");
    }
}

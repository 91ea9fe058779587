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

/// The CPU time per delivery of what nobody can do without.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bare {
    pub(crate) signature: Duration,
    /// One scan of its JSON.
    pub(crate) scan: Duration,
    /// At the fastest level.
    pub(crate) compression: Duration,
    /// One row of it in a durable commit that takes many.
    pub(crate) row: Duration,
}

impl Bare {
    pub(crate) fn total(&self) -> Duration {
        self.signature + self.scan + self.compression + self.row
    }
}

/// Does nothing but that, to each delivery.
pub(crate) async fn bare_cost(deliveries: &[Delivery], work: &Path) -> Result<Bare> {
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
    let mut watch = Watch::new(deliveries.len());
    for delivery in deliveries {
        black_box(signature(SECRET.as_bytes(), &delivery.body));
    }
    let signature = watch.lap()?;
    for delivery in deliveries {
        black_box(serde_json::from_slice::<IgnoredAny>(&delivery.body)?);
    }
    let scan = watch.lap()?;
    let mut compressor = Compressor::new(1)?;
    let compressed = deliveries.iter().map(|it| compressor.compress(&it.body));
    let compressed = compressed.collect::<Result<Vec<_>, _>>()?;
    let compression = watch.lap()?;
    for group in compressed.chunks(GROUP) {
        let mut commit = database.begin().await?;
        for payload in group {
            sqlx::query("INSERT INTO delivery (payload) VALUES (?)")
                .bind(payload)
                .execute(&mut *commit)
                .await?;
        }
        commit.commit().await?;
    }
    let row = watch.lap()?;
    database.close().await?;
    Ok(Bare {
        signature,
        scan,
        compression,
        row,
    })
}

/// Shares CPU time out.
struct Watch {
    count: usize,
    before: Duration,
}

impl Watch {
    fn new(count: usize) -> Self {
        let before = own_cpu_time();
        Self { count, before }
    }

    /// What was spent since the last time, on each.
    fn lap(&mut self) -> Result<Duration> {
        let now = own_cpu_time();
        let spent = now.saturating_sub(self.before);
        self.before = now;
        Ok(spent / u32::try_from(self.count)?.max(1))
    }
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
    async fn every_step_costs_something_and_not_a_lot() {
        let deliveries = prepare(20, SECRET, "2026-01-31T12:00:00Z".parse().unwrap(), 1);
        let bare = bare_cost(&deliveries, Path::new(".")).await.unwrap();
        for cost in [bare.signature, bare.scan, bare.compression, bare.row] {
            assert!(cost > Duration::from_nanos(100), "{bare:?}");
        }
        assert!(bare.total() < Duration::from_millis(50), "{bare:?}");
    }
}

//! The database: takes reports in, and answers every question about builds.
//!
//! There is one writer, which commits the reports that wait together in one
//! transaction; readers see a snapshot and hold nobody up.

mod batch;
mod builds;
mod deliveries;
mod filter;
mod jobs;
mod metrics;
mod open;
mod repositories;
mod rows;
mod sql;
#[cfg(test)]
mod suite;
mod workflows;
mod writer;

pub(crate) use builds::BuildPage;
pub(crate) use deliveries::PreparedReport;
pub(crate) use metrics::{Dimension, Slice};
pub(crate) use repositories::RepositoryQuery;

use std::{fmt::Display, path::Path, sync::Arc};

use sqlx::SqlitePool;

use crate::{
    Clock, Error, Result,
    model::{Change, Installation, Recorded, Repository},
};
use writer::Writer;

/// The database that the one binary embeds. `PostgreSQL` takes the same SQL.
type Db = sqlx::Sqlite;

/// Is told the news of every commit, in their order, after each commit.
pub(crate) type OnCommit = Arc<dyn Fn(News) + Send + Sync>;

/// What a commit changed.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// The builds that changed, by themselves or in a job.
    pub(crate) changes: Vec<Change>,
    /// Whether a repository got another name or default branch, which concerns
    /// all its builds.
    pub(crate) relabelled: bool,
}

/// Where everything is kept.
#[derive(Clone)]
pub(crate) struct Store {
    readers: SqlitePool,
    writer: Writer,
    // Held as long as the store is: no second server on this file.
    _lock: Arc<std::fs::File>,
}

impl Store {
    /// Opens the database file, makes it if there is none, and brings it to the
    /// schema of this version.
    pub(crate) async fn open(path: &Path, clock: Clock, on_commit: OnCommit) -> Result<Self> {
        let lock = open::lock(path)?;
        let connection = open::writer(path).await?;
        let file = open::FileId::of(path)?;
        let readers = open::readers(path).await?;
        Ok(Self {
            readers,
            writer: Writer::spawn(path.to_owned(), file, connection, clock, on_commit),
            _lock: Arc::new(lock),
        })
    }

    /// Records a report, all of it or nothing. When this returns, it is durable.
    pub(crate) async fn record(&self, report: PreparedReport) -> Result<Recorded> {
        self.writer.record(report).await
    }

    /// Records which repositories an installation can see.
    pub(crate) async fn sync_installation(
        &self,
        installation: Installation,
        repositories: Vec<Repository>,
    ) -> Result<()> {
        self.writer
            .sync_installation(installation, repositories)
            .await
    }

    /// Fails unless the database can be written.
    pub(crate) async fn probe(&self) -> Result<()> {
        self.writer.probe().await
    }

    /// Finishes what waits, takes nothing more in, and closes the file.
    pub(crate) async fn close(&self) {
        self.writer.stop().await;
        self.readers.close().await;
    }
}

/// A value in the database that no version of Lampboard writes.
fn bad_value(
    table: &'static str,
    column: &'static str,
    row: &dyn Display,
    problem: &dyn Display,
) -> Error {
    Error::Stored {
        table,
        column,
        row: row.to_string(),
        problem: problem.to_string(),
    }
}

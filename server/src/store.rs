//! The database: takes reports in, and answers every question about builds.
//!
//! There is one writer, which commits the reports that wait together in one
//! transaction; readers see a snapshot and hold nobody up.

mod alerts;
mod attempts;
mod backfills;
mod backup;
mod batch;
mod builds;
mod db;
mod deliveries;
mod feed;
mod filter;
mod gaps;
mod installations;
mod jobs;
mod leases;
mod links;
mod metrics;
mod missed;
mod open;
mod packed;
mod paths;
mod payloads;
mod plain_steps;
mod purge;
mod recount;
mod repositories;
mod rollup;
mod rows;
mod shapes;
mod sql;
mod standings;
#[cfg(test)]
mod suite;
mod system;
mod workflows;
mod writer;

pub(crate) use alerts::{
    AlertPage, AlertQuery, Back, IncidentQuery, Next, Outcome, Outgoing, Seal, Tried,
};
pub(crate) use backfills::{BackfillQuery, Lease};
pub(crate) use backup::BackupError;
pub(crate) use builds::{BuildPage, Position};
use deliveries::PreparedReport;
pub(crate) use feed::{Feed, Heard, Own};
pub(crate) use gaps::GapQuery;
pub(crate) use installations::InstallationSync;
pub(crate) use metrics::{Dimension, Slice};
pub(crate) use missed::LogRead;
pub use open::{Migrated, Schema};
use payloads::Packer;
pub(crate) use recount::Difference;
pub(crate) use repositories::RepositoryQuery;
pub(crate) use standings::StandingQuery;
pub(crate) use system::DeliveryPage;

use std::{collections::BTreeSet, fmt::Display, sync::Arc, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture};
use jiff::Timestamp;

use crate::{
    Clock, Database, Error, Result, Retention,
    model::{Change, InstallationId, Recorded, RepositoryId},
};
use db::{Connection, Pool, Snapshot};
use open::{Lock, Outdated};
use writer::{Reserve, Writer};

/// The most gaps that are listed at once.
pub(crate) const MOST_LISTED: usize = 1000;

/// Is told the news of every commit, in their order, after each commit.
pub(crate) type OnCommit = Arc<dyn Fn(News) + Send + Sync>;

/// What a commit changed.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// The builds that changed, by themselves or in a job.
    pub(crate) changes: Vec<Change>,
    /// Whether a repository got another name or default branch, was hidden or
    /// came back, which concerns all its builds.
    pub(crate) list_again: bool,
    /// How much of it is still to be folded into rollups.
    pub(crate) unfolded: usize,
    /// How many alerts wait since then.
    pub(crate) raised: usize,
    /// Before which number its changes were left for all servers on the database. None if they
    /// were not: nobody shares a file.
    pub(crate) left_after: Option<i64>,
}

/// Where everything is kept.
#[derive(Clone)]
pub(crate) struct Store {
    readers: Pool,
    writer: Writer,
    database: Database,
    /// Names this server to others on the same database.
    origin: Arc<str>,
    clock: Clock,
    retention: Retention,
    reserve: Arc<Reserve>,
    outdated: Outdated,
    packer: Arc<Packer>,
    /// How long a question is looked into.
    patience: Duration,
    // Held as long as the store is: no second server on this file.
    _lock: Arc<Option<Lock>>,
}

impl Store {
    /// Opens the database, and does about its schema what it is told.
    pub(crate) async fn open(
        database: &Database,
        schema: Schema,
        clock: Clock,
        retention: Retention,
        on_commit: OnCommit,
    ) -> Result<Self> {
        let opened = open::open(database, schema).await?;
        let reserve = Arc::new(Reserve::beside(database.file()));
        let outdated = opened.opener.outdated.clone();
        let store = Self {
            readers: opened.readers,
            writer: Writer::spawn(
                opened.opener,
                opened.writer,
                Arc::clone(&opened.origin),
                clock.clone(),
                retention,
                Arc::clone(&reserve),
                on_commit,
            )?,
            origin: opened.origin,
            clock,
            retention,
            reserve,
            outdated,
            packer: Arc::default(),
            patience: PATIENCE,
            database: database.clone(),
            _lock: Arc::new(opened.lock),
        };
        // An older schema may not know of any.
        if schema != Schema::AsItIs {
            store.adopt_dictionary().await?;
        }
        Ok(store)
    }

    /// Records a report, all of it or nothing. When this returns, it is durable.
    pub(crate) async fn record(&self, report: PreparedReport) -> Result<Recorded> {
        self.writer.record(report).await
    }

    /// Records an installation and which repositories it can see.
    pub(crate) async fn sync_installation(&self, mut sync: InstallationSync) -> Result<()> {
        let retention = self.retention;
        self.writer
            .write(move |connection, now| {
                // What is older would be deleted again.
                let kept = retention.at(now).builds;
                sync.backfill_since = sync.backfill_since.map(|it| kept.map_or(it, |k| it.max(k)));
                async move { Ok(((), installations::sync(connection, &sync, now).await?)) }.boxed()
            })
            .await
    }

    /// Records that an installation can not see some repositories any more.
    pub(crate) async fn remove_repositories(
        &self,
        installation: InstallationId,
        repositories: BTreeSet<RepositoryId>,
        time: Timestamp,
    ) -> Result<()> {
        self.writer
            .write(move |connection, now| {
                async move {
                    let removing =
                        installations::remove(connection, installation, &repositories, time, now);
                    Ok(((), removing.await?))
                }
                .boxed()
            })
            .await
    }

    /// Fails unless the database can be written, and keeps what is written.
    pub(crate) async fn probe(&self) -> Result<()> {
        self.write(|connection, now| {
            async move {
                db::query(
                    "INSERT INTO write_probe (id, probe_time) VALUES (1, $1)
                     ON CONFLICT (id) DO UPDATE SET probe_time = excluded.probe_time",
                )
                .bind(now.as_microsecond())
                .execute(&mut *connection)
                .await?;
                connection.require_durable().await
            }
            .boxed()
        })
        .await
    }

    /// Whether nothing can be done any more because another version changed the schema.
    pub(crate) fn is_outdated(&self) -> bool {
        self.outdated.is_known()
    }

    /// Waits until that is so.
    pub(crate) async fn outdated(&self) {
        self.outdated.wait().await;
    }

    /// Whether nothing is taken in because the disk is full.
    pub(crate) fn is_disk_full(&self) -> bool {
        self.reserve.is_full()
    }

    /// Waits until the disk is full.
    pub(crate) async fn disk_filled(&self) {
        self.reserve.filled().await;
    }

    /// Writes what concerns no build: there is nothing to be told of it.
    async fn write<T, W>(&self, work: W) -> Result<T>
    where
        T: Send + 'static,
        W: for<'c> FnOnce(&'c mut Connection, Timestamp) -> BoxFuture<'c, Result<T>>
            + Send
            + 'static,
    {
        self.writer
            .write(move |connection, now| {
                let working = work(connection, now);
                async move { Ok((working.await?, News::default())) }.boxed()
            })
            .await
    }

    /// Answers a question from one snapshot, unless that takes too long.
    async fn answer<T, A>(&self, ask: A) -> Result<T>
    where
        T: Send + 'static,
        A: for<'s> FnOnce(&'s mut Snapshot) -> BoxFuture<'s, Result<T>> + Send + 'static,
    {
        self.answer_within(self.patience, ask).await
    }

    async fn answer_within<T, A>(&self, patience: Duration, ask: A) -> Result<T>
    where
        T: Send + 'static,
        A: for<'s> FnOnce(&'s mut Snapshot) -> BoxFuture<'s, Result<T>> + Send + 'static,
    {
        let readers = self.readers.clone();
        to_the_end(async move {
            let mut snapshot = readers.snapshot_within(patience).await?;
            ask(&mut snapshot).await
        })
        .await
    }

    /// Finishes what waits, takes nothing more in, and closes the file.
    pub(crate) async fn close(&self) {
        self.writer.stop(self.readers.close()).await;
    }
}

/// How long a question is looked into that asks for sums, or for all that there is.
const PATIENCE: Duration = Duration::from_secs(5);

/// Does work to its end, whoever stops waiting for it: the deadline of a snapshot is kept only
/// while somebody has it, and a statement that was left behind would hold its connection for as
/// long as it likes.
async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    match tokio::spawn(work).await {
        Ok(outcome) => outcome,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(Error::Stopping),
    }
}

/// Brings a database to the schema of this version, and makes it if there is none.
pub async fn migrate(database: &Database) -> Result<Migrated> {
    open::migrate(database).await
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

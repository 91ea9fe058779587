//! Deleting what is old or has been hidden for long, a little at a time, so that reports get their
//! turn.

mod alerts;
mod cursor;
mod deliveries;
pub(super) mod early;
mod jobs;
pub(super) mod late;
mod old;
pub(super) mod runs;
pub(super) mod shapes;
mod space;

use std::collections::BTreeSet;

use futures_util::{FutureExt as _, future::BoxFuture};
use jiff::Timestamp;

use super::{
    News, Store,
    db::{self, Connection, Query},
    rollup,
};
use crate::{
    Result,
    model::{RepositoryId, RunId},
};
use runs::{Deleted, Run, delete_runs};

/// How many deliveries one write deletes.
const AT_A_TIME: i64 = 200;
/// How many runs one write deletes: each has a dozen rows or more.
const RUNS_AT_A_TIME: i64 = 40;

/// How many rows of what is left of a repository one write deletes.
const ROWS_AT_A_TIME: u64 = 1000;

const ATTEMPT: &str = "run_id, run_attempt, repository_id";

/// What belongs to a repository beside its builds, with the key of each. The row that all else
/// refers to goes last.
pub(super) const REST: [(&str, &str); 13] = [
    ("job", "run_id, run_attempt, repository_id, id"),
    ("job_shape", "repository_id, number"),
    ("build_shape", "repository_id, number"),
    ("workflow", "repository_id, id"),
    ("early_jobs_complete", ATTEMPT),
    ("closed_attempt", ATTEMPT),
    ("early_run", "run_id, repository_id"),
    ("missed_delivery", "guid"),
    ("alert", "id"),
    ("incident", "id"),
    ("backfill", "repository_id, number"),
    ("installation_repository", "installation_id, repository_id"),
    ("repository", "id"),
];

/// Whether a step left something for the next one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    Something,
    Nothing,
}

impl Store {
    /// Does one small step of deleting, behind what waits already.
    pub(super) async fn purge<T, W>(&self, step: W) -> Result<T>
    where
        T: Send + 'static,
        W: for<'c> FnOnce(&'c mut Connection, Timestamp) -> BoxFuture<'c, Result<T>>
            + Send
            + 'static,
    {
        self.purge_builds(move |connection, now| {
            let stepping = step(connection, now);
            async move { Ok((stepping.await?, 0)) }.boxed()
        })
        .await
    }

    /// The same with a step that deletes builds, and says how much is left to be folded
    /// into rollups.
    async fn purge_builds<T, W>(&self, step: W) -> Result<T>
    where
        T: Send + 'static,
        W: for<'c> FnOnce(&'c mut Connection, Timestamp) -> BoxFuture<'c, Result<(T, usize)>>
            + Send
            + 'static,
    {
        self.writer
            .purge(move |connection, now| {
                let stepping = step(connection, now);
                async move {
                    let (value, unfolded) = stepping.await?;
                    let news = News {
                        unfolded,
                        ..News::default()
                    };
                    Ok((value, news))
                }
                .boxed()
            })
            .await
    }

    /// Deletes everything of the repositories that have been hidden since a time
    /// or longer, and what was told of installations that were uninstalled by
    /// then and see nothing any more. Says how many repositories are gone.
    pub(crate) async fn delete_hidden(&self, since: Timestamp) -> Result<usize> {
        let rows = db::query("SELECT id FROM repository WHERE hidden_time <= $1")
            .bind(since.as_microsecond())
            .fetch_all(&self.readers)
            .await?;
        let repositories: Vec<i64> = rows
            .iter()
            .map(|row| row.try_get(0))
            .collect::<Result<_, _>>()?;
        for id in repositories.iter().copied() {
            let step = async || {
                self.purge_builds(move |connection, _| step(connection, id, since).boxed())
                    .await
            };
            while step().await? == Left::Something {}
        }
        let delete_told = async || {
            self.purge(move |connection, _| delete_told(connection, since).boxed())
                .await
        };
        while delete_told().await? == Left::Something {}
        let empty = async || {
            self.purge(move |connection, _| empty_installations(connection, since).boxed())
                .await
        };
        while empty().await? == Left::Something {}
        Ok(repositories.len())
    }

    /// Deletes the deliveries that were given up by a time. GitHub has to have
    /// forgotten them by then, or else they would be missing again.
    pub(crate) async fn delete_given_up(&self, until: Timestamp) -> Result<()> {
        let until = until.as_microsecond();
        let some = async || {
            self.purge(move |connection, _| given_up(connection, until).boxed())
                .await
        };
        while some().await? == Left::Something {}
        Ok(())
    }
}

async fn given_up(connection: &mut Connection, until: i64) -> Result<Left> {
    let deleted = db::query(
        "DELETE FROM missed_delivery WHERE guid IN (
             SELECT guid FROM missed_delivery
             WHERE closing IS NOT NULL AND close_time <= $1 LIMIT $2)",
    )
    .bind(until)
    .bind(AT_A_TIME)
    .execute(connection)
    .await?;
    Ok(left(deleted))
}

/// What a step that deleted so many rows left.
fn left(deleted: u64) -> Left {
    match deleted {
        0 => Left::Nothing,
        _ => Left::Something,
    }
}

/// Has jobs deleted of builds that ended at a time, though it was looked for such
/// before.
pub(super) async fn look_for_jobs_since(
    connection: &mut Connection,
    time: Timestamp,
) -> Result<()> {
    // To before it: of just this time some may have been passed over already.
    let before = time.as_microsecond().saturating_sub(1);
    cursor::set_back(connection, cursor::JOBS, before).await
}

/// Deletes some of what belongs to a repository, unless it came back meanwhile.
async fn step(connection: &mut Connection, id: i64, since: Timestamp) -> Result<(Left, usize)> {
    let hidden = db::query("SELECT 1 FROM repository WHERE id = $1 AND hidden_time <= $2")
        .bind(id)
        .bind(since.as_microsecond())
        .fetch_optional(&mut *connection)
        .await?;
    if hidden.is_none() {
        return Ok((Left::Nothing, 0));
    }
    let deleted = delete_builds(connection, id).await?;
    if deleted.builds > 0 || delete_payloads(connection, id).await? {
        return Ok((Left::Something, deleted.unfolded));
    }
    forget_default_branch(connection, id).await?;
    let mut room = ROWS_AT_A_TIME;
    for (table, key) in REST {
        room -= some_rest(table, key, id, room)
            .execute(&mut *connection)
            .await?;
        if room == 0 {
            return Ok((Left::Something, 0));
        }
    }
    Ok((Left::Nothing, 0))
}

/// Takes a repository out of the rollups of default branches, while it is known which one that
/// was.
async fn forget_default_branch(connection: &mut Connection, id: i64) -> Result<()> {
    let named = db::query("SELECT default_branch FROM repository WHERE id = $1").bind(id);
    let branch: String = named.fetch_one(&mut *connection).await?.try_get(0)?;
    let forget = db::query("UPDATE repository SET default_branch = '' WHERE id = $1").bind(id);
    forget.execute(&mut *connection).await?;
    rollup::change_default_branch(connection, RepositoryId(id), &branch, "").await
}

/// Deletes so many rows that belong to a repository.
pub(super) fn some_rest(table: &'static str, key: &'static str, id: i64, count: u64) -> Query {
    let of = if table == "repository" {
        "id"
    } else {
        "repository_id"
    };
    let mut query = Query::new("DELETE FROM ");
    query
        .push(table)
        .push(" WHERE (")
        .push(key)
        .push(") IN (SELECT ");
    query.push(key).push(" FROM ").push(table).push(" WHERE ");
    query.push(of).push(" = ").push_bind(id).push(" LIMIT ");
    query
        .push_bind(i64::try_from(count).unwrap_or(i64::MAX))
        .push(")");
    query
}

/// Deletes some runs.
async fn delete_builds(connection: &mut Connection, repository: i64) -> Result<Deleted> {
    let rows = db::query("SELECT run_id FROM build WHERE repository_id = $1 LIMIT $2")
        .bind(repository)
        .bind(RUNS_AT_A_TIME)
        .fetch_all(&mut *connection)
        .await?;
    let run = |row: &db::Row| Ok((RunId(row.try_get(0)?), RepositoryId(repository)));
    let runs: BTreeSet<Run> = rows.iter().map(run).collect::<Result<_>>()?;
    delete_runs(connection, &runs).await
}

/// That a delivery came is kept; what it said is not.
async fn delete_payloads(connection: &mut Connection, repository: i64) -> Result<bool> {
    let deleted = db::query(
        "UPDATE delivery SET payload = NULL WHERE guid IN (
             SELECT guid FROM delivery
             WHERE repository_id = $1 AND payload IS NOT NULL LIMIT $2)",
    )
    .bind(repository)
    .bind(AT_A_TIME)
    .execute(connection)
    .await?;
    Ok(deleted > 0)
}

/// Deletes some payloads that came from uninstalled installations and are of no
/// repository that is known: each of those goes with its own.
async fn delete_told(connection: &mut Connection, since: Timestamp) -> Result<Left> {
    let deleted = db::query(
        "UPDATE delivery SET payload = NULL WHERE guid IN (
             SELECT guid FROM delivery
             WHERE payload IS NOT NULL
               AND installation_id IN (SELECT id FROM installation
                                       WHERE state = 'deleted' AND update_time <= $1)
               AND repository_id NOT IN (SELECT id FROM repository) LIMIT $2)",
    )
    .bind(since.as_microsecond())
    .bind(AT_A_TIME)
    .execute(connection)
    .await?;
    Ok(left(deleted))
}

/// What it once saw may be seen through others now: these go on without it.
/// That it was uninstalled is kept: a late report must not bring back what it saw.
async fn empty_installations(connection: &mut Connection, since: Timestamp) -> Result<Left> {
    let mut deleted = 0;
    for statement in [
        "DELETE FROM installation_repository
         WHERE (installation_id, repository_id) IN (
             SELECT l.installation_id, l.repository_id FROM installation_repository l
             WHERE l.installation_id IN (SELECT id FROM installation
                                         WHERE state = 'deleted' AND update_time <= $1)
               AND l.repository_id IN (SELECT id FROM repository WHERE hidden_time IS NULL)
             LIMIT $2)",
        "UPDATE installation SET account = '', account_id = 0, url = '' WHERE id IN (
             SELECT id FROM installation
             WHERE state = 'deleted' AND update_time <= $1 AND account <> '' AND NOT EXISTS (
                 SELECT 1 FROM installation_repository l
                 WHERE l.installation_id = installation.id)
             LIMIT $2)",
    ] {
        deleted += db::query(statement)
            .bind(since.as_microsecond())
            .bind(AT_A_TIME)
            .execute(&mut *connection)
            .await?;
    }
    Ok(left(deleted))
}

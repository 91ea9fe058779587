//! Deleting what has been hidden for long, a little at a time, so that reports get their turn.

use std::collections::BTreeSet;

use futures_util::FutureExt as _;
use jiff::Timestamp;

use super::{
    Store, attempts, builds,
    db::{self, Connection, Query},
    rollup, sql,
};
use crate::{Result, model::BuildId};

/// How many builds or payloads one write deletes.
const AT_A_TIME: i64 = 200;

/// What belongs to a repository and is small or cheap to find, in an order that
/// ends with the row that all else refers to.
const REST: [&str; 8] = [
    "DELETE FROM job WHERE repository_id = $1",
    "DELETE FROM workflow WHERE repository_id = $1",
    "DELETE FROM early_jobs_complete WHERE repository_id = $1",
    "DELETE FROM closed_attempt WHERE repository_id = $1",
    "DELETE FROM missed_delivery WHERE repository_id = $1",
    "DELETE FROM backfill WHERE repository_id = $1",
    "DELETE FROM installation_repository WHERE repository_id = $1",
    "DELETE FROM repository WHERE id = $1",
];

/// Whether a step left something for the next one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    Something,
    Nothing,
}

impl Store {
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
                self.write(move |connection, _| step(connection, id, since).boxed())
                    .await
            };
            while step().await? == Left::Something {}
        }
        let delete_told = async || {
            self.write(move |connection, _| delete_told(connection, since).boxed())
                .await
        };
        while delete_told().await? == Left::Something {}
        self.write(move |connection, _| empty_installations(connection, since).boxed())
            .await?;
        Ok(repositories.len())
    }

    /// Deletes the deliveries that were given up by a time. GitHub has to have
    /// forgotten them by then, or else they would be missing again.
    pub(crate) async fn delete_given_up(&self, until: Timestamp) -> Result<()> {
        self.write(move |connection, _| {
            async move {
                db::query(
                    "DELETE FROM missed_delivery WHERE closing IS NOT NULL AND close_time <= $1",
                )
                .bind(until.as_microsecond())
                .execute(connection)
                .await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }
}

/// Deletes some of what belongs to a repository, unless it came back meanwhile.
async fn step(connection: &mut Connection, id: i64, since: Timestamp) -> Result<Left> {
    let hidden = db::query("SELECT 1 FROM repository WHERE id = $1 AND hidden_time <= $2")
        .bind(id)
        .bind(since.as_microsecond())
        .fetch_optional(&mut *connection)
        .await?;
    if hidden.is_none() {
        return Ok(Left::Nothing);
    }
    if delete_builds(connection, id).await? || delete_payloads(connection, id).await? {
        return Ok(Left::Something);
    }
    for statement in REST {
        db::query(statement)
            .bind(id)
            .execute(&mut *connection)
            .await?;
    }
    Ok(Left::Nothing)
}

/// Deletes some builds with their jobs; says whether there were any.
async fn delete_builds(connection: &mut Connection, repository: i64) -> Result<bool> {
    let rows = db::query(
        "SELECT run_id, run_attempt, repository_id FROM build WHERE repository_id = $1 LIMIT $2",
    )
    .bind(repository)
    .bind(AT_A_TIME)
    .fetch_all(&mut *connection)
    .await?;
    let builds: Vec<BuildId> = rows.iter().map(attempts::read).collect::<Result<_>>()?;
    uncount(connection, &builds).await?;
    for table in ["job", "build"] {
        for chunk in sql::padded(&builds) {
            let mut query = Query::new("DELETE FROM ");
            query.push(table);
            query.push(" WHERE (run_id, run_attempt, repository_id) IN (");
            query.push_values(chunk, |mut row, id| {
                row.push_bind(id.run.0)
                    .push_bind(id.attempt)
                    .push_bind(id.repository.0);
            });
            query.push(")");
            query.execute(&mut *connection).await?;
        }
    }
    Ok(!builds.is_empty())
}

/// Takes builds that are about to go out of the rollups.
async fn uncount(connection: &mut Connection, builds: &[BuildId]) -> Result<()> {
    let runs: BTreeSet<i64> = builds.iter().map(|id| id.run.0).collect();
    let stored = builds::of_runs(connection, &Vec::from_iter(runs)).await?;
    let going = stored.iter().filter(|build| builds.contains(&build.id));
    rollup::leave(connection, going.map(|build| (Some(build), None))).await?;
    Ok(())
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
    Ok(match deleted {
        0 => Left::Nothing,
        _ => Left::Something,
    })
}

/// What it once saw may be seen through others now: these go on without it.
/// That it was uninstalled is kept: a late report must not bring back what it saw.
async fn empty_installations(connection: &mut Connection, since: Timestamp) -> Result<()> {
    for statement in [
        "DELETE FROM installation_repository
         WHERE installation_id IN (SELECT id FROM installation
                                   WHERE state = 'deleted' AND update_time <= $1)
           AND repository_id IN (SELECT id FROM repository WHERE hidden_time IS NULL)",
        "UPDATE installation SET account = '', account_id = 0, url = ''
         WHERE state = 'deleted' AND update_time <= $1 AND account <> '' AND NOT EXISTS (
             SELECT 1 FROM installation_repository l WHERE l.installation_id = installation.id)",
    ] {
        db::query(statement)
            .bind(since.as_microsecond())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

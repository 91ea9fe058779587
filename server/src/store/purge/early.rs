//! Deleting by its age what came of runs of which no build ever came.

use std::collections::BTreeSet;

use futures_util::FutureExt as _;
use jiff::Timestamp;

use super::{
    super::{
        Store, builds,
        db::{self, Connection},
        sql,
    },
    Left, RUNS_AT_A_TIME,
    runs::{Run, delete_rows, delete_runs, run_of},
};
use crate::{
    Result,
    model::{RepositoryId, RunId},
};

const TABLE: &str = "early_run";

/// Notes runs of which something came, and no build so far.
pub(in crate::store) async fn note(
    connection: &mut Connection,
    runs: &BTreeSet<Run>,
    now: Timestamp,
) -> Result<()> {
    let runs: Vec<Run> = runs.iter().copied().collect();
    for chunk in sql::chunks(&runs) {
        let mut query = sql::insert(TABLE, &["run_id", "repository_id", "note_time"]);
        query.push_values(chunk, |mut row, (run, repository)| {
            row.push_bind(run.0)
                .push_bind(repository.0)
                .push_bind(now.as_microsecond());
        });
        query.push(" ON CONFLICT DO NOTHING");
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

impl Store {
    /// Deletes what is kept of runs that were noted by a time and have no build. Says how many.
    pub(crate) async fn delete_without_builds(&self, until: Timestamp) -> Result<usize> {
        let mut count = 0;
        loop {
            let step = self.purge(move |connection, _| step(connection, until).boxed());
            let (deleted, left) = step.await?;
            count += deleted;
            if left == Left::Nothing {
                return Ok(count);
            }
        }
    }
}

async fn step(connection: &mut Connection, until: Timestamp) -> Result<(usize, Left)> {
    let rows = db::query(
        "SELECT run_id, repository_id FROM early_run
         WHERE note_time <= $1 ORDER BY note_time LIMIT $2",
    )
    .bind(until.as_microsecond())
    .bind(RUNS_AT_A_TIME)
    .fetch_all(&mut *connection)
    .await?;
    let read = |row: &db::Row| Ok((RunId(row.try_get(0)?), RepositoryId(row.try_get(1)?)));
    let noted = rows.iter().map(read).collect::<Result<Vec<Run>>>()?;
    let ids: Vec<i64> = noted.iter().map(|(run, _)| run.0).collect();
    let known = builds::of_runs(connection, &ids).await?;
    let known: BTreeSet<Run> = known.iter().map(|build| run_of(build.id)).collect();
    // Of most a build came soon.
    delete_rows(connection, TABLE, &noted).await?;
    let without: BTreeSet<Run> = noted
        .into_iter()
        .filter(|run| !known.contains(run))
        .collect();
    delete_runs(connection, &without).await?;
    let left = if rows.is_empty() {
        Left::Nothing
    } else {
        Left::Something
    };
    Ok((without.len(), left))
}

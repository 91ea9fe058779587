//! Deleting runs: the one way in which builds go.

use std::collections::BTreeSet;

use super::super::{
    builds,
    db::{Connection, Query},
    rollup, sql,
};
use super::shapes;
use crate::{
    Result,
    model::{BuildId, RepositoryId, RunId},
};

/// A run of a repository.
pub(in crate::store) type Run = (RunId, RepositoryId);

/// Which run a build is an attempt of.
pub(in crate::store) fn run_of(id: BuildId) -> Run {
    (id.run, id.repository)
}

/// What is kept of a run beside its builds, and then these.
const TABLES: [&str; 4] = [
    "early_jobs_complete",
    "closed_attempt",
    "early_run",
    "build",
];

/// What was deleted.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::store) struct Deleted {
    /// How many builds.
    pub(in crate::store) builds: usize,
    /// How much of that is still to be folded into rollups.
    pub(in crate::store) unfolded: usize,
}

/// Deletes all attempts of some runs with all that is known of them.
pub(in crate::store) async fn delete_runs(
    connection: &mut Connection,
    runs: &BTreeSet<Run>,
) -> Result<Deleted> {
    let ids: Vec<i64> = runs.iter().map(|(run, _)| run.0).collect();
    let mut deleted = builds::of_runs(connection, &ids).await?;
    deleted.retain(|build| runs.contains(&run_of(build.id)));
    let gone = deleted.iter().map(|build| (Some(build), None));
    let unfolded = rollup::leave(connection, gone.clone()).await?;
    builds::follow(connection, gone).await?;
    let runs: Vec<Run> = runs.iter().copied().collect();
    let mut shapes = BTreeSet::new();
    for chunk in sql::padded(&runs) {
        let mut query = of_runs("job", chunk);
        query.push(shapes::RETURNING);
        shapes::read(query, connection, &mut shapes).await?;
    }
    shapes::delete_unused(connection, &shapes).await?;
    for table in TABLES {
        delete_rows(connection, table, &runs).await?;
    }
    Ok(Deleted {
        builds: deleted.len(),
        unfolded,
    })
}

/// Deletes what a table has of some runs.
pub(super) async fn delete_rows(
    connection: &mut Connection,
    table: &'static str,
    runs: &[Run],
) -> Result<()> {
    for chunk in sql::padded(runs) {
        of_runs(table, chunk).execute(&mut *connection).await?;
    }
    Ok(())
}

fn of_runs(table: &'static str, runs: Vec<Run>) -> Query {
    let mut query = Query::new("DELETE FROM ");
    // The first condition is what indexes know.
    query.push(table).push(" WHERE run_id IN (");
    sql::push_list(&mut query, runs.iter().map(|(run, _)| &run.0));
    query.push(") AND (run_id, repository_id) IN (");
    query.push_values(runs, |mut row, (run, repository)| {
        row.push_bind(run.0).push_bind(repository.0);
    });
    query.push(")");
    query
}

//! What is known of attempts that are not: all their jobs, or that nobody asks for them any more.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    builds,
    db::{Connection, Executor, Pool, Query, Row},
    purge::{
        early,
        runs::{Run, run_of},
    },
    sql,
};
use crate::{
    Result,
    model::{BuildId, BuildRecord, RepositoryId, RunId, mark_attempts},
};

const KEY: [&str; 3] = ["run_id", "run_attempt", "repository_id"];

/// Works out what follows from all attempts of some runs.
pub(super) async fn mark(
    connection: &mut Connection,
    builds: impl Iterator<Item = &mut BuildRecord>,
) -> Result<()> {
    let mut runs: BTreeMap<_, Vec<&mut BuildRecord>> = BTreeMap::new();
    for build in builds {
        let run = (build.id.run.0, build.id.repository);
        runs.entry(run).or_default().push(build);
    }
    let with_holes = runs.iter().filter(|(_, attempts)| has_holes(attempts));
    let with_holes: BTreeSet<i64> = with_holes.map(|((run, _), _)| *run).collect();
    let with_holes: Vec<i64> = with_holes.into_iter().collect();
    let given_up = given_up(&mut connection.into(), &with_holes).await?;
    let none = BTreeSet::new();
    for (run, attempts) in runs {
        mark_attempts(attempts, given_up.get(&run).unwrap_or(&none));
    }
    Ok(())
}

fn has_holes(attempts: &[&mut BuildRecord]) -> bool {
    let latest = attempts.iter().map(|build| build.id.attempt).max();
    usize::try_from(latest.unwrap_or_default()) != Ok(attempts.len())
}

/// The attempts of some runs that nobody asks for any more.
async fn given_up(
    executor: &mut Executor<'_>,
    runs: &[i64],
) -> Result<BTreeMap<(i64, RepositoryId), BTreeSet<i32>>> {
    let mut given_up: BTreeMap<_, BTreeSet<i32>> = BTreeMap::new();
    for id in of_runs(executor, "closed_attempt", runs).await? {
        let run = (id.run.0, id.repository);
        given_up.entry(run).or_default().insert(id.attempt);
    }
    Ok(given_up)
}

/// The attempts of some runs that are known, or that nobody asks for any more.
pub(super) async fn known_or_given_up(
    readers: &Pool,
    runs: &[i64],
) -> Result<BTreeMap<(i64, RepositoryId), BTreeSet<i32>>> {
    let mut executor = Executor::from(readers);
    let mut found = given_up(&mut executor, runs).await?;
    for id in of_runs(&mut executor, "build", runs).await? {
        let run = (id.run.0, id.repository);
        found.entry(run).or_default().insert(id.attempt);
    }
    Ok(found)
}

/// Gives attempts up that are missing.
pub(super) async fn give_up(
    connection: &mut Connection,
    attempts: &[BuildId],
    now: Timestamp,
) -> Result<()> {
    insert(connection, "closed_attempt", attempts).await?;
    let runs: BTreeSet<i64> = attempts.iter().map(|id| id.run.0).collect();
    let runs: Vec<i64> = runs.into_iter().collect();
    let mut known = builds::of_runs(connection, &runs).await?;
    let has_build: BTreeSet<Run> = known.iter().map(|build| run_of(build.id)).collect();
    let without = attempts.iter().copied().map(run_of);
    let without = without.filter(|run| !has_build.contains(run)).collect();
    early::note(connection, &without, now).await?;
    let before = known.clone();
    mark(connection, known.iter_mut()).await?;
    // Nothing else follows from it, and nothing was heard: an end that nobody asks for any
    // more stays so.
    let counts = known.iter().zip(&before);
    let changed = counts.filter(|(now, then)| now.missing_attempts != then.missing_attempts);
    let mut by_count: BTreeMap<i32, Vec<BuildId>> = BTreeMap::new();
    for (build, _) in changed {
        by_count
            .entry(build.missing_attempts)
            .or_default()
            .push(build.id);
    }
    for (count, builds) in by_count {
        for chunk in sql::padded(&builds) {
            let mut query = Query::new("UPDATE build SET missing_attempts = ");
            query.push_bind(count);
            push_on(&mut query, chunk);
            query.execute(&mut *connection).await?;
        }
    }
    Ok(())
}

/// Keeps in mind that all jobs of some attempts are known, until the attempts
/// are.
pub(super) async fn keep_complete(connection: &mut Connection, attempts: &[BuildId]) -> Result<()> {
    insert(connection, "early_jobs_complete", attempts).await
}

/// The attempts of some runs that this was kept of.
pub(super) async fn kept_complete(
    connection: &mut Connection,
    runs: &[i64],
) -> Result<Vec<BuildId>> {
    of_runs(&mut connection.into(), "early_jobs_complete", runs).await
}

/// Runs a statement, without its condition, on the rows of some attempts.
pub(super) async fn run_on(
    connection: &mut Connection,
    statement: &'static str,
    attempts: &[BuildId],
) -> Result<()> {
    for chunk in sql::padded(attempts) {
        let query = on(statement, chunk);
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// A statement on the rows of some attempts.
pub(super) fn on(statement: &'static str, attempts: Vec<BuildId>) -> Query {
    let mut query = Query::new(statement);
    push_on(&mut query, attempts);
    query
}

/// Adds that a statement is on the rows of some attempts.
fn push_on(query: &mut Query, attempts: Vec<BuildId>) {
    // The first condition is what any index knows: by whole keys alone, some versions of
    // SQLite look at all rows.
    query.push(" WHERE run_id IN (");
    sql::push_list(query, attempts.iter().map(|id| &id.run.0));
    query.push(") AND (").push(KEY.join(", ")).push(") IN (");
    query.push_values(attempts, |mut row, id| {
        row.push_bind(id.run.0)
            .push_bind(id.attempt)
            .push_bind(id.repository.0);
    });
    query.push(")");
}

async fn insert(
    connection: &mut Connection,
    table: &'static str,
    attempts: &[BuildId],
) -> Result<()> {
    for chunk in sql::chunks(attempts) {
        let mut query = sql::insert(table, &KEY);
        query.push_values(chunk, |mut row, id| {
            row.push_bind(id.run.0)
                .push_bind(id.attempt)
                .push_bind(id.repository.0);
        });
        query.push(" ON CONFLICT DO NOTHING");
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn of_runs(
    executor: &mut Executor<'_>,
    table: &'static str,
    runs: &[i64],
) -> Result<Vec<BuildId>> {
    let mut attempts = Vec::new();
    for chunk in sql::padded(runs) {
        let mut query = Query::new("SELECT run_id, run_attempt, repository_id FROM ");
        query.push(table).push(" WHERE run_id IN (");
        sql::push_list(&mut query, &chunk);
        query.push(")");
        for row in query.fetch_all(executor.again()).await? {
            attempts.push(read(&row)?);
        }
    }
    Ok(attempts)
}

/// Reads the key of an attempt.
pub(super) fn read(row: &Row) -> Result<BuildId> {
    Ok(BuildId {
        run: RunId(row.try_get("run_id")?),
        attempt: row.try_get("run_attempt")?,
        repository: RepositoryId(row.try_get("repository_id")?),
    })
}

//! Jobs: written by the writer, listed for a build.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    Store,
    db::{Connection, Query},
    packed::{self, PackedJob},
    rows, shapes, sql,
};
use crate::{
    Result,
    model::{BuildId, Job, JobId, JobSpan, Outcome, RepositoryId, RunId},
};

const COLUMNS: [&str; 15] = [
    "run_id",
    "run_attempt",
    "repository_id",
    "id",
    "start_time",
    "end_time",
    "shape",
    "facts",
    // What `facts` stands for.
    "name",
    "status",
    "labels",
    "runner",
    "url",
    "create_time",
    "steps",
];
/// Where the shapes of jobs are.
const SHAPES: &str = "job_shape";
const KEY: [&str; 4] = ["run_id", "run_attempt", "repository_id", "id"];
/// How many failed jobs of a build are named.
const MOST_FAILED: usize = 10;

impl Store {
    /// Lists the jobs of a build in the order in which they were created.
    pub(crate) async fn jobs(&self, build: BuildId) -> Result<Vec<Job>> {
        let mut query = select();
        query.push(" WHERE j.run_id = ");
        query.push_bind(build.run.0);
        query.push(" AND j.run_attempt = ");
        query.push_bind(build.attempt);
        query.push(" AND j.repository_id = ");
        query.push_bind(build.repository.0);
        query.push(" AND j.repository_id IN (SELECT id FROM repository WHERE hidden_time IS NULL)");
        let rows = query.fetch_all(&self.readers).await?;
        let mut jobs = rows.iter().map(rows::job).collect::<Result<Vec<_>>>()?;
        jobs.sort_by_key(|job| (job.facts.create_time, job.id));
        Ok(jobs)
    }

    /// The names of the jobs that failed in builds that are shown, with their
    /// failing steps.
    pub(super) async fn failed_jobs(
        &self,
        builds: &[BuildId],
    ) -> Result<BTreeMap<BuildId, Vec<String>>> {
        let mut failed: BTreeMap<BuildId, Vec<String>> = BTreeMap::new();
        let mut jobs = Vec::new();
        for chunk in sql::padded(builds) {
            let mut query = select();
            // The first condition is what the index knows.
            query.push(" WHERE j.run_id IN (");
            sql::push_list(&mut query, chunk.iter().map(|build| &build.run.0));
            query.push(") AND (j.run_id, j.run_attempt, j.repository_id) IN (");
            query.push_values(chunk, |mut row, build| {
                row.push_bind(build.run.0)
                    .push_bind(build.attempt)
                    .push_bind(build.repository.0);
            });
            query.push(")");
            for row in query.fetch_all(&self.readers).await? {
                jobs.push(rows::job(&row)?);
            }
        }
        jobs.sort_by_key(|job| (job.facts.create_time, job.id));
        let is_failed = |job: &Job| {
            let conclusion = job.facts.status.conclusion();
            conclusion.is_some_and(|word| word.outcome() == Outcome::Failure)
        };
        for job in jobs.into_iter().filter(is_failed) {
            let names = failed.entry(job.build).or_default();
            if names.len() < MOST_FAILED {
                names.push(match job.facts.failed_step() {
                    Some(step) => format!("{} > {}", job.facts.name, step.name),
                    None => job.facts.name,
                });
            }
        }
        Ok(failed)
    }
}

/// Starts a query for jobs, as `job j`.
pub(super) fn select() -> Query {
    Query::new(
        "SELECT j.run_id, j.run_attempt, j.repository_id, j.id, j.start_time, j.end_time,
                j.facts, s.content AS shape, j.name, j.status, j.conclusion, j.labels, j.runner,
                j.url, j.create_time, j.steps
         FROM job j
         LEFT JOIN job_shape s ON s.repository_id = j.repository_id AND s.number = j.shape",
    )
}

/// Finds jobs by build and id.
pub(super) async fn of_keys(
    connection: &mut Connection,
    keys: &[(BuildId, JobId)],
) -> Result<Vec<Job>> {
    let mut jobs = Vec::new();
    for chunk in sql::padded(keys) {
        let mut query = select();
        // The first condition is what indexes know.
        query.push(" WHERE j.run_id IN (");
        sql::push_list(&mut query, chunk.iter().map(|(build, _)| &build.run.0));
        query.push(") AND (j.run_id, j.run_attempt, j.repository_id, j.id) IN (");
        query.push_values(chunk, |mut row, (build, id)| {
            row.push_bind(build.run.0)
                .push_bind(build.attempt)
                .push_bind(build.repository.0)
                .push_bind(id.0);
        });
        query.push(")");
        let rows = query.fetch_all(&mut *connection).await?;
        for row in &rows {
            jobs.push(rows::job(row)?);
        }
    }
    Ok(jobs)
}

/// Writes jobs over what is stored of them.
pub(super) async fn write(connection: &mut Connection, jobs: &[&Job]) -> Result<()> {
    let packed: Vec<PackedJob> = jobs.iter().map(|job| packed::pack_job(job)).collect();
    let shapes = jobs.iter().zip(&packed);
    let shapes: Vec<_> = shapes
        .map(|(job, packed)| (job.build.repository.0, &packed.shape[..]))
        .collect();
    let shapes = shapes::numbers(connection, SHAPES, &shapes).await?;
    let rows: Vec<_> = jobs.iter().zip(&packed).zip(shapes).collect();
    for chunk in sql::chunks(&rows) {
        let mut query = sql::insert("job", &COLUMNS);
        query.push_values(chunk, |mut row, ((job, packed), shape)| {
            row.push_bind(job.build.run.0)
                .push_bind(job.build.attempt)
                .push_bind(job.build.repository.0)
                .push_bind(job.id.0)
                .push_bind(job.facts.start_time.map(Timestamp::as_microsecond))
                .push_bind(job.facts.end_time.map(Timestamp::as_microsecond))
                .push_bind(shape)
                .push_bind(&packed.facts[..])
                .push("'', '', '', '', '', 0, ''");
        });
        sql::push_overwrite(&mut query, &KEY, &COLUMNS);
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// From when to when the jobs of some runs ran, by build.
pub(super) async fn spans(
    connection: &mut Connection,
    runs: &[i64],
) -> Result<BTreeMap<BuildId, JobSpan>> {
    let mut spans = BTreeMap::new();
    for chunk in sql::padded(runs) {
        let mut query = Query::new(
            "SELECT run_id, run_attempt, repository_id,
                    MIN(start_time) AS start_time, MAX(end_time) AS end_time,
                    COUNT(end_time) < COUNT(*) AS is_open
             FROM job WHERE run_id IN (",
        );
        sql::push_list(&mut query, &chunk);
        query.push(") GROUP BY run_id, run_attempt, repository_id");
        for row in query.fetch_all(&mut *connection).await? {
            let id = BuildId {
                run: RunId(row.try_get("run_id")?),
                attempt: row.try_get("run_attempt")?,
                repository: RepositoryId(row.try_get("repository_id")?),
            };
            let span = JobSpan {
                start: rows::maybe_time(&row, "job", "start_time", id)?,
                end: rows::maybe_time(&row, "job", "end_time", id)?,
                open: row.try_get("is_open")?,
            };
            spans.insert(id, span);
        }
    }
    Ok(spans)
}

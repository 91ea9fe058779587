//! Jobs: written by the writer, listed for a build.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    Store,
    db::{Connection, Query},
    rows, sql, steps,
};
use crate::{
    Result,
    model::{BuildId, Conclusion, Job, JobId, JobSpan, RepositoryId, RunId},
};

const COLUMNS: [&str; 14] = [
    "run_id",
    "run_attempt",
    "repository_id",
    "id",
    "name",
    "status",
    "conclusion",
    "labels",
    "runner",
    "url",
    "create_time",
    "start_time",
    "end_time",
    "steps",
];
const KEY: [&str; 4] = ["run_id", "run_attempt", "repository_id", "id"];

impl Store {
    /// Lists the jobs of a build in the order in which they were created.
    pub(crate) async fn jobs(&self, build: BuildId) -> Result<Vec<Job>> {
        let mut query = select();
        query.push(" WHERE run_id = ");
        query.push_bind(build.run.0);
        query.push(" AND run_attempt = ");
        query.push_bind(build.attempt);
        query.push(" AND repository_id = ");
        query.push_bind(build.repository.0);
        query.push(" AND repository_id IN (SELECT id FROM repository WHERE hidden_time IS NULL)");
        query.push(" ORDER BY create_time, id");
        let rows = query.fetch_all(&self.readers).await?;
        rows.iter().map(rows::job).collect()
    }
}

fn select() -> Query {
    let mut query = Query::new("SELECT ");
    query.push(COLUMNS.join(", "));
    query.push(" FROM job");
    query
}

/// Finds jobs by build and id.
pub(super) async fn of_keys(
    connection: &mut Connection,
    keys: &[(BuildId, JobId)],
) -> Result<Vec<Job>> {
    let mut jobs = Vec::new();
    for chunk in sql::padded(keys) {
        let mut query = select();
        query.push(" WHERE (run_id, run_attempt, repository_id, id) IN (");
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
    for chunk in sql::chunks(jobs) {
        let mut query = sql::insert("job", &COLUMNS);
        query.push_values(chunk, |mut row, job| {
            let facts = &job.facts;
            let labels = serde_json::to_string(&facts.labels).expect("texts make JSON");
            row.push_bind(job.build.run.0)
                .push_bind(job.build.attempt)
                .push_bind(job.build.repository.0)
                .push_bind(job.id.0)
                .push_bind(&facts.name)
                .push_bind(facts.status.word())
                .push_bind(facts.status.conclusion().map(Conclusion::word))
                .push_bind(labels)
                .push_bind(&facts.runner)
                .push_bind(&facts.url)
                .push_bind(facts.create_time.as_microsecond())
                .push_bind(facts.start_time.map(Timestamp::as_microsecond))
                .push_bind(facts.end_time.map(Timestamp::as_microsecond))
                .push_bind(steps::write(&facts.steps));
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

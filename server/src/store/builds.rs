//! Builds: written by the writer, looked up and listed by everybody.

mod list;
mod pull_requests;

pub(crate) use list::{BuildPage, Position};
#[cfg(test)]
pub(super) use list::{By, stretch};
pub(super) use pull_requests::{
    count as count_pull_requests, follow, recount as recount_pull_requests,
};

use jiff::Timestamp;

use super::{
    Store,
    db::{Connection, Executor, Query},
    packed::{self, PackedBuild},
    rows::{self, BUILD_COLUMNS, SHOWN_COLUMNS},
    shapes, sql,
};
use crate::{
    Result,
    model::{Build, BuildId, BuildRecord, Conclusion, RepositoryId, RunId, Status},
};

impl Store {
    /// Finds a build.
    pub(crate) async fn build(&self, id: BuildId) -> Result<Option<Build>> {
        let mut query = select_shown();
        push_id(&mut query, id);
        query.push(" AND r.hidden_time IS NULL");
        let row = query.fetch_optional(&self.readers).await?;
        row.as_ref().map(rows::build).transpose()
    }

    /// Finds the attempts of a run, in order.
    pub(crate) async fn attempts(
        &self,
        run: RunId,
        repository: Option<RepositoryId>,
    ) -> Result<Vec<Build>> {
        let mut query = select_shown();
        query.push(" WHERE r.hidden_time IS NULL AND b.run_id = ");
        query.push_bind(run.0);
        if let Some(repository) = repository {
            query.push(" AND b.repository_id = ");
            query.push_bind(repository.0);
        }
        query.push(" ORDER BY b.repository_id, b.run_attempt");
        let rows = query.fetch_all(&self.readers).await?;
        rows.iter().map(rows::build).collect()
    }
}

/// Finds those of some builds that are shown.
pub(super) async fn shown_of<'c>(
    executor: impl Into<Executor<'c>>,
    ids: &[BuildId],
) -> Result<Vec<Build>> {
    let mut executor = executor.into();
    let mut found = Vec::new();
    for chunk in sql::padded(ids) {
        let mut query = select_shown();
        // The first condition is what the index knows.
        query.push(" WHERE r.hidden_time IS NULL AND b.run_id IN (");
        sql::push_list(&mut query, chunk.iter().map(|id| &id.run.0));
        query.push(") AND (b.run_id, b.run_attempt, b.repository_id) IN (");
        query.push_values(chunk, |mut row, id| {
            row.push_bind(id.run.0)
                .push_bind(id.attempt)
                .push_bind(id.repository.0);
        });
        query.push(")");
        for row in query.fetch_all(executor.again()).await? {
            found.push(rows::build(&row)?);
        }
    }
    Ok(found)
}

/// Starts a query for builds as they are shown.
pub(super) fn select_shown() -> Query {
    let mut query = Query::new("SELECT ");
    query.push(BUILD_COLUMNS);
    query.push(", ");
    query.push(SHOWN_COLUMNS);
    query.push(" FROM build b JOIN repository r ON r.id = b.repository_id");
    query
}

fn push_id(query: &mut Query, id: BuildId) {
    query.push(" WHERE b.run_id = ");
    query.push_bind(id.run.0);
    query.push(" AND b.run_attempt = ");
    query.push_bind(id.attempt);
    query.push(" AND b.repository_id = ");
    query.push_bind(id.repository.0);
}

/// Finds all attempts of some runs.
pub(super) async fn of_runs(connection: &mut Connection, runs: &[i64]) -> Result<Vec<BuildRecord>> {
    let mut builds = Vec::new();
    for chunk in sql::padded(runs) {
        let mut query = Query::new("SELECT ");
        query.push(BUILD_COLUMNS);
        query.push(" FROM build b WHERE b.run_id IN (");
        sql::push_list(&mut query, &chunk);
        query.push(")");
        let rows = query.fetch_all(&mut *connection).await?;
        for row in &rows {
            builds.push(rows::build_record(row)?);
        }
    }
    Ok(builds)
}

/// Whether a newer run took the place of a build before any of its jobs ran.
pub(super) async fn is_superseded(
    connection: &mut Connection,
    build: &BuildRecord,
) -> Result<bool> {
    let cancelled = build.facts.status == Status::Completed(Conclusion::Cancelled);
    if !cancelled || build.jobs.start.is_some() {
        return Ok(false);
    }
    let mut query = select_shown();
    push_id(&mut query, build.id);
    let row = query.fetch_one(connection).await?;
    Ok(rows::build(&row)?.superseded)
}

/// Where the shapes of builds are.
const SHAPES: &str = "build_shape";

const WRITTEN: [&str; 36] = [
    "run_id",
    "run_attempt",
    "repository_id",
    "workflow_id",
    "workflow",
    "run_number",
    "status",
    "conclusion",
    "event",
    "branch",
    "head_repository",
    "commit_sha",
    "triggering_actor",
    "pull_requests",
    "start_time",
    "update_time",
    "first_completed_time",
    "jobs_start_time",
    "jobs_end_time",
    "jobs_open",
    "jobs_complete",
    "end_time",
    "latest_attempt",
    "counted",
    "missing_attempts",
    "shape",
    "facts",
    "commit_hash",
    "end_closed",
    // What `facts` stands for.
    "workflow_path",
    "commit_title",
    "commit_author",
    "title",
    "actor",
    "url",
    "create_time",
];

/// Writes builds over what is stored of them.
pub(super) async fn write(connection: &mut Connection, builds: &[&BuildRecord]) -> Result<()> {
    let packed: Vec<PackedBuild> = builds
        .iter()
        .map(|build| packed::pack_build(build.id, &build.facts))
        .collect();
    let shapes = builds.iter().zip(&packed);
    let shapes: Vec<_> = shapes
        .map(|(build, packed)| (build.id.repository.0, &packed.shape[..]))
        .collect();
    let shapes = shapes::numbers(connection, SHAPES, &shapes).await?;
    let rows: Vec<_> = builds.iter().zip(&packed).zip(shapes).collect();
    for chunk in sql::chunks(&rows) {
        let mut query = sql::insert("build", &WRITTEN);
        query.push_values(chunk, |mut row, ((build, packed), shape)| {
            let facts = &build.facts;
            let hash = packed::commit::pack(&facts.commit_sha);
            let plain_sha = match hash {
                Some(_) => "",
                None => facts.commit_sha.as_str(),
            };
            row.push_bind(build.id.run.0)
                .push_bind(build.id.attempt)
                .push_bind(build.id.repository.0)
                .push_bind(facts.workflow_id.0)
                .push_bind(&facts.workflow)
                .push_bind(facts.run_number)
                .push_bind(facts.status.word())
                .push_bind(facts.status.conclusion().map(Conclusion::word))
                .push_bind(&facts.event)
                .push_bind(&facts.branch)
                .push_bind(&facts.head_repository)
                .push_bind(plain_sha)
                .push_bind(&facts.triggering_actor)
                .push_bind(rows::write_numbers(&facts.pull_requests))
                .push_bind(facts.start_time.as_microsecond())
                .push_bind(facts.update_time.as_microsecond())
                .push_bind(build.first_completed.map(Timestamp::as_microsecond))
                .push_bind(build.jobs.start.map(Timestamp::as_microsecond))
                .push_bind(build.jobs.end.map(Timestamp::as_microsecond))
                .push_bind(build.jobs.open)
                .push_bind(build.jobs_complete)
                .push_bind(build.end_time().map(Timestamp::as_microsecond))
                .push_bind(build.latest_attempt)
                .push_bind(build.counted)
                .push_bind(build.missing_attempts)
                .push_bind(shape)
                .push_bind(&packed.facts[..])
                .push_bind(hash)
                // Somebody has heard of it after all.
                .push("FALSE")
                .push("'', '', '', '', '', '', 0");
        });
        sql::push_overwrite(
            &mut query,
            &["run_id", "run_attempt", "repository_id"],
            &WRITTEN,
        );
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

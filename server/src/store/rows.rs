//! Rows of the database, read into the model.

use std::fmt::Display;

use jiff::Timestamp;

use super::{
    bad_value,
    db::Row,
    packed::{self, UnpackedBuild},
    plain_steps,
};
use crate::{
    Result,
    model::{
        Build, BuildFacts, BuildId, BuildRecord, Job, JobFacts, JobId, JobSpan, RepositoryId,
        RunId, Status, WorkflowId,
    },
};

/// The columns that `build_record` reads.
pub(super) const BUILD_COLUMNS: &str = "b.run_id, b.run_attempt, b.repository_id, b.workflow_id, \
     b.workflow, b.workflow_path, b.run_number, b.status, b.conclusion, b.event, b.branch, \
     b.head_repository, b.commit_sha, b.commit_title, b.commit_author, b.title, b.actor, \
     b.triggering_actor, b.pull_requests, b.url, b.create_time, b.start_time, b.update_time, \
     b.first_completed_time, b.jobs_start_time, b.jobs_end_time, b.jobs_open, b.jobs_complete, \
     b.jobs_deleted, b.latest_attempt, b.counted, b.missing_attempts, b.facts, b.commit_hash, \
     (SELECT s.content FROM build_shape s \
      WHERE s.repository_id = b.repository_id AND s.number = b.shape) AS shape";

/// What `build` reads beside them, from `build b` joined to `repository r`.
pub(super) const SHOWN_COLUMNS: &str = "r.name AS repository_name, r.default_branch, \
     COALESCE(b.conclusion, '') = 'cancelled' AND b.jobs_start_time IS NULL AND EXISTS (\
        SELECT 1 FROM build newer \
        WHERE newer.repository_id = b.repository_id AND newer.workflow_id = b.workflow_id \
          AND newer.branch = b.branch AND newer.run_number > b.run_number \
          AND newer.head_repository = b.head_repository\
     ) AS superseded";

/// Reads a build as it is shown.
pub(super) fn build(row: &Row) -> Result<Build> {
    Ok(Build {
        record: build_record(row)?,
        repository: row.try_get("repository_name")?,
        default_branch: row.try_get("default_branch")?,
        superseded: row.try_get("superseded")?,
    })
}

/// Reads a build.
pub(super) fn build_record(row: &Row) -> Result<BuildRecord> {
    let id = BuildId {
        run: RunId(row.try_get("run_id")?),
        attempt: row.try_get("run_attempt")?,
        repository: RepositoryId(row.try_get("repository_id")?),
    };
    let at = |column| time(row, "build", column, id);
    let maybe_at = |column| maybe_time(row, "build", column, id);
    let start_time = at("start_time")?;
    let triggering_actor: String = row.try_get("triggering_actor")?;
    let packed = match row.try_get("facts")? {
        Some(facts) => packed_build(row, (id, start_time, &triggering_actor), facts)?,
        None => plain_build(row, id)?,
    };
    let commit_hash: Option<&[u8]> = row.try_get("commit_hash")?;
    let facts = BuildFacts {
        status: status(row)?,
        update_time: at("update_time")?,
        create_time: packed.create_time,
        start_time,
        workflow_id: WorkflowId(row.try_get("workflow_id")?),
        workflow: row.try_get("workflow")?,
        workflow_path: packed.workflow_path,
        run_number: row.try_get("run_number")?,
        event: row.try_get("event")?,
        branch: row.try_get("branch")?,
        head_repository: row.try_get("head_repository")?,
        commit_sha: match commit_hash {
            Some(hash) => packed::commit::unpack(hash),
            None => row.try_get("commit_sha")?,
        },
        commit_title: packed.commit_title,
        commit_author: packed.commit_author,
        title: packed.title,
        actor: packed.actor,
        triggering_actor,
        pull_requests: read_numbers(row.try_get("pull_requests")?, &id)?,
        url: packed.url,
    };
    Ok(BuildRecord {
        id,
        facts,
        first_completed: maybe_at("first_completed_time")?,
        jobs: JobSpan {
            start: maybe_at("jobs_start_time")?,
            end: maybe_at("jobs_end_time")?,
            open: row.try_get("jobs_open")?,
        },
        jobs_complete: row.try_get("jobs_complete")?,
        jobs_deleted: row.try_get("jobs_deleted")?,
        latest_attempt: row.try_get("latest_attempt")?,
        counted: row.try_get("counted")?,
        missing_attempts: row.try_get("missing_attempts")?,
    })
}

fn packed_build(
    row: &Row,
    (id, start, actor): (BuildId, Timestamp, &str),
    facts: &[u8],
) -> Result<UnpackedBuild> {
    let shape: Option<&[u8]> = row.try_get("shape")?;
    let shape = shape.ok_or_else(|| bad_value("build", "shape", &id, &"it is not there"))?;
    packed::unpack_build(id, start, actor, (shape, facts))
        .map_err(|problem| bad_value("build", "facts", &id, &problem))
}

/// A build as schema 8 and before had it.
fn plain_build(row: &Row, id: BuildId) -> Result<UnpackedBuild> {
    Ok(UnpackedBuild {
        workflow_path: row.try_get("workflow_path")?,
        commit_title: row.try_get("commit_title")?,
        commit_author: row.try_get("commit_author")?,
        title: row.try_get("title")?,
        actor: row.try_get("actor")?,
        url: row.try_get("url")?,
        create_time: time(row, "build", "create_time", id)?,
    })
}

/// Reads a job.
pub(super) fn job(row: &Row) -> Result<Job> {
    let build = BuildId {
        run: RunId(row.try_get("run_id")?),
        attempt: row.try_get("run_attempt")?,
        repository: RepositoryId(row.try_get("repository_id")?),
    };
    let id = JobId(row.try_get("id")?);
    let facts = match row.try_get("facts")? {
        Some(facts) => packed_job(row, (build, id), facts)?,
        None => plain_job(row, id)?,
    };
    Ok(Job { id, build, facts })
}

fn packed_job(row: &Row, (build, id): (BuildId, JobId), facts: &[u8]) -> Result<JobFacts> {
    let shape: Option<&[u8]> = row.try_get("shape")?;
    let shape = shape.ok_or_else(|| bad_value("job", "shape", &id, &"it is not there"))?;
    let times = (
        maybe_time(row, "job", "start_time", id)?,
        maybe_time(row, "job", "end_time", id)?,
    );
    packed::unpack_job((build.run.0, id.0), times, shape, facts)
        .map_err(|problem| bad_value("job", "facts", &id, &problem))
}

/// A job as schema 8 and before had it.
fn plain_job(row: &Row, id: JobId) -> Result<JobFacts> {
    let labels: &str = row.try_get("labels")?;
    Ok(JobFacts {
        status: status(row)?,
        end_time: maybe_time(row, "job", "end_time", id)?,
        start_time: maybe_time(row, "job", "start_time", id)?,
        create_time: time(row, "job", "create_time", id)?,
        name: row.try_get("name")?,
        labels: serde_json::from_str(labels).map_err(|e| bad_value("job", "labels", &id, &e))?,
        runner: row.try_get("runner")?,
        url: row.try_get("url")?,
        steps: plain_steps::read(row.try_get("steps")?)
            .map_err(|problem| bad_value("job", "steps", &id, &problem))?,
    })
}

/// Reads `status` and `conclusion`.
pub(super) fn status(row: &Row) -> Result<Status> {
    let status: &str = row.try_get("status")?;
    let conclusion: Option<&str> = row.try_get("conclusion")?;
    Ok(Status::from_words(status, conclusion))
}

/// Reads a time that is always set.
pub(super) fn time(
    row: &Row,
    table: &'static str,
    column: &'static str,
    id: impl Display,
) -> Result<Timestamp> {
    read_time(table, column, &id, row.try_get(column)?)
}

/// Reads a time that stands among other things.
pub(super) fn read_time(
    table: &'static str,
    column: &'static str,
    id: &dyn Display,
    micros: i64,
) -> Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|e| bad_value(table, column, id, &e))
}

/// Reads a time that may be unset.
pub(super) fn maybe_time(
    row: &Row,
    table: &'static str,
    column: &'static str,
    id: impl Display,
) -> Result<Option<Timestamp>> {
    let micros: Option<i64> = row.try_get(column)?;
    micros
        .map(Timestamp::from_microsecond)
        .transpose()
        .map_err(|e| bad_value(table, column, &id, &e))
}

/// Writes numbers so that one can be found among them by its commas.
pub(super) fn write_numbers(numbers: &[i32]) -> String {
    let mut text = String::new();
    for number in numbers {
        text.push(',');
        text.push_str(&number.to_string());
    }
    if !text.is_empty() {
        text.push(',');
    }
    text
}

fn read_numbers(text: &str, id: &BuildId) -> Result<Vec<i32>> {
    text.split(',')
        .filter(|part| !part.is_empty())
        .map(str::parse)
        .collect::<Result<_, _>>()
        .map_err(|e| bad_value("build", "pull_requests", id, &e))
}

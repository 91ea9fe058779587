//! Makes a job of a workflow job.

use jiff::Timestamp;
use lampboard_proto::v1::{BuildConclusion, BuildStatus, Job, job};

use super::{Contents, Problem, attempt, outcome::Outcome, repository, required, text, timestamp};
use crate::event::{Payload, Step, WorkflowJob};

/// The most labels that are kept of a job.
const MAX_LABELS: usize = 100;

/// Makes the job that a `workflow_job` event is about, and its repository.
pub(super) fn contents(payload: &Payload<'_>) -> Result<Contents, Problem> {
    let job = of(payload)?;
    let created = create_time(job)?;
    let latest = [*job.started_at, *job.completed_at]
        .into_iter()
        .flatten()
        .fold(created, Timestamp::max);
    let repository = repository::of_event(payload, latest)?;
    let job = convert(job, created, repository.id)?;
    Ok(Contents {
        jobs: vec![job],
        repositories: vec![repository],
        ..Contents::default()
    })
}

/// Makes a job that GitHub lists.
pub(super) fn listed(payload: &Payload<'_>, repository_id: i64) -> Result<Job, Problem> {
    let job = of(payload)?;
    convert(job, create_time(job)?, repository_id)
}

fn of<'a, 'p>(payload: &'a Payload<'p>) -> Result<&'a WorkflowJob<'p>, Problem> {
    let job = payload.workflow_job.as_ref();
    job.ok_or(Problem::Missing("workflow_job"))
}

fn create_time(job: &WorkflowJob<'_>) -> Result<Timestamp, Problem> {
    job.created_at
        .or(*job.started_at)
        .or(*job.completed_at)
        .ok_or(Problem::Missing("workflow_job.created_at"))
}

fn convert(job: &WorkflowJob<'_>, created: Timestamp, repository_id: i64) -> Result<Job, Problem> {
    let outcome = Outcome::new(job.status.as_deref(), job.conclusion.as_deref())
        .ok_or(Problem::Missing("workflow_job.status"))?;
    let end_time = end_time(job, &outcome)?;
    let start_time = job.started_at.filter(|_| has_started(job, &outcome));
    Ok(Job {
        id: required(*job.id, "workflow_job.id")?,
        repository_id,
        run_id: required(*job.run_id, "workflow_job.run_id")?,
        run_attempt: attempt(*job.run_attempt, "workflow_job.run_attempt")?,
        name: text::name(job.name.as_deref()),
        status: outcome.status.into(),
        status_text: outcome.status_text,
        conclusion: outcome.conclusion.into(),
        conclusion_text: outcome.conclusion_text,
        labels: labels(job),
        runner: text::name(job.runner_name.as_deref()),
        create_time: Some(timestamp(created)),
        start_time: start_time.map(timestamp),
        end_time: end_time.map(timestamp),
        url: text::url(job.html_url.as_deref()).to_owned(),
        steps: job.steps.iter().flatten().filter_map(step).collect(),
    })
}

/// Whether `started_at` is when a runner started the job. GitHub puts the time
/// of creation there while the job waits, and for a job that ends without ever
/// running.
fn has_started(job: &WorkflowJob<'_>, outcome: &Outcome) -> bool {
    let has_runner = job
        .runner_name
        .as_deref()
        .is_some_and(|name| !name.is_empty());
    let has_run = has_runner || job.steps.as_ref().is_some_and(|steps| !steps.is_empty());
    match (outcome.status, outcome.conclusion) {
        (BuildStatus::Completed, BuildConclusion::Skipped) => false,
        (BuildStatus::Completed, BuildConclusion::Cancelled) | (BuildStatus::Unknown, _) => has_run,
        (BuildStatus::Completed | BuildStatus::InProgress, _) => true,
        _ => false,
    }
}

/// A job that is over ended with its last step if nothing else is said. A time
/// of our own would move the end of its build, so there has to be one.
fn end_time(job: &WorkflowJob<'_>, outcome: &Outcome) -> Result<Option<Timestamp>, Problem> {
    if !outcome.is_completed() {
        return Ok(None);
    }
    let last_step = || {
        job.steps
            .iter()
            .flatten()
            .filter_map(|step| *step.completed_at)
            .max()
    };
    job.completed_at
        .or_else(last_step)
        .map(Some)
        .ok_or(Problem::Missing("workflow_job.completed_at"))
}

fn labels(job: &WorkflowJob<'_>) -> Vec<String> {
    job.labels
        .iter()
        .flatten()
        .take(MAX_LABELS)
        .map(|label| text::short(label))
        .collect()
}

/// Makes a step, if it can be told from the others and is doing something.
fn step(step: &Step<'_>) -> Option<job::Step> {
    let number = i32::try_from((*step.number)?)
        .ok()
        .filter(|number| *number > 0)?;
    let outcome = Outcome::new(step.status.as_deref(), step.conclusion.as_deref())?;
    Some(job::Step {
        number,
        name: text::name(step.name.as_deref()),
        status: outcome.status.into(),
        status_text: outcome.status_text,
        conclusion: outcome.conclusion.into(),
        conclusion_text: outcome.conclusion_text,
        start_time: step.started_at.map(timestamp),
        end_time: step.completed_at.map(timestamp),
    })
}

//! Makes builds and jobs of GitHub's answers, by the same rules as of its events.

use std::borrow::Cow;

use jiff::Timestamp;
use lampboard_proto::v1::{Build, Job, Repository};
use serde::Deserialize;

use super::{Problem, job, run};
use crate::event::{self, Id, Lenient, Payload, WorkflowJob, WorkflowRun};

/// A page of runs, each as its latest attempt.
#[derive(Debug, Default)]
pub(crate) struct ListedRuns {
    pub(crate) builds: Vec<Build>,
    /// When the last one of the page was created: lists go by that time.
    pub(crate) last_create_time: Option<Timestamp>,
    /// How many rows there are, those of which nothing can be made included.
    pub(crate) row_count: usize,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Runs<'a> {
    #[serde(borrow)]
    workflow_runs: Vec<Lenient<WorkflowRun<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Jobs<'a> {
    #[serde(borrow)]
    jobs: Vec<Lenient<WorkflowJob<'a>>>,
}

/// Reads a page of runs of a repository. A row of which nothing can be made is
/// said and left out: it must not cost the page.
pub(crate) fn runs(repository: &Repository, body: &[u8]) -> serde_json::Result<ListedRuns> {
    let rows = serde_json::from_slice::<Runs<'_>>(body)?.workflow_runs;
    let mut create_times = rows.iter().filter_map(|row| *row.as_ref()?.created_at);
    let last_create_time = create_times.next_back();
    Ok(ListedRuns {
        row_count: rows.len(),
        last_create_time,
        builds: rows
            .into_iter()
            .filter_map(|row| build(repository, row))
            .collect(),
    })
}

/// Reads one attempt of one run.
pub(crate) fn attempt(repository: &Repository, body: &[u8]) -> serde_json::Result<Option<Build>> {
    Ok(build(repository, serde_json::from_slice(body)?))
}

/// Reads a page of the jobs of one attempt.
pub(crate) fn jobs(repository: &Repository, body: &[u8]) -> serde_json::Result<Vec<Job>> {
    let rows = serde_json::from_slice::<Jobs<'_>>(body)?.jobs;
    let jobs = rows.into_iter().filter_map(|row| {
        let payload = Payload {
            workflow_job: row,
            ..Payload::default()
        };
        said(job::listed(&payload, repository.id), "job", repository)
    });
    Ok(jobs.collect())
}

fn build(repository: &Repository, row: Lenient<WorkflowRun<'_>>) -> Option<Build> {
    let own = event::Repository {
        id: Id::Given(repository.id).into(),
        full_name: Cow::Borrowed(&*repository.name).into(),
        ..event::Repository::default()
    };
    let payload = Payload {
        workflow_run: row,
        repository: own.into(),
        ..Payload::default()
    };
    said(run::listed(&payload, repository.id), "run", repository)
}

fn said<T>(made: Result<T, Problem>, what: &str, repository: &Repository) -> Option<T> {
    made.inspect_err(|problem| {
        tracing::warn!(
            repository.name = repository.name,
            %problem,
            "left a {what} of {} out: nothing can be made of it",
            repository.name
        );
    })
    .ok()
}

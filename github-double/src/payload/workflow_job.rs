//! Jobs.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Serialize;

use super::node_id;
use super::time::WithMillis;
use crate::github::host::Hosts;
use crate::github::id::{JobId, RunId};
use crate::github::job::{Job, Step};
use crate::github::query::RunView;
use crate::github::status::{Conclusion, Status};

/// A job in a `workflow_job` event, and in lists.
#[derive(Serialize)]
pub(crate) struct WorkflowJobJson<'a> {
    id: JobId,
    run_id: RunId,
    workflow_name: &'a str,
    head_branch: Option<&'a str>,
    run_url: String,
    run_attempt: u32,
    node_id: String,
    head_sha: &'a str,
    url: String,
    html_url: String,
    status: Status,
    conclusion: Option<Conclusion>,
    created_at: Timestamp,
    started_at: Timestamp,
    completed_at: Option<Timestamp>,
    name: &'a str,
    steps: Vec<StepJson<'a>>,
    check_run_url: String,
    labels: &'a [Cow<'static, str>],
    runner_id: Option<u64>,
    runner_name: Option<String>,
    runner_group_id: Option<u64>,
    runner_group_name: Option<&'static str>,
}

impl<'a> WorkflowJobJson<'a> {
    pub(crate) fn new(view: &RunView<'a>, job: &'a Job) -> Self {
        let (run, repository) = (view.run, view.repository.full_name());
        let Hosts { web, api } = view.hosts;
        let api = format!("{api}/repos/{repository}");
        Self {
            id: job.id,
            run_id: run.id,
            workflow_name: &run.name,
            head_branch: run.branch.as_deref(),
            run_url: format!("{api}/actions/runs/{}", run.id),
            run_attempt: job.attempt,
            node_id: node_id("CR", job.id.0),
            head_sha: &run.commit.sha,
            url: format!("{api}/actions/jobs/{}", job.id),
            html_url: format!("{web}/{repository}/actions/runs/{}/job/{}", run.id, job.id),
            status: job.status,
            conclusion: job.conclusion,
            created_at: job.created_at,
            started_at: job.started_at,
            completed_at: job.completed_at,
            name: &job.name,
            steps: job.steps.iter().zip(1..).map(StepJson::new).collect(),
            check_run_url: format!("{api}/check-runs/{}", job.id),
            labels: &job.labels,
            runner_id: job.runner,
            runner_name: job.runner.map(|id| format!("GitHub Actions {id}")),
            runner_group_id: job.runner.map(|_| 0),
            runner_group_name: job.runner.map(|_| "GitHub Actions"),
        }
    }
}

#[derive(Serialize)]
struct StepJson<'a> {
    name: &'a str,
    status: Status,
    conclusion: Option<Conclusion>,
    number: u32,
    started_at: WithMillis,
    completed_at: Option<WithMillis>,
}

impl<'a> StepJson<'a> {
    fn new((step, number): (&'a Step, u32)) -> Self {
        Self {
            name: &step.name,
            status: step.status,
            conclusion: step.conclusion,
            number,
            started_at: WithMillis(step.started_at),
            completed_at: step.completed_at.map(WithMillis),
        }
    }
}

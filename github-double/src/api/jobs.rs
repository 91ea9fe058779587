//! Jobs.

use serde::Serialize;

use super::answer::{Answer, Answered};
use super::call::{Call, Need};
use super::page::Page;
use super::refusal::Refusal;
use super::{repository, runs};
use crate::github::GitHub;
use crate::github::id::{JobId, RepositoryId, RunId};
use crate::github::job::Job;
use crate::payload::workflow_job::WorkflowJobJson;

#[derive(Serialize)]
struct JobsJson<J> {
    total_count: usize,
    jobs: Vec<J>,
}

/// `GET .../actions/runs/{id}/jobs`
pub(super) fn list_of_run(
    call: &Call<'_>,
    github: &GitHub,
    repository: RepositoryId,
    run: &str,
) -> Answered {
    let run = runs::find(call, github, repository, run, Need::ReadActions)?;
    let jobs = if call.query.get("filter") == Some("all") {
        github.jobs_of_all_attempts(run)
    } else {
        let latest = github.attempts(run).last();
        github.jobs_of(run, latest.map_or(0, |attempt| attempt.number))
    };
    let url = format!(
        "{}/actions/runs/{run}/jobs",
        repository::url(github, repository)
    );
    list(call, github, run, &jobs, &url)
}

/// `GET .../actions/runs/{id}/attempts/{number}/jobs`
pub(super) fn list_of_attempt(
    call: &Call<'_>,
    github: &GitHub,
    repository: RepositoryId,
    run: &str,
    attempt: &str,
) -> Answered {
    let run = runs::find(call, github, repository, run, Need::ReadActions)?;
    let number = attempt.parse().map_err(|_| Refusal::not_found())?;
    if github.attempt_view(run, number).is_none() {
        return Err(Refusal::not_found());
    }
    let base = repository::url(github, repository);
    let url = format!("{base}/actions/runs/{run}/attempts/{number}/jobs");
    list(call, github, run, &github.jobs_of(run, number), &url)
}

fn list(call: &Call<'_>, github: &GitHub, run: RunId, jobs: &[&Job], url: &str) -> Answered {
    let view = github.run_view(run).ok_or_else(Refusal::not_found)?;
    let page = Page::of(&call.query);
    let shown = jobs[page.rows(jobs.len())].iter();
    let json = JobsJson {
        total_count: jobs.len(),
        jobs: shown.map(|job| WorkflowJobJson::new(&view, job)).collect(),
    };
    let answer = Answer::json(&json).accepted(Need::ReadActions.header());
    Ok(answer.link(page.link(url, &call.query, jobs.len())))
}

/// `GET .../actions/jobs/{id}`
pub(super) fn get(
    call: &Call<'_>,
    github: &GitHub,
    repository: RepositoryId,
    job: &str,
) -> Answered {
    call.reach(github, repository, Need::ReadActions)?;
    let id = job.parse().map(JobId).map_err(|_| Refusal::not_found())?;
    let job = github.find_job(id).ok_or_else(Refusal::not_found)?;
    let view = github.run_view(job.run);
    let view = view.filter(|view| view.repository.id == repository);
    let json = WorkflowJobJson::new(&view.ok_or_else(Refusal::not_found)?, job);
    Ok(Answer::json(&json).accepted(Need::ReadActions.header()))
}

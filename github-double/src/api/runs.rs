//! Runs and their attempts.

mod filter;

use std::sync::Arc;

use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};

use super::answer::{Answer, Answered};
use super::call::{Call, Need};
use super::caller::Caller;
use super::page::Page;
use super::refusal::Refusal;
use super::switches::PastTheCap;
use super::{repository, workflows};
use crate::github::GitHub;
use crate::github::account::Account;
use crate::github::id::{RepositoryId, RunId, WorkflowId};
use crate::github::query::RunView;
use crate::github::run::Run;
use crate::github::status::Status;
use crate::payload::workflow_run::WorkflowRunJson;
use filter::Filter;

/// Past this row a filtered list shows nothing.
const CAP: usize = 1_000;

/// `GET .../actions/runs`
pub(super) fn list(call: &Call<'_>, github: &GitHub, repository: RepositoryId) -> Answered {
    call.reach(github, repository, Need::ReadActions)?;
    let url = format!("{}/actions/runs", repository::url(github, repository));
    let filter = Filter::of(&call.query)?;
    list_those(call, github, repository, &url, &filter, None)
}

/// `GET .../actions/workflows/{id}/runs`
pub(super) fn list_of_workflow(
    call: &Call<'_>,
    github: &GitHub,
    repository: RepositoryId,
    workflow: &str,
) -> Answered {
    call.reach(github, repository, Need::ReadActions)?;
    let workflow = workflows::find(github, repository, workflow)?.id;
    let base = repository::url(github, repository);
    let url = format!("{base}/actions/workflows/{workflow}/runs");
    let filter = Filter::of(&call.query)?;
    list_those(call, github, repository, &url, &filter, Some(workflow))
}

fn list_those(
    call: &Call<'_>,
    github: &GitHub,
    repository: RepositoryId,
    url: &str,
    filter: &Filter<'_>,
    workflow: Option<WorkflowId>,
) -> Answered {
    let runs = github.runs_of(repository);
    let page = Page::of(&call.query);
    if !filter.is_capped() && workflow.is_none() {
        let count = runs.len();
        let rows = page.rows(count);
        let shown: Vec<_> = runs.skip(rows.start).take(rows.len()).collect();
        return Ok(answer(filter, count, &shown).link(page.link(url, &call.query, count)));
    }
    let of_workflow = |view: &RunView<'_>| workflow.is_none_or(|id| view.run.workflow == id);
    let mut found: Vec<_> = runs
        .filter(|view| of_workflow(view) && filter.holds(view))
        .collect();
    let mut count = found.len();
    if filter.is_capped() {
        let past = page.rows(usize::MAX).start >= CAP;
        if past && call.switches.past_the_cap == PastTheCap::Refusal {
            let message = "Only the first 1000 results are available";
            return Err(Refusal::unprocessable(message));
        }
        found.truncate(CAP);
        if call.switches.capped_total_count {
            count = found.len();
        }
    }
    let reachable = found.len();
    let shown = &found[page.rows(reachable)];
    Ok(answer(filter, count, shown).link(page.link(url, &call.query, reachable)))
}

#[derive(Serialize)]
struct RunsJson<R> {
    total_count: usize,
    workflow_runs: Vec<R>,
}

fn answer(filter: &Filter<'_>, count: usize, views: &[RunView<'_>]) -> Answer {
    let bare = views.iter().filter(|_| filter.excludes_pull_requests);
    let bare: Vec<_> = bare.map(|view| without_pull_request(view.run)).collect();
    let bare = bare.iter().map(Some).chain(std::iter::repeat(None));
    let shown = views.iter().zip(bare).map(|(view, bare)| RunView {
        run: bare.unwrap_or(view.run),
        ..*view
    });
    let runs = RunsJson {
        total_count: count,
        workflow_runs: shown.map(|view| WorkflowRunJson::new(&view)).collect(),
    };
    Answer::json(&runs).accepted(Need::ReadActions.header())
}

/// `GET .../actions/runs/{id}`
pub(super) fn get(
    call: &Call<'_>,
    github: &GitHub,
    repository: RepositoryId,
    run: &str,
) -> Answered {
    let run = find(call, github, repository, run, Need::ReadActions)?;
    let view = github.run_view(run).ok_or_else(Refusal::not_found)?;
    Ok(one(call, &view))
}

/// `GET .../actions/runs/{id}/attempts/{number}`
pub(super) fn attempt(
    call: &Call<'_>,
    github: &GitHub,
    repository: RepositoryId,
    run: &str,
    attempt: &str,
) -> Answered {
    let run = find(call, github, repository, run, Need::ReadActions)?;
    let number = attempt.parse().map_err(|_| Refusal::not_found())?;
    let view = github.attempt_view(run, number);
    Ok(one(call, &view.ok_or_else(Refusal::not_found)?))
}

fn one(call: &Call<'_>, view: &RunView<'_>) -> Answer {
    let excludes = filter::excludes_pull_requests(&call.query);
    let bare = excludes.then(|| without_pull_request(view.run));
    let view = RunView {
        run: bare.as_ref().unwrap_or(view.run),
        ..*view
    };
    Answer::json(&WorkflowRunJson::new(&view)).accepted(Need::ReadActions.header())
}

fn without_pull_request(run: &Run) -> Run {
    Run {
        pull_request: None,
        ..run.clone()
    }
}

/// `POST .../actions/runs/{id}/rerun`
pub(super) fn rerun(
    call: &Call<'_>,
    github: &mut GitHub,
    repository: RepositoryId,
    run: &str,
) -> Answered {
    let run = finished(call, github, repository, run)?;
    let by = actor(call, github);
    github.rerun(run, &by);
    Ok(done(StatusCode::CREATED))
}

/// `POST .../actions/runs/{id}/rerun-failed-jobs`
pub(super) fn rerun_failed_jobs(
    call: &Call<'_>,
    github: &mut GitHub,
    repository: RepositoryId,
    run: &str,
) -> Answered {
    let run = finished(call, github, repository, run)?;
    let by = actor(call, github);
    github.rerun_failed_jobs(run, &by);
    Ok(done(StatusCode::CREATED))
}

/// `POST .../actions/runs/{id}/cancel`
pub(super) fn cancel(
    call: &Call<'_>,
    github: &mut GitHub,
    repository: RepositoryId,
    run: &str,
) -> Answered {
    let run = find(call, github, repository, run, Need::WriteActions)?;
    if is_over(github, run) {
        let message = "Cannot cancel a workflow run that is completed.";
        return Err(Refusal::new(StatusCode::CONFLICT, message));
    }
    github.cancel_run(run);
    Ok(done(StatusCode::ACCEPTED))
}

fn done(status: StatusCode) -> Answer {
    let nothing = Map::<String, Value>::new();
    Answer::json_with(status, &nothing).accepted(Need::WriteActions.header())
}

/// A run of the repository that can be run once more.
fn finished(
    call: &Call<'_>,
    github: &GitHub,
    repository: RepositoryId,
    run: &str,
) -> Result<RunId, Refusal> {
    let run = find(call, github, repository, run, Need::WriteActions)?;
    if is_over(github, run) {
        return Ok(run);
    }
    let message = "This workflow is already running";
    Err(Refusal::new(StatusCode::FORBIDDEN, message))
}

fn is_over(github: &GitHub, run: RunId) -> bool {
    let latest = github.attempts(run).last();
    latest.is_none_or(|attempt| attempt.status == Status::Completed)
}

/// A run that the caller may reach as it needs to.
pub(super) fn find(
    call: &Call<'_>,
    github: &GitHub,
    repository: RepositoryId,
    run: &str,
    need: Need,
) -> Result<RunId, Refusal> {
    call.reach(github, repository, need)?;
    let run = run.parse().map(RunId).map_err(|_| Refusal::not_found())?;
    let view = github.run_view(run);
    let view = view.filter(|view| view.repository.id == repository);
    view.map(|_| run).ok_or_else(Refusal::not_found)
}

/// Who does what the caller asks for: the person, or whoever owns the repositories.
fn actor(call: &Call<'_>, github: &GitHub) -> Arc<Account> {
    match &call.caller {
        Caller::User(token) => Arc::clone(&token.person),
        _ => Arc::clone(github.administrator()),
    }
}

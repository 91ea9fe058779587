//! Workflows.

use serde::Serialize;

use super::answer::{Answer, Answered};
use super::call::{Call, Need};
use super::page::Page;
use super::refusal::Refusal;
use super::repository;
use crate::github::GitHub;
use crate::github::id::RepositoryId;
use crate::github::workflow::Workflow;
use crate::payload::workflow::WorkflowJson;

#[derive(Serialize)]
struct WorkflowsJson<W> {
    total_count: usize,
    workflows: Vec<W>,
}

/// `GET .../actions/workflows`
pub(super) fn list(call: &Call<'_>, github: &GitHub, repository: RepositoryId) -> Answered {
    call.reach(github, repository, Need::ReadActions)?;
    let workflows: Vec<_> = github.workflows_of(repository).collect();
    let page = Page::of(&call.query);
    let shown = workflows[page.rows(workflows.len())].iter();
    let of = github.repository(repository);
    let json = WorkflowsJson {
        total_count: workflows.len(),
        workflows: shown
            .map(|it| WorkflowJson::new(github.hosts(), of, it))
            .collect(),
    };
    let url = format!("{}/actions/workflows", repository::url(github, repository));
    let answer = Answer::json(&json).accepted(Need::ReadActions.header());
    Ok(answer.link(page.link(&url, &call.query, workflows.len())))
}

/// `GET .../actions/workflows/{id}`
pub(super) fn get(
    call: &Call<'_>,
    github: &GitHub,
    repository: RepositoryId,
    workflow: &str,
) -> Answered {
    call.reach(github, repository, Need::ReadActions)?;
    let workflow = find(github, repository, workflow)?;
    let json = WorkflowJson::new(github.hosts(), github.repository(repository), workflow);
    Ok(Answer::json(&json).accepted(Need::ReadActions.header()))
}

/// A workflow of the repository by its id or the name of its file.
pub(super) fn find<'a>(
    github: &'a GitHub,
    repository: RepositoryId,
    workflow: &str,
) -> Result<&'a Workflow, Refusal> {
    let is_it = |it: &&Workflow| {
        it.id.to_string() == workflow || it.path.rsplit('/').next() == Some(workflow)
    };
    let found = github.workflows_of(repository).find(is_it);
    found.ok_or_else(Refusal::not_found)
}

//! Workflows.

use serde::Serialize;

use super::node_id;
use super::time::WithMillis;
use crate::github::host::Hosts;
use crate::github::id::WorkflowId;
use crate::github::query::RunView;
use crate::github::repository::Repository;
use crate::github::workflow::Workflow;

/// A workflow as it stands at the top level of a `workflow_run` event, and in lists.
#[derive(Serialize)]
pub(crate) struct WorkflowJson<'a> {
    id: WorkflowId,
    node_id: String,
    name: &'a str,
    path: &'a str,
    state: &'static str,
    created_at: WithMillis,
    updated_at: WithMillis,
    url: String,
    html_url: String,
    badge_url: String,
}

impl<'a> WorkflowJson<'a> {
    pub(crate) fn new(hosts: &Hosts, repository: &'a Repository, workflow: &'a Workflow) -> Self {
        Self::named(&workflow.name, hosts, repository, workflow)
    }

    /// The workflow of a run, under the name that the run bears.
    pub(crate) fn of_run(view: &RunView<'a>) -> Self {
        Self::named(&view.run.name, view.hosts, view.repository, view.workflow)
    }

    fn named(
        name: &'a str,
        hosts: &Hosts,
        repository: &'a Repository,
        workflow: &'a Workflow,
    ) -> Self {
        let (Hosts { web, api }, branch) = (hosts, &repository.default_branch);
        let repository = repository.full_name();
        Self {
            id: workflow.id,
            node_id: node_id("W", workflow.id.0),
            name,
            path: &workflow.path,
            state: "active",
            created_at: WithMillis(workflow.created_at),
            updated_at: WithMillis(workflow.created_at),
            url: format!("{api}/repos/{repository}/actions/workflows/{}", workflow.id),
            html_url: format!("{web}/{repository}/blob/{branch}/{}", workflow.path),
            badge_url: format!("{web}/{repository}/workflows/{name}/badge.svg"),
        }
    }
}

//! The workflow at the top level of a `workflow_run` event.

use serde::Serialize;

use super::time::WithMillis;
use super::{API, WEB, node_id};
use crate::github::change::Change;
use crate::github::id::WorkflowId;

#[derive(Serialize)]
pub(super) struct WorkflowJson<'a> {
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
    pub(super) fn new(change: &'a Change) -> Self {
        let (workflow, repository) = (&change.workflow, change.repository.full_name());
        let branch = &change.repository.default_branch;
        Self {
            id: workflow.id,
            node_id: node_id("W", workflow.id.0),
            name: &change.run.name,
            path: &workflow.path,
            state: "active",
            created_at: WithMillis(workflow.created_at),
            updated_at: WithMillis(workflow.created_at),
            url: format!("{API}/repos/{repository}/actions/workflows/{}", workflow.id),
            html_url: format!("{WEB}/{repository}/blob/{branch}/{}", workflow.path),
            badge_url: format!("{WEB}/{repository}/workflows/{}/badge.svg", change.run.name),
        }
    }
}

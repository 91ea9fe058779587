//! Runs that start between two pages of a list.

use crate::github::GitHub;
use crate::github::id::{RepositoryId, WorkflowId};
use crate::github::query::Found;
use crate::github::trigger::Trigger;

/// Starts runs in the repository that a path is about, if it has a workflow.
pub(super) fn start_runs(github: &mut GitHub, segments: &[&str], runs: u32) {
    let Some((repository, workflow)) = workflow_of(github, segments) else {
        return;
    };
    let branch = github.repository(repository).default_branch.clone();
    let author = github.administrator().clone();
    for number in 1..=runs {
        let commit = github.commit(&author, &format!("Slip in between, {number} of {runs}"));
        github.start_run(workflow, Trigger::push(&branch, &commit));
    }
}

fn workflow_of(github: &GitHub, segments: &[&str]) -> Option<(RepositoryId, WorkflowId)> {
    let repository = match segments {
        ["repos", owner, name, ..] => match github.find_repository(owner, name)? {
            Found::Here(id) | Found::Moved(id) => id,
        },
        ["repositories", id, ..] => id.parse().map(RepositoryId).ok()?,
        _ => return None,
    };
    let workflow = github.workflows_of(repository).next()?;
    Some((repository, workflow.id))
}

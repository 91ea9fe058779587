//! Repositories and workflows.

use jiff::Timestamp;
use lampboard_proto::v1;

use super::{
    Check,
    build::{LONGEST_NAME, build_to_proto},
    status::status_to_proto,
    time::{duration_to_proto, required, timestamp_to_proto},
};
use crate::model::{
    InstallationId, Outcome, RecentBuild, Repository, RepositoryFacts, RepositoryId,
    WorkflowStanding,
};

/// Reads a reported repository.
pub(super) fn repository(check: &mut Check, repository: v1::Repository) -> Repository {
    if repository.name.is_empty() {
        check.refuse("name", "must be set");
    }
    if repository.installation_id < 0 {
        check.refuse("installation_id", "must not be negative");
    }
    let facts = RepositoryFacts {
        update_time: required(check, "update_time", repository.update_time),
        name: check.text("name", repository.name, LONGEST_NAME),
        default_branch: check.text("default_branch", repository.default_branch, LONGEST_NAME),
        archived: repository.archived,
        private: repository.private,
    };
    Repository {
        id: RepositoryId(check.positive("id", repository.id)),
        facts,
        installation: InstallationId(repository.installation_id),
    }
}

/// Writes a repository.
pub(in crate::api) fn repository_to_proto(
    repository: &Repository,
    last_build_time: Option<Timestamp>,
    recent_builds: &[RecentBuild],
) -> v1::Repository {
    let facts = &repository.facts;
    v1::Repository {
        id: repository.id.0,
        name: facts.name.clone(),
        installation_id: repository.installation.0,
        default_branch: facts.default_branch.clone(),
        archived: facts.archived,
        private: facts.private,
        update_time: Some(timestamp_to_proto(facts.update_time)),
        last_build_time: last_build_time.map(timestamp_to_proto),
        recent_builds: recent_builds.iter().map(recent_to_proto).collect(),
    }
}

fn recent_to_proto(build: &RecentBuild) -> v1::RecentBuild {
    let status = status_to_proto(&build.status);
    v1::RecentBuild {
        id: build.id.to_string(),
        status: status.status,
        conclusion: status.conclusion,
        run_number: build.run_number,
        run_attempt: build.id.attempt,
        workflow: build.workflow.clone(),
        start_time: Some(timestamp_to_proto(build.start_time)),
        duration: build.wall_time.map(duration_to_proto),
        status_text: status.status_text,
        conclusion_text: status.conclusion_text,
        run_id: build.id.run.0,
    }
}

/// Writes a workflow.
pub(in crate::api) fn workflow_to_proto(standing: &WorkflowStanding) -> v1::Workflow {
    let workflow = &standing.workflow;
    let conclusion = standing
        .decisive
        .as_ref()
        .and_then(|build| build.record.facts.status.conclusion());
    v1::Workflow {
        id: workflow.id.0,
        repository_id: workflow.repository_id.0,
        repository: workflow.repository.clone(),
        name: workflow.name.clone(),
        path: workflow.path.clone(),
        decisive_build: standing.decisive.as_ref().map(build_to_proto),
        broken: conclusion.is_some_and(|c| c.outcome() == Outcome::Failure),
        first_failure: standing.first_failure.as_ref().map(build_to_proto),
        failed_jobs: standing.failed_jobs.clone(),
    }
}

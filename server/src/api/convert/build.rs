//! Builds.

use lampboard_proto::v1;

use super::{
    Check,
    status::{StatusFields, status, status_to_proto},
    time::{duration_to_proto, required, timestamp_to_proto},
};
use crate::model::{Build, BuildFacts, BuildId, RepositoryId, RunId, WorkflowId};

/// GitHub's own limits are lower or about the same.
pub(super) const LONGEST_NAME: usize = 255;
pub(super) const LONGEST_TITLE: usize = 1000;
pub(super) const LONGEST_URL: usize = 2000;
const LONGEST_PATH: usize = 1000;
const MOST_PULL_REQUESTS: usize = 1000;

/// Reads a reported build.
pub(super) fn build(check: &mut Check, build: v1::Build) -> (BuildId, BuildFacts) {
    let id = build_id(check, build.repository_id, build.run_id, build.run_attempt);
    if v1::Provider::try_from(build.provider) != Ok(v1::Provider::GithubActions) {
        check.refuse("provider", "must be GitHub Actions");
    }
    let fields = StatusFields {
        status: build.status,
        status_text: build.status_text,
        conclusion: build.conclusion,
        conclusion_text: build.conclusion_text,
    };
    let facts = BuildFacts {
        status: status(check, fields),
        update_time: required(check, "update_time", build.update_time),
        create_time: required(check, "create_time", build.create_time),
        start_time: required(check, "start_time", build.start_time),
        workflow_id: WorkflowId(build.workflow_id),
        workflow: check.text("workflow", build.workflow, LONGEST_NAME),
        workflow_path: check.text("workflow_path", build.workflow_path, LONGEST_PATH),
        run_number: build.run_number,
        event: check.text("event", build.event, LONGEST_NAME),
        branch: check.text("branch", build.branch, LONGEST_NAME),
        head_repository: check.text("head_repository", build.head_repository, LONGEST_NAME),
        commit_sha: commit_sha(check, build.commit_sha),
        commit_title: check.text("commit_title", build.commit_title, LONGEST_TITLE),
        commit_author: check.text("commit_author", build.commit_author, LONGEST_NAME),
        title: check.text("title", build.title, LONGEST_TITLE),
        actor: check.text("actor", build.actor, LONGEST_NAME),
        triggering_actor: check.text("triggering_actor", build.triggering_actor, LONGEST_NAME),
        pull_requests: check.each(
            "pull_requests",
            build.pull_requests,
            MOST_PULL_REQUESTS,
            |check, number| check.positive("", number),
        ),
        url: check.text("url", build.url, LONGEST_URL),
    };
    (id, facts)
}

/// Reads what a build's id is made from.
pub(super) fn build_id(check: &mut Check, repository: i64, run: i64, attempt: i32) -> BuildId {
    BuildId {
        run: RunId(check.positive("run_id", run)),
        attempt: check.positive("run_attempt", attempt),
        repository: RepositoryId(check.positive("repository_id", repository)),
    }
}

/// Reads the key of a build.
pub(super) fn build_key(check: &mut Check, key: &v1::BuildKey) -> BuildId {
    build_id(check, key.repository_id, key.run_id, key.run_attempt)
}

/// Writes the key of a build.
pub(in crate::api) fn build_key_to_proto(id: BuildId) -> v1::BuildKey {
    v1::BuildKey {
        repository_id: id.repository.0,
        run_id: id.run.0,
        run_attempt: id.attempt,
    }
}

fn commit_sha(check: &mut Check, sha: String) -> String {
    let digits = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    let is_sha = matches!(sha.len(), 40 | 64) && sha.bytes().all(digits);
    if !is_sha && !sha.is_empty() {
        check.refuse(
            "commit_sha",
            "must be 40 or 64 lower-case hexadecimal digits",
        );
    }
    sha
}

/// Writes a build.
pub(in crate::api) fn build_to_proto(build: &Build) -> v1::Build {
    let record = &build.record;
    let facts = &record.facts;
    let status = status_to_proto(&facts.status);
    v1::Build {
        id: record.id.to_string(),
        repository: build.repository.clone(),
        repository_id: record.id.repository.0,
        workflow: facts.workflow.clone(),
        workflow_id: facts.workflow_id.0,
        workflow_path: facts.workflow_path.clone(),
        run_id: record.id.run.0,
        run_number: facts.run_number,
        run_attempt: record.id.attempt,
        status: status.status,
        status_text: status.status_text,
        conclusion: status.conclusion,
        conclusion_text: status.conclusion_text,
        event: facts.event.clone(),
        branch: facts.branch.clone(),
        head_repository: facts.head_repository.clone(),
        commit_sha: facts.commit_sha.clone(),
        commit_title: facts.commit_title.clone(),
        commit_author: facts.commit_author.clone(),
        title: facts.title.clone(),
        actor: facts.actor.clone(),
        triggering_actor: facts.triggering_actor.clone(),
        pull_requests: facts.pull_requests.clone(),
        url: facts.url.clone(),
        provider: v1::Provider::GithubActions.into(),
        create_time: Some(timestamp_to_proto(facts.create_time)),
        start_time: Some(timestamp_to_proto(facts.start_time)),
        end_time: record.end_time().map(timestamp_to_proto),
        update_time: Some(timestamp_to_proto(facts.update_time)),
        duration: record.wall_time().map(duration_to_proto),
        queue_duration: record.queue_time().map(duration_to_proto),
        run_duration: record.run_time().map(duration_to_proto),
        latest_attempt: record.latest_attempt,
        counted: record.counted,
        superseded: build.superseded,
        end_time_approximate: record.is_end_approximate(),
    }
}

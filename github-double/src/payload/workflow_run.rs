//! A run in a `workflow_run` event.

use jiff::Timestamp;
use serde::Serialize;

use super::account::UserJson;
use super::link::{Links, Table};
use super::repository::MinimalRepositoryJson;
use super::{API, WEB, node_id};
use crate::github::account::Account;
use crate::github::change::Change;
use crate::github::commit::Commit;
use crate::github::id::{RepositoryId, RunId, WorkflowId};
use crate::github::repository::Repository;
use crate::github::run::{PullRequest, Run};
use crate::github::status::{Conclusion, Status};

const LINKS: Table = &[
    ("url", ""),
    ("jobs_url", "/jobs"),
    ("logs_url", "/logs"),
    ("artifacts_url", "/artifacts"),
    ("cancel_url", "/cancel"),
    ("rerun_url", "/rerun"),
];

#[derive(Serialize)]
pub(super) struct WorkflowRunJson<'a> {
    id: RunId,
    name: &'a str,
    node_id: String,
    head_branch: &'a str,
    head_sha: &'a str,
    path: &'a str,
    display_title: &'a str,
    run_number: u64,
    event: &'a str,
    status: Status,
    conclusion: Option<Conclusion>,
    workflow_id: WorkflowId,
    check_suite_id: u64,
    check_suite_node_id: String,
    html_url: String,
    pull_requests: Vec<PullRequestJson<'a>>,
    created_at: Timestamp,
    updated_at: Timestamp,
    actor: UserJson<'a>,
    run_attempt: u32,
    referenced_workflows: [&'static str; 0],
    run_started_at: Timestamp,
    triggering_actor: UserJson<'a>,
    #[serde(flatten)]
    links: Links,
    check_suite_url: String,
    previous_attempt_url: Option<String>,
    workflow_url: String,
    head_commit: CommitJson<'a>,
    repository: MinimalRepositoryJson<'a>,
    head_repository: MinimalRepositoryJson<'a>,
}

impl<'a> WorkflowRunJson<'a> {
    pub(super) fn new(change: &'a Change) -> Self {
        let (run, attempt) = (&change.run, &change.attempt);
        let repository = change.repository.full_name();
        let api = format!("{API}/repos/{repository}");
        let base = format!("{api}/actions/runs/{}", run.id);
        let earlier = attempt.number.checked_sub(1).filter(|number| *number > 0);
        Self {
            id: run.id,
            name: &run.name,
            node_id: node_id("WFR", run.id.0),
            head_branch: &run.branch,
            head_sha: &run.commit.sha,
            path: &change.workflow.path,
            display_title: &run.title,
            run_number: run.number,
            event: run.event,
            status: attempt.status,
            conclusion: attempt.conclusion,
            workflow_id: run.workflow,
            check_suite_id: run.check_suite_id,
            check_suite_node_id: node_id("CS", run.check_suite_id),
            html_url: format!("{WEB}/{repository}/actions/runs/{}", run.id),
            pull_requests: PullRequestJson::of(run, &change.repository),
            created_at: run.created_at,
            updated_at: attempt.updated_at,
            actor: UserJson::new(&run.actor),
            run_attempt: attempt.number,
            referenced_workflows: [],
            run_started_at: attempt.started_at,
            triggering_actor: UserJson::new(&attempt.triggering_actor),
            check_suite_url: format!("{api}/check-suites/{}", run.check_suite_id),
            previous_attempt_url: earlier.map(|number| format!("{base}/attempts/{number}")),
            workflow_url: format!("{api}/actions/workflows/{}", run.workflow),
            head_commit: CommitJson::new(&run.commit),
            repository: MinimalRepositoryJson::new(&change.repository),
            head_repository: MinimalRepositoryJson::new(
                run.fork.as_deref().unwrap_or(&change.repository),
            ),
            links: Links { base, table: LINKS },
        }
    }
}

#[derive(Serialize)]
struct CommitJson<'a> {
    id: &'a str,
    tree_id: &'a str,
    message: &'a str,
    timestamp: Timestamp,
    author: AuthorJson<'a>,
    committer: AuthorJson<'a>,
}

impl<'a> CommitJson<'a> {
    fn new(commit: &'a Commit) -> Self {
        Self {
            id: &commit.sha,
            tree_id: &commit.tree,
            message: &commit.message,
            timestamp: commit.time,
            author: AuthorJson::new(&commit.author),
            committer: AuthorJson::new(&commit.author),
        }
    }
}

#[derive(Serialize)]
struct AuthorJson<'a> {
    name: &'a str,
    email: String,
}

impl<'a> AuthorJson<'a> {
    fn new(account: &'a Account) -> Self {
        Self {
            name: &account.name,
            email: account.email(),
        }
    }
}

#[derive(Serialize)]
struct PullRequestJson<'a> {
    url: String,
    id: u64,
    number: u64,
    head: EndJson<'a>,
    base: EndJson<'a>,
}

impl<'a> PullRequestJson<'a> {
    fn of(run: &'a Run, repository: &'a Repository) -> Vec<Self> {
        let pull_request = run.pull_request.iter();
        pull_request
            .map(|pull_request| Self::new(pull_request, run, repository))
            .collect()
    }

    fn new(pull_request: &'a PullRequest, run: &'a Run, repository: &'a Repository) -> Self {
        let (id, number) = (pull_request.id, pull_request.number);
        let base_branch = &repository.default_branch;
        Self {
            url: format!("{API}/repos/{}/pulls/{number}", repository.full_name()),
            id,
            number,
            head: EndJson::new(&run.branch, &run.commit.sha, repository),
            base: EndJson::new(base_branch, &pull_request.base_sha, repository),
        }
    }
}

/// One end of a pull request.
#[derive(Serialize)]
struct EndJson<'a> {
    r#ref: &'a str,
    sha: &'a str,
    repo: EndRepositoryJson<'a>,
}

impl<'a> EndJson<'a> {
    fn new(branch: &'a str, sha: &'a str, repository: &'a Repository) -> Self {
        Self {
            r#ref: branch,
            sha,
            repo: EndRepositoryJson {
                id: repository.id,
                url: format!("{API}/repos/{}", repository.full_name()),
                name: &repository.name,
            },
        }
    }
}

#[derive(Serialize)]
struct EndRepositoryJson<'a> {
    id: RepositoryId,
    url: String,
    name: &'a str,
}

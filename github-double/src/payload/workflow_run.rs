//! Runs.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use super::account::UserJson;
use super::link::{Links, Table};
use super::node_id;
use crate::github::account::Account;
use crate::github::commit::Commit;
use crate::github::host::Hosts;
use crate::github::id::{RepositoryId, RunId, WorkflowId};
use crate::github::query::RunView;
use crate::github::repository::Repository;
use crate::github::run::PullRequest;
use crate::github::status::{Conclusion, Status};

const LINKS: Table = &[
    ("url", ""),
    ("jobs_url", "/jobs"),
    ("logs_url", "/logs"),
    ("artifacts_url", "/artifacts"),
    ("cancel_url", "/cancel"),
    ("rerun_url", "/rerun"),
];

/// A run in a `workflow_run` event, and in lists.
#[derive(Serialize)]
pub(crate) struct WorkflowRunJson<'a> {
    id: RunId,
    name: &'a str,
    node_id: String,
    head_branch: Option<&'a str>,
    head_sha: &'a str,
    path: Cow<'a, str>,
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
    repository: Cow<'a, RawValue>,
    head_repository: Cow<'a, RawValue>,
}

impl<'a> WorkflowRunJson<'a> {
    pub(crate) fn new(view: &RunView<'a>) -> Self {
        let RunView {
            hosts,
            run,
            attempt,
            ..
        } = *view;
        let repository = view.repository.full_name();
        let api = format!("{}/repos/{repository}", hosts.api);
        let base = format!("{api}/actions/runs/{}", run.id);
        let head_repository = run.fork.as_deref().unwrap_or(view.repository);
        let earlier = attempt.number.checked_sub(1).filter(|number| *number > 0);
        Self {
            id: run.id,
            name: &run.name,
            node_id: node_id("WFR", run.id.0),
            head_branch: run.branch.as_deref(),
            head_sha: &run.commit.sha,
            path: path(view),
            display_title: &run.title,
            run_number: run.number,
            event: run.event,
            status: attempt.status,
            conclusion: attempt.conclusion,
            workflow_id: run.workflow,
            check_suite_id: run.check_suite_id,
            check_suite_node_id: node_id("CS", run.check_suite_id),
            html_url: format!("{}/{repository}/actions/runs/{}", hosts.web, run.id),
            pull_requests: PullRequestJson::of(view),
            created_at: view.created_at,
            updated_at: attempt.updated_at,
            actor: UserJson::new(hosts, &run.actor),
            run_attempt: attempt.number,
            referenced_workflows: [],
            run_started_at: attempt.started_at,
            triggering_actor: UserJson::new(hosts, &attempt.triggering_actor),
            check_suite_url: format!("{api}/check-suites/{}", run.check_suite_id),
            previous_attempt_url: earlier.map(|number| format!("{base}/attempts/{number}")),
            workflow_url: format!("{api}/actions/workflows/{}", run.workflow),
            head_commit: CommitJson::new(&run.commit),
            repository: view.repository.minimal_json(hosts),
            head_repository: head_repository.minimal_json(hosts),
            links: Links { base, table: LINKS },
        }
    }
}

/// The path of the workflow's file.
fn path<'a>(view: &RunView<'a>) -> Cow<'a, str> {
    let path = &view.workflow.path;
    match &view.run.branch {
        Some(branch) if view.path_has_ref => format!("{path}@refs/heads/{branch}").into(),
        _ => path.into(),
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
    fn of(view: &RunView<'a>) -> Vec<Self> {
        let pull_request = view.run.pull_request.iter();
        pull_request.map(|it| Self::new(it, view)).collect()
    }

    fn new(pull_request: &'a PullRequest, view: &RunView<'a>) -> Self {
        let RunView {
            hosts,
            repository,
            run,
            ..
        } = *view;
        let (id, number) = (pull_request.id, pull_request.number);
        let (head_branch, base_branch) = (run.branch.as_deref(), &repository.default_branch);
        Self {
            url: format!(
                "{}/repos/{}/pulls/{number}",
                hosts.api,
                repository.full_name()
            ),
            id,
            number,
            head: EndJson::new(
                hosts,
                head_branch.unwrap_or_default(),
                &run.commit.sha,
                repository,
            ),
            base: EndJson::new(hosts, base_branch, &pull_request.base_sha, repository),
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
    fn new(hosts: &Hosts, branch: &'a str, sha: &'a str, repository: &'a Repository) -> Self {
        Self {
            r#ref: branch,
            sha,
            repo: EndRepositoryJson {
                id: repository.id,
                url: format!("{}/repos/{}", hosts.api, repository.full_name()),
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

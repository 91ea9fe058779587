//! Makes a build of a workflow run.

use jiff::Timestamp;
use lampboard_proto::v1::{Build, Provider};

use super::{Contents, Problem, attempt, outcome::Outcome, repository, required, text, timestamp};
use crate::event::{Account, HeadCommit, Id, Payload, Repository, Workflow, WorkflowRun};

/// The most pull requests that are kept of a build.
const MAX_PULL_REQUESTS: usize = 100;

/// Makes the build that a `workflow_run` event is about, and its repository.
pub(super) fn contents(payload: &Payload<'_>) -> Result<Contents, Problem> {
    let run = payload
        .workflow_run
        .as_ref()
        .ok_or(Problem::Missing("workflow_run"))?;
    let times = Times::of(run)?;
    let repository = repository::of_event(payload, times.updated)?;
    let build = build(payload, run, &times, repository.id)?;
    Ok(Contents {
        builds: vec![build],
        repositories: vec![repository],
        ..Contents::default()
    })
}

/// Makes the build of a run that GitHub lists.
pub(super) fn listed(payload: &Payload<'_>, repository_id: i64) -> Result<Build, Problem> {
    let run = payload.workflow_run.as_ref();
    let run = run.ok_or(Problem::Missing("workflow_run"))?;
    build(payload, run, &Times::of(run)?, repository_id)
}

fn build(
    payload: &Payload<'_>,
    run: &WorkflowRun<'_>,
    times: &Times,
    repository_id: i64,
) -> Result<Build, Problem> {
    let outcome = Outcome::new(run.status.as_deref(), run.conclusion.as_deref())
        .ok_or(Problem::Missing("workflow_run.status"))?;
    let run_attempt = attempt(*run.run_attempt, "workflow_run.run_attempt")?;
    let none = Workflow::default();
    let workflow = payload.workflow.as_ref().unwrap_or(&none);
    let none = HeadCommit::default();
    let commit = run.head_commit.as_ref().unwrap_or(&none);
    let pull_requests = pull_requests(run, repository_id);

    Ok(Build {
        repository_id,
        workflow: workflow_name(run, workflow),
        workflow_id: positive(run.workflow_id.or(*workflow.id)).unwrap_or_default(),
        workflow_path: text::workflow_path(workflow_path(run, workflow)),
        run_id: required(*run.id, "workflow_run.id")?,
        run_number: small(*run.run_number).unwrap_or_default(),
        run_attempt,
        status: outcome.status.into(),
        status_text: outcome.status_text,
        conclusion: outcome.conclusion.into(),
        conclusion_text: outcome.conclusion_text,
        event: text::name(run.event.as_deref()),
        branch: text::name(run.head_branch.as_deref()),
        head_repository: head_repository(payload, run, pull_requests.is_empty()),
        commit_sha: text::commit_sha(run.head_sha.as_deref()),
        commit_title: text::title(commit.message.as_deref()),
        commit_author: commit
            .author
            .as_ref()
            .map_or_else(String::new, |author| text::person(author.name.as_deref())),
        title: title(run, commit),
        actor: login([run.actor.as_ref()]),
        triggering_actor: login([
            run.triggering_actor.as_ref(),
            run.actor.as_ref(),
            payload.sender.as_ref(),
        ]),
        pull_requests,
        url: attempt_url(text::url(run.html_url.as_deref()), run_attempt),
        provider: Provider::GithubActions.into(),
        create_time: Some(timestamp(times.created)),
        start_time: Some(timestamp(times.started)),
        update_time: Some(timestamp(times.updated)),
        // The rest is the server's to work out.
        ..Build::default()
    })
}

/// The times of an attempt. GitHub says all three; each stands in for another
/// that is missing.
struct Times {
    created: Timestamp,
    started: Timestamp,
    updated: Timestamp,
}

impl Times {
    fn of(run: &WorkflowRun<'_>) -> Result<Self, Problem> {
        let (created, started) = (*run.created_at, *run.run_started_at);
        let updated = run
            .updated_at
            .or(created.max(started))
            .ok_or(Problem::Missing("workflow_run.updated_at"))?;
        Ok(Self {
            created: created.or(started).unwrap_or(updated),
            started: started.or(created).unwrap_or(updated),
            updated,
        })
    }
}

/// GitHub names a run that could not start after the file, and old ones not at
/// all.
fn workflow_name(run: &WorkflowRun<'_>, workflow: &Workflow<'_>) -> String {
    let names = [run.name.as_deref(), workflow.name.as_deref()];
    match names.into_iter().flatten().find(|name| !name.is_empty()) {
        Some(name) => text::short(name),
        None => text::workflow_path(workflow_path(run, workflow)),
    }
}

fn workflow_path<'a>(run: &'a WorkflowRun<'_>, workflow: &'a Workflow<'_>) -> &'a str {
    let paths = [run.path.as_deref(), workflow.path.as_deref()];
    paths.into_iter().flatten().next().unwrap_or_default()
}

fn title(run: &WorkflowRun<'_>, commit: &HeadCommit<'_>) -> String {
    let title = text::title(run.display_title.as_deref());
    if title.is_empty() {
        text::title(commit.message.as_deref())
    } else {
        title
    }
}

fn login<'a, const N: usize>(accounts: [Option<&'a Account<'a>>; N]) -> String {
    accounts
        .into_iter()
        .flatten()
        .map(|account| text::name(account.login.as_deref()))
        .find(|login| !login.is_empty())
        .unwrap_or_default()
}

/// Names the fork that holds the branch.
///
/// When a fork is deleted, GitHub says no head repository any more. Its branch
/// must still not pass for one of ours, so it goes to `ghost`, the account that
/// GitHub shows in place of deleted ones. Only pull requests run for forks, and
/// those of our own branches are listed.
fn head_repository(payload: &Payload<'_>, run: &WorkflowRun<'_>, unlisted: bool) -> String {
    let own = payload.repository.as_ref();
    match run.head_repository.as_ref() {
        Some(head) if own.is_some_and(|own| is_same(own, head)) => String::new(),
        Some(head) => repository::full_name(head).map_or_else(|| lost_fork(own), str::to_owned),
        None if unlisted && is_for_pull_request(run) => lost_fork(own),
        None => String::new(),
    }
}

fn lost_fork(own: Option<&Repository<'_>>) -> String {
    let full_name = own.and_then(repository::full_name).unwrap_or_default();
    let (_, name) = full_name.split_once('/').unwrap_or_default();
    format!("ghost/{name}")
}

fn is_same(own: &Repository<'_>, head: &Repository<'_>) -> bool {
    match (*own.id, *head.id) {
        (Some(Id::Given(own)), Some(Id::Given(head))) => own == head,
        _ => match (own.full_name.as_deref(), head.full_name.as_deref()) {
            (Some(own), Some(head)) => own.eq_ignore_ascii_case(head),
            _ => true,
        },
    }
}

fn is_for_pull_request(run: &WorkflowRun<'_>) -> bool {
    let event = run.event.as_deref().unwrap_or_default();
    event.starts_with("pull_request")
}

/// Takes the numbers that this repository gave. A branch of a fork may also be
/// the head of a pull request to its parent, which numbers it.
fn pull_requests(run: &WorkflowRun<'_>, repository_id: i64) -> Vec<i32> {
    let is_ours = |id: Option<i64>| id.is_none_or(|id| id == repository_id);
    run.pull_requests
        .iter()
        .flatten()
        .filter(|pull_request| {
            let base = pull_request.base.as_ref();
            let repository = base.and_then(|base| base.repo.as_ref());
            is_ours(repository.and_then(|repository| *repository.id))
        })
        .filter_map(|pull_request| small(*pull_request.number))
        .take(MAX_PULL_REQUESTS)
        .collect()
}

/// The page of the run shows its latest attempt; each attempt has one of its own.
fn attempt_url(run_url: &str, attempt: i32) -> String {
    let run_url = run_url.split("/attempts/").next().unwrap_or_default();
    let run_url = run_url.trim_end_matches('/');
    if run_url.is_empty() {
        return String::new();
    }
    format!("{run_url}/attempts/{attempt}")
}

fn positive(number: Option<i64>) -> Option<i64> {
    number.filter(|number| *number > 0)
}

fn small(number: Option<i64>) -> Option<i32> {
    positive(number).and_then(|number| i32::try_from(number).ok())
}

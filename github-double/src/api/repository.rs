//! A repository and all that is below it.

use super::answer::{Answer, Answered};
use super::call::{Call, Need};
use super::json::FullRepositoryJson;
use super::refusal::Refusal;
use super::{app, jobs, runs, workflows};
use crate::github::GitHub;
use crate::github::id::RepositoryId;
use crate::github::query::Found;

/// What is below the name of a repository; what has another name now is elsewhere.
pub(super) fn by_name(
    call: &Call<'_>,
    github: &mut GitHub,
    owner: &str,
    name: &str,
    rest: &[&str],
) -> Answered {
    let id = match github.find_repository(owner, name) {
        Some(Found::Here(id)) => id,
        Some(Found::Moved(id)) => return moved(call, github, id, rest),
        None => return Err(Refusal::not_found()),
    };
    below(call, github, id, rest)
}

/// What is below the id of a repository.
pub(super) fn by_id(call: &Call<'_>, github: &mut GitHub, id: &str, rest: &[&str]) -> Answered {
    let id = id.parse().map(RepositoryId);
    below(call, github, id.map_err(|_| Refusal::not_found())?, rest)
}

fn below(call: &Call<'_>, github: &mut GitHub, id: RepositoryId, rest: &[&str]) -> Answered {
    match (call.method.as_str(), rest) {
        ("GET", []) => get(call, github, id),
        ("GET", ["installation"]) => app::installation_of_repository(call, github, id),
        ("GET", ["actions", "workflows"]) => workflows::list(call, github, id),
        ("GET", ["actions", "workflows", workflow]) => workflows::get(call, github, id, workflow),
        ("GET", ["actions", "workflows", workflow, "runs"]) => {
            runs::list_of_workflow(call, github, id, workflow)
        }
        ("GET", ["actions", "runs"]) => runs::list(call, github, id),
        ("GET", ["actions", "runs", run]) => runs::get(call, github, id, run),
        ("POST", ["actions", "runs", run, "rerun"]) => runs::rerun(call, github, id, run),
        ("POST", ["actions", "runs", run, "rerun-failed-jobs"]) => {
            runs::rerun_failed_jobs(call, github, id, run)
        }
        ("POST", ["actions", "runs", run, "cancel"]) => runs::cancel(call, github, id, run),
        ("GET", ["actions", "runs", run, "jobs"]) => jobs::list_of_run(call, github, id, run),
        ("GET", ["actions", "runs", run, "attempts", attempt]) => {
            runs::attempt(call, github, id, run, attempt)
        }
        ("GET", ["actions", "runs", run, "attempts", attempt, "jobs"]) => {
            jobs::list_of_attempt(call, github, id, run, attempt)
        }
        ("GET", ["actions", "jobs", job]) => jobs::get(call, github, id, job),
        _ => Err(Refusal::not_found()),
    }
}

fn get(call: &Call<'_>, github: &GitHub, id: RepositoryId) -> Answered {
    call.reach(github, id, Need::Metadata)?;
    let json = FullRepositoryJson::new(github.hosts(), github.repository(id));
    Ok(Answer::json(&json).accepted(Need::Metadata.header()))
}

/// Where to look instead, if the caller may know.
fn moved(call: &Call<'_>, github: &GitHub, id: RepositoryId, rest: &[&str]) -> Answered {
    let may_know = match rest {
        ["installation"] => app::installation_of_repository(call, github, id).map(|_| ()),
        _ => call.reach(github, id, Need::Metadata),
    };
    may_know?;
    let mut location = url(github, id);
    for segment in rest {
        location += "/";
        location += segment;
    }
    let query = call.query.text();
    if !query.is_empty() {
        location += "?";
        location += &query;
    }
    Err(Refusal::moved(location))
}

/// The address of a repository that outlives its name.
pub(super) fn url(github: &GitHub, id: RepositoryId) -> String {
    format!("{}/repositories/{id}", github.hosts().api)
}

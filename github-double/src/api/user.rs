//! What a person sees who signed in.

use serde::Serialize;

use super::answer::{Answer, Answered};
use super::call::Call;
use super::json::{self, PersonJson};
use super::page::Page;
use super::refusal::Refusal;
use super::tokens::UserToken;
use crate::github::GitHub;
use crate::github::access::Permission;
use crate::github::installation::Installation;
use crate::github::repository::Repository;
use crate::payload::repository::RepositoryJson;

#[derive(Serialize)]
struct InstallationsJson<I> {
    total_count: usize,
    installations: Vec<I>,
}

#[derive(Serialize)]
struct RepositoriesJson<R> {
    total_count: usize,
    repositories: Vec<PersonalJson<R>>,
}

/// A repository, and what the person may do with it.
#[derive(Serialize)]
struct PersonalJson<R> {
    #[serde(flatten)]
    repository: R,
    permissions: PermissionsJson,
}

#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "GitHub sends as many")]
struct PermissionsJson {
    admin: bool,
    maintain: bool,
    push: bool,
    triage: bool,
    pull: bool,
}

impl PermissionsJson {
    fn new(may: Permission) -> Self {
        Self {
            admin: may >= Permission::Admin,
            maintain: may >= Permission::Admin,
            push: may >= Permission::Write,
            triage: may >= Permission::Write,
            pull: true,
        }
    }
}

/// `GET /user`
pub(super) fn get(call: &Call<'_>, github: &GitHub) -> Answered {
    let person = &call.caller.user()?.person;
    let today = github.account(person.id).unwrap_or(person);
    Ok(Answer::json(&PersonJson::new(github.hosts(), today)))
}

/// `GET /user/installations`
pub(super) fn installations(call: &Call<'_>, github: &GitHub) -> Answered {
    let token = call.caller.user()?;
    let of_app = github.installations().filter(|it| it.app == token.app);
    let seen = |it: &&Installation| {
        it.suspended_at.is_none() && !visible(call, github, token, it).is_empty()
    };
    let all: Vec<_> = of_app.filter(seen).collect();
    let page = Page::of(&call.query);
    let shown = all[page.rows(all.len())].iter();
    let json = InstallationsJson {
        total_count: all.len(),
        installations: shown.map(|it| json::installation(github, it)).collect(),
    };
    let url = format!("{}/user/installations", github.hosts().api);
    Ok(Answer::json(&json).link(page.link(&url, &call.query, all.len())))
}

/// `GET /user/installations/{id}/repositories`
pub(super) fn repositories(call: &Call<'_>, github: &GitHub, id: &str) -> Answered {
    let token = call.caller.user()?;
    let mut of_app = github.installations().filter(|it| it.app == token.app);
    let installation = of_app.find(|it| it.id.to_string() == id);
    let installation = installation.ok_or_else(Refusal::not_found)?;
    if installation.suspended_at.is_some() {
        return Err(Refusal::suspended());
    }
    let all = visible(call, github, token, installation);
    if all.is_empty() {
        return Err(Refusal::not_found());
    }
    let page = Page::of(&call.query);
    let shown = all[page.rows(all.len())].iter();
    let json = RepositoriesJson {
        total_count: all.len(),
        repositories: shown
            .map(|(repository, may)| PersonalJson {
                repository: RepositoryJson::new(github.hosts(), repository),
                permissions: PermissionsJson::new(*may),
            })
            .collect(),
    };
    let url = format!(
        "{}/user/installations/{id}/repositories",
        github.hosts().api
    );
    Ok(Answer::json(&json).link(page.link(&url, &call.query, all.len())))
}

/// The repositories of the installation that are listed to the person.
fn visible<'a>(
    call: &Call<'_>,
    github: &'a GitHub,
    token: &UserToken,
    installation: &Installation,
) -> Vec<(&'a Repository, Permission)> {
    let all = github.repositories_of(installation.id).into_iter();
    let may = |repository: &Repository| {
        let granted = github.granted(&token.person, repository.id);
        let public = call.switches.lists_public_repositories && !repository.private;
        granted.or(public.then_some(Permission::Read))
    };
    all.filter_map(|it| Some((it, may(it)?))).collect()
}

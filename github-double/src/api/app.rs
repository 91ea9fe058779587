//! The App, and where it is installed.

use http::StatusCode;
use jiff::Timestamp;

use super::answer::{Answer, Answered};
use super::call::Call;
use super::json::{self, AppCountJson};
use super::page::Page;
use super::refusal::Refusal;
use crate::github::GitHub;
use crate::github::id::RepositoryId;
use crate::github::installation::Installation;

/// `GET /app`
pub(super) fn get(call: &Call<'_>, github: &GitHub) -> Answered {
    let id = call.caller.app()?;
    let app = github.app(id).ok_or_else(Refusal::not_found)?;
    Ok(Answer::json(&AppCountJson::new(github, app)))
}

/// `GET /app/installations`
pub(super) fn installations(call: &Call<'_>, github: &GitHub) -> Answered {
    let app = call.caller.app()?;
    let since = call
        .query
        .parsed("since", |since| since.parse::<Timestamp>().ok())?;
    let changed = |it: &&Installation| since.is_none_or(|since| it.updated_at >= since);
    let of_app = github.installations().filter(|it| it.app == app);
    let all: Vec<_> = of_app.filter(changed).collect();
    let page = Page::of(&call.query);
    let shown = all[page.rows(all.len())].iter();
    let json: Vec<_> = shown.map(|it| json::installation(github, it)).collect();
    let url = format!("{}/app/installations", github.hosts().api);
    Ok(Answer::json(&json).link(page.link(&url, &call.query, all.len())))
}

/// `GET /app/installations/{id}`
pub(super) fn installation(call: &Call<'_>, github: &GitHub, id: &str) -> Answered {
    one(call, github, |it| it.id.to_string() == id)
}

/// `GET /orgs/{login}/installation`
pub(super) fn installation_of_account(call: &Call<'_>, github: &GitHub, login: &str) -> Answered {
    one(call, github, |it| {
        it.account.login.eq_ignore_ascii_case(login)
    })
}

/// `GET /repos/{owner}/{name}/installation`
pub(super) fn installation_of_repository(
    call: &Call<'_>,
    github: &GitHub,
    repository: RepositoryId,
) -> Answered {
    if !github.knows_repository(repository) {
        return Err(Refusal::not_found());
    }
    let repository = github.repository(repository);
    one(call, github, |it| it.covers(repository))
}

fn one(call: &Call<'_>, github: &GitHub, is_it: impl Fn(&Installation) -> bool) -> Answered {
    let installation = call.own_installation(github, is_it)?;
    Ok(Answer::json(&json::installation(github, installation)))
}

/// `DELETE /app/installations/{id}`
pub(super) fn uninstall(call: &mut Call<'_>, github: &mut GitHub, id: &str) -> Answered {
    let installation = call
        .own_installation(github, |it| it.id.to_string() == id)?
        .id;
    github.uninstall(installation);
    call.tokens.revoke_installation(installation);
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

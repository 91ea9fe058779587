//! What an installation sees.

use http::StatusCode;
use serde::Serialize;

use super::answer::{Answer, Answered};
use super::call::{Call, Need};
use super::page::Page;
use crate::github::GitHub;
use crate::github::installation::Selection;
use crate::payload::repository::RepositoryJson;

#[derive(Serialize)]
struct RepositoriesJson<R> {
    total_count: usize,
    repository_selection: Option<Selection>,
    repositories: Vec<R>,
}

/// `GET /installation/repositories`
pub(super) fn repositories(call: &Call<'_>, github: &GitHub) -> Answered {
    let token = call.caller.installation()?;
    let mut all = github.repositories_of(token.installation);
    if let Some(narrowed) = &token.repositories {
        all.retain(|it| narrowed.contains(&it.id));
    }
    let page = Page::of(&call.query);
    let shown = all[page.rows(all.len())].iter();
    let selection = github
        .installation(token.installation)
        .map(|it| it.selection);
    let json = RepositoriesJson {
        total_count: all.len(),
        repository_selection: selection,
        repositories: shown
            .map(|it| RepositoryJson::new(github.hosts(), it))
            .collect(),
    };
    let url = format!("{}/installation/repositories", github.hosts().api);
    let answer = Answer::json(&json).accepted(Need::Metadata.header());
    Ok(answer.link(page.link(&url, &call.query, all.len())))
}

/// `DELETE /installation/token`
pub(super) fn revoke(call: &mut Call<'_>) -> Answered {
    let number = call.caller.installation()?.number;
    call.tokens.revoke_number(number);
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

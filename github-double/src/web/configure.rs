//! Changing what an installed App may see, and whether it may.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::address::with_query;
use super::fields::Fields;
use super::html::{Html, button, element, form, link, paragraph};
use super::install::{choices, selection};
use super::page::{Page, redirect};
use super::{Web, persona};
use crate::github::GitHub;
use crate::github::account::Account;
use crate::github::app::App;
use crate::github::id::{InstallationId, RepositoryId};
use crate::github::installation::Installation;

pub(super) fn routes() -> Router<Arc<Web>> {
    let of_organization = "/organizations/{organization}/settings/installations/{id}";
    Router::new()
        .route("/settings/installations", get(list))
        .route("/settings/installations/{id}", get(show).post(change))
        .route(
            of_organization,
            get(show_of_organization).post(change_of_organization),
        )
}

async fn list(State(web): State<Arc<Web>>, uri: Uri, headers: HeaderMap) -> Response {
    web.github(|github| {
        let Some(person) = persona::signed_in(github, &headers) else {
            return persona::ask(&uri.to_string());
        };
        let own = github
            .installations()
            .filter(|it| is_owner(github, it, &person));
        let links = own.filter_map(|it| {
            let name = &github.app(it.app)?.name;
            let text = format!("{name} on {}", it.account.login);
            Some(paragraph(link(
                &format!("/settings/installations/{}", it.id),
                &text,
            )))
        });
        Page::new("Installed GitHub Apps", links.collect()).into_response()
    })
}

async fn show(
    state: State<Arc<Web>>,
    Path(id): Path<u64>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Page> {
    let State(web) = state;
    web.github(|github| {
        let Some(person) = persona::signed_in(github, &headers) else {
            return Ok(persona::ask(&uri.to_string()));
        };
        let (installation, app) = find(github, InstallationId(id), &person)?;
        Ok(page(github, &installation, &app).into_response())
    })
}

async fn show_of_organization(
    state: State<Arc<Web>>,
    Path((_, id)): Path<(String, u64)>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Page> {
    show(state, Path(id), uri, headers).await
}

async fn change(
    State(web): State<Arc<Web>>,
    Path(id): Path<u64>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Page> {
    let fields = Fields::parse(&body);
    web.act(|github, tokens| {
        let person = persona::signed_in(github, &headers).ok_or_else(Page::not_found)?;
        let id = InstallationId(id);
        let (installation, app) = find(github, id, &person)?;
        match (fields.get("action"), installation.suspended_at) {
            (Some("save"), _) => {
                let (selection, chosen) = selection(&fields, &owned(github, &installation))?;
                github.select_repositories(id, selection, &chosen);
                return Ok(after_update(&app, id));
            }
            (Some("accept"), _) if wants_more(&installation, &app) => {
                github.accept_permissions(id);
                return Ok(after_update(&app, id));
            }
            (Some("suspend"), None) => github.suspend(id),
            (Some("unsuspend"), Some(_)) => github.unsuspend(id),
            (Some("uninstall"), _) => {
                github.uninstall(id);
                tokens.revoke_installation(id);
                return Ok(redirect("/settings/installations"));
            }
            _ => return Err(out_of_date()),
        }
        Ok(redirect(&address(id)))
    })
}

async fn change_of_organization(
    state: State<Arc<Web>>,
    Path((_, id)): Path<(String, u64)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Page> {
    change(state, Path(id), headers, body).await
}

/// The installation with its App, if the person may change it.
fn find(
    github: &GitHub,
    id: InstallationId,
    person: &Account,
) -> Result<(Installation, App), Page> {
    let installation = github.installation(id);
    let installation = installation.filter(|it| is_owner(github, it, person));
    let installation = installation.ok_or_else(Page::not_found)?;
    let app = github.app(installation.app).ok_or_else(Page::not_found)?;
    Ok((installation.clone(), app.clone()))
}

fn is_owner(github: &GitHub, installation: &Installation, person: &Account) -> bool {
    github.administrator_of(&installation.account).id == person.id
}

fn owned(github: &GitHub, installation: &Installation) -> Vec<RepositoryId> {
    let repositories = github.repositories();
    let owned = repositories.filter(|it| it.owner.id == installation.account.id);
    owned.map(|it| it.id).collect()
}

fn wants_more(installation: &Installation, app: &App) -> bool {
    installation.permissions != app.permissions || installation.events != app.events
}

fn address(id: InstallationId) -> String {
    format!("/settings/installations/{id}")
}

/// An App can ask to hear of updates at its setup page.
fn after_update(app: &App, id: InstallationId) -> Response {
    match &app.setup_url {
        Some(setup) if app.setup_on_update => {
            let id = id.to_string();
            let parameters = [("installation_id", id.as_str()), ("setup_action", "update")];
            redirect(&with_query(setup, &parameters))
        }
        _ => redirect(&address(id)),
    }
}

fn out_of_date() -> Page {
    let text = "The installation is not what it was when you opened its page.";
    Page::error(StatusCode::CONFLICT, "Out of date", text)
}

fn page(github: &GitHub, installation: &Installation, app: &App) -> Page {
    let owned = owned(github, installation);
    let owned = owned.iter().map(|id| github.repository(*id));
    let chosen = |id| installation.repositories.contains(&id);
    let repositories = choices(owned, installation.selection, chosen)
        .and(paragraph(button("action", "save", "Save")));
    let action = address(installation.id);
    let (value, label, state) = match installation.suspended_at {
        None => ("suspend", "Suspend", Html::default()),
        Some(time) => {
            let state = paragraph(format!("Suspended since {time}."));
            ("unsuspend", "Unsuspend", state)
        }
    };
    let accept = wants_more(installation, app).then(|| {
        let text = paragraph(format!("{} asks for new permissions.", app.name));
        form(
            &action,
            text.and(button("action", "accept", "Accept new permissions")),
        )
    });
    let danger = paragraph(button("action", value, label)).and(paragraph(button(
        "action",
        "uninstall",
        "Uninstall",
    )));
    let content = state
        .and(accept.unwrap_or_default())
        .and(form(&action, repositories))
        .and(element("h2", &[], "Danger zone"))
        .and(form(&action, danger));
    Page::new(
        format!("{} on {}", app.name, installation.account.login),
        content,
    )
}

//! Installing an App: on which account, and on which repositories.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::address::with_query;
use super::desk::Grant;
use super::fields::Fields;
use super::html::{Html, choice, element, form, hidden, link, paragraph};
use super::page::{Page, redirect};
use super::{Web, persona};
use crate::github::GitHub;
use crate::github::account::{Account, AccountKind};
use crate::github::app::App;
use crate::github::id::{InstallationId, RepositoryId};
use crate::github::installation::Selection;
use crate::github::repository::Repository;

pub(super) fn routes() -> Router<Arc<Web>> {
    let new = "/apps/{slug}/installations/new";
    Router::new()
        .route("/apps/{slug}", get(show))
        .route(new, get(choose_account))
        .route(
            &format!("{new}/permissions"),
            get(choose_repositories).post(install),
        )
}

async fn show(State(web): State<Arc<Web>>, Path(slug): Path<String>) -> Result<Page, Page> {
    let app = web.github(|github| app(github, &slug))?;
    let install = link(&format!("/apps/{slug}/installations/new"), "Install");
    let content = paragraph(app.description).and(paragraph(install));
    Ok(Page::new(app.name, content))
}

async fn choose_account(
    State(web): State<Arc<Web>>,
    Path(slug): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Page> {
    web.github(|github| {
        let app = app(github, &slug)?;
        let Some(person) = persona::signed_in(github, &headers) else {
            return Ok(persona::ask(&uri.to_string()));
        };
        let fields = Fields::of_query(uri.query());
        let address = |account: &Account| {
            let id = account.id.to_string();
            let mut parameters = vec![("target_id", id.as_str())];
            parameters.extend(fields.get("state").map(|state| ("state", state)));
            with_query(
                &format!("/apps/{slug}/installations/new/permissions"),
                &parameters,
            )
        };
        let accounts = targets(github, &app, &person);
        if let [only] = &accounts[..] {
            return Ok(redirect(&address(only)));
        }
        let links = accounts
            .iter()
            .map(|it| paragraph(link(&address(it), &it.login)));
        Ok(Page::new(format!("Where to install {}", app.name), links.collect()).into_response())
    })
}

async fn choose_repositories(
    State(web): State<Arc<Web>>,
    Path(slug): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Page> {
    web.github(|github| {
        let Some(person) = persona::signed_in(github, &headers) else {
            return Ok(persona::ask(&uri.to_string()));
        };
        let request = Request::new(github, &slug, person, Fields::of_query(uri.query()))?;
        Ok(match request.existing(github) {
            Some(installation) => redirect(&format!("/settings/installations/{installation}")),
            None => request.page(github).into_response(),
        })
    })
}

async fn install(
    State(web): State<Arc<Web>>,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Page> {
    let fields = Fields::parse(&body).and(Fields::of_query(query.as_deref()));
    web.github(|github| {
        let person = persona::signed_in(github, &headers).ok_or_else(Page::not_found)?;
        let request = Request::new(github, &slug, person, fields)?;
        if let Some(installation) = request.existing(github) {
            return Ok(redirect(&format!("/settings/installations/{installation}")));
        }
        let (selection, chosen) = selection(&request.fields, &request.repositories(github))?;
        let installation = request
            .is_owner(github)
            .then(|| github.install(request.app.id, &request.target, selection, &chosen));
        Ok(web.after_installing(github, &request, installation))
    })
}

/// A person who wants an App on an account.
struct Request {
    app: App,
    target: Arc<Account>,
    person: Arc<Account>,
    fields: Fields,
}

impl Request {
    fn new(
        github: &GitHub,
        slug: &str,
        person: Arc<Account>,
        fields: Fields,
    ) -> Result<Self, Page> {
        let app = app(github, slug)?;
        let target = targets(github, &app, &person)
            .into_iter()
            .find(|account| Some(account.id) == fields.number("target_id"))
            .ok_or_else(Page::not_found)?;
        Ok(Self {
            app,
            target,
            person,
            fields,
        })
    }

    fn is_owner(&self, github: &GitHub) -> bool {
        github.administrator_of(&self.target).id == self.person.id
    }

    fn existing(&self, github: &GitHub) -> Option<InstallationId> {
        let mut installations = github.installations();
        let here = |it: &&_| is_on(it, &self.app, &self.target);
        installations.find(here).map(|it| it.id)
    }

    /// What can be chosen: the account's repositories that the person knows of.
    fn repositories(&self, github: &GitHub) -> Vec<RepositoryId> {
        let owned = github
            .repositories()
            .filter(|it| it.owner.id == self.target.id);
        let known = owned.filter(|it| github.can(&self.person, it.id).is_some());
        known.map(|it| it.id).collect()
    }

    fn page(&self, github: &GitHub) -> Page {
        let repositories = self.repositories(github);
        let repositories = repositories.iter().map(|id| github.repository(*id));
        let label = if self.is_owner(github) {
            "Install"
        } else {
            "Request"
        };
        let content = permissions(&self.app)
            .and(hidden("target_id", Some(&self.target.id.to_string())))
            .and(hidden("state", self.fields.get("state")))
            .and(choices(repositories, Selection::All, |_| false))
            .and(paragraph(element("button", &[], label)));
        let action = format!("/apps/{}/installations/new/permissions", self.app.slug);
        let title = format!("Install {} on {}", self.app.name, self.target.login);
        Page::new(title, form(&action, content))
    }
}

impl Web {
    /// Where GitHub sends a person who has installed an App, or asked for it to be installed.
    fn after_installing(
        &self,
        github: &mut GitHub,
        request: &Request,
        installation: Option<InstallationId>,
    ) -> Response {
        let id = installation.map(|id| id.to_string());
        let mut parameters: Vec<(&str, &str)> = Vec::new();
        parameters.extend(id.as_deref().map(|id| ("installation_id", id)));
        let action = if id.is_some() { "install" } else { "request" };
        parameters.push(("setup_action", action));
        parameters.extend(request.fields.get("state").map(|state| ("state", state)));
        let app = &request.app;
        let sign_in = app.request_oauth_on_install && self.options().sign_in_replaces_setup;
        if let Some(callback) = app.callback_urls.first().filter(|_| sign_in) {
            let grant = Grant {
                app: app.id,
                person: Arc::clone(&request.person),
                redirect_uri: callback.clone(),
                challenge: None,
            };
            let code = self.desk().issue_grant_code(grant, github);
            parameters.insert(0, ("code", &code));
            return redirect(&with_query(callback, &parameters));
        }
        match (&app.setup_url, &id) {
            (Some(address), _) => redirect(&with_query(address, &parameters)),
            (None, Some(id)) => redirect(&format!("/settings/installations/{id}")),
            (None, None) => Page::new(
                "Your request was sent",
                paragraph("An owner of the organization has to approve it."),
            )
            .into_response(),
        }
    }
}

fn app(github: &GitHub, slug: &str) -> Result<App, Page> {
    let mut apps = github.apps();
    let app = apps.find(|app| app.slug == slug).cloned();
    app.ok_or_else(Page::not_found)
}

fn is_on(
    installation: &crate::github::installation::Installation,
    app: &App,
    account: &Account,
) -> bool {
    installation.app == app.id && installation.account.id == account.id
}

/// The accounts that a person can install the App on, or ask for it: a private one goes nowhere
/// but on its owner.
fn targets(github: &GitHub, app: &App, person: &Arc<Account>) -> Vec<Arc<Account>> {
    if !app.public {
        return vec![Arc::clone(&app.owner)];
    }
    let organizations = github
        .accounts()
        .filter(|it| it.kind == AccountKind::Organization);
    std::iter::once(person)
        .chain(organizations)
        .cloned()
        .collect()
}

fn permissions(app: &App) -> Html {
    let items = app.permissions.iter();
    let items: Html = items
        .map(|(name, level)| element("li", &[], format!("{name}: {level}")))
        .collect();
    paragraph("It asks for:").and(element("ul", &[], items))
}

/// The choice between all repositories and some of them.
pub(super) fn choices<'a>(
    repositories: impl Iterator<Item = &'a Repository>,
    selection: Selection,
    is_chosen: impl Fn(RepositoryId) -> bool,
) -> Html {
    let all = selection == Selection::All;
    let repositories = repositories.map(|it| {
        let id = it.id.to_string();
        choice(
            "checkbox",
            "repository",
            &id,
            is_chosen(it.id),
            &it.full_name(),
        )
    });
    choice("radio", "selection", "all", all, "All repositories")
        .and(choice(
            "radio",
            "selection",
            "selected",
            !all,
            "Only select repositories",
        ))
        .and(repositories.collect::<Html>())
}

/// What was chosen; some have to be at least one.
pub(super) fn selection(
    fields: &Fields,
    repositories: &[RepositoryId],
) -> Result<(Selection, Vec<RepositoryId>), Page> {
    if fields.get("selection") != Some("selected") {
        return Ok((Selection::All, Vec::new()));
    }
    let ids = fields.all("repository").filter_map(|id| id.parse().ok());
    let ids = ids.map(RepositoryId).filter(|id| repositories.contains(id));
    let ids: Vec<_> = ids.collect();
    if ids.is_empty() {
        let text = "Select at least one repository.";
        return Err(Page::error(
            StatusCode::UNPROCESSABLE_ENTITY,
            "No repository",
            text,
        ));
    }
    Ok((Selection::Selected, ids))
}

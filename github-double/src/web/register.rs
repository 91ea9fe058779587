//! Registering an App from a manifest.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::address::with_query;
use super::fields::Fields;
use super::html::{Html, element, form, hidden, open, paragraph};
use super::manifest::Manifest;
use super::page::{Page, redirect};
use super::{Web, persona};
use crate::github::GitHub;
use crate::github::account::{Account, AccountKind};

/// How long an App's name may be.
const NAME_LIMIT: usize = 34;

pub(super) fn routes() -> Router<Arc<Web>> {
    let of_organization = "/organizations/{organization}/settings/apps";
    Router::new()
        .route("/settings/apps/new", get(blank).post(propose))
        .route("/settings/apps", post(create))
        .route(&format!("{of_organization}/new"), get(blank).post(propose))
        .route(of_organization, post(create))
}

/// Whose App it is to be, from the path and the cookie.
type Organization = Option<Path<String>>;

/// A page for whoever comes without a manifest.
async fn blank(
    State(web): State<Arc<Web>>,
    organization: Organization,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Page, Page> {
    let owner = web.github(|github| owner(github, organization.as_deref(), &headers))?;
    let fields = Fields::of_query(query.as_deref());
    let action = format!("{}/new", collection(&owner));
    let action = match fields.get("state") {
        Some(state) => with_query(&action, &[("state", state)]),
        None => action,
    };
    let label = element("label", &[("for", "manifest")], "Manifest");
    let text = element("textarea", &[("id", "manifest"), ("name", "manifest")], "");
    let submit = paragraph(element("button", &[], "Continue"));
    let content = form(&action, label.and(text).and(submit));
    Ok(Page::new(
        format!("Register a GitHub App for {}", owner.login),
        content,
    ))
}

/// Checks the manifest, and asks for the name.
async fn propose(
    State(web): State<Arc<Web>>,
    organization: Organization,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Page, Page> {
    let owner = web.github(|github| owner(github, organization.as_deref(), &headers))?;
    let fields = Fields::of_query(query.as_deref()).and(Fields::parse(&body));
    let text = fields.get("manifest").unwrap_or_default();
    let manifest = Manifest::parse(text, web.options()).map_err(|problems| refuse(&problems))?;
    let proposal = Proposal {
        owner: &owner,
        text,
        state: fields.get("state"),
        name: &manifest.registration.name,
    };
    Ok(proposal.page(None))
}

/// Registers the App under the name that was given.
async fn create(
    State(web): State<Arc<Web>>,
    organization: Organization,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Page> {
    let fields = Fields::parse(&body);
    let text = fields.get("manifest").unwrap_or_default();
    let mut manifest =
        Manifest::parse(text, web.options()).map_err(|problems| refuse(&problems))?;
    let name = fields.get("name").unwrap_or_default().trim();
    let state = fields.get("state");
    name.clone_into(&mut manifest.registration.name);
    let code = web.github(|github| {
        let owner = owner(github, organization.as_deref(), &headers)?;
        if let Some(problem) = problem_with_name(github, name) {
            let proposal = Proposal {
                owner: &owner,
                text,
                state,
                name,
            };
            return Err(proposal.page(Some(problem)));
        }
        let app = github.register_app(manifest.registration, &owner);
        if github.app(app).is_some_and(|app| app.hook.active) {
            github.ping(app);
        }
        Ok(web.desk().issue_manifest_code(app, github))
    })?;
    let mut parameters = vec![("code", code.as_str())];
    parameters.extend(state.map(|state| ("state", state)));
    Ok(match &manifest.redirect_url {
        Some(address) => redirect(&with_query(address, &parameters)),
        None => without_redirect().into_response(),
    })
}

fn without_redirect() -> Page {
    let content = paragraph("The manifest names no redirect_url: its code goes nowhere.");
    Page::new("The App is registered", content)
}

fn owner(
    github: &GitHub,
    organization: Option<&String>,
    headers: &HeaderMap,
) -> Result<Arc<Account>, Page> {
    let person = persona::signed_in(github, headers);
    let Some(login) = organization else {
        return Ok(person.unwrap_or_else(|| Arc::clone(github.administrator())));
    };
    let organization = github.find_account(login);
    let organization = organization.filter(|it| it.kind == AccountKind::Organization);
    let organization = organization.ok_or_else(Page::not_found)?;
    let administrator = github.administrator_of(organization);
    if person.is_some_and(|person| person.id != administrator.id) {
        return Err(Page::not_found());
    }
    Ok(Arc::clone(organization))
}

fn problem_with_name(github: &GitHub, name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("The name is missing.");
    }
    if name.chars().count() > NAME_LIMIT {
        return Some("The name is longer than 34 characters.");
    }
    let taken = github.apps().any(|app| app.name.eq_ignore_ascii_case(name));
    taken.then_some("The name is already taken.")
}

/// Where the owner's Apps are.
fn collection(owner: &Account) -> String {
    match owner.kind {
        AccountKind::Organization => format!("/organizations/{}/settings/apps", owner.login),
        AccountKind::User | AccountKind::Bot => "/settings/apps".to_owned(),
    }
}

fn refuse(problems: &[String]) -> Page {
    let items = problems.iter();
    let items: Html = items.map(|it| element("li", &[], it.as_str())).collect();
    let text = "This is not a manifest that GitHub takes:";
    let content = Html::from(text).and(element("ul", &[], items));
    let title = "Invalid GitHub App configuration";
    Page::error(StatusCode::UNPROCESSABLE_ENTITY, title, content)
}

/// A manifest that waits for its name.
struct Proposal<'a> {
    owner: &'a Account,
    text: &'a str,
    state: Option<&'a str>,
    name: &'a str,
}

impl Proposal<'_> {
    fn page(&self, problem: Option<&str>) -> Page {
        let label = element("label", &[("for", "name")], "GitHub App name");
        let name = [
            ("type", "text"),
            ("id", "name"),
            ("name", "name"),
            ("value", self.name),
        ];
        let content = hidden("manifest", Some(self.text))
            .and(hidden("state", self.state))
            .and(problem.map_or_else(Html::default, paragraph))
            .and(paragraph(label.and(" ").and(open("input", &name))))
            .and(paragraph(element("button", &[], "Create GitHub App")));
        let title = format!("Create GitHub App for {}", self.owner.login);
        let page = Page::new(title, form(&collection(self.owner), content));
        match problem {
            Some(_) => page.with_status(StatusCode::UNPROCESSABLE_ENTITY),
            None => page,
        }
    }
}

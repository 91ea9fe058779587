//! Asking a person whether an App may act for them.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::address::with_query;
use super::desk::Grant;
use super::fields::Fields;
use super::html::{Html, button, form, hidden, paragraph};
use super::page::{Page, redirect};
use super::{Web, persona, pkce};
use crate::github::GitHub;
use crate::github::account::Account;
use crate::github::app::App;

/// What is sent along through the page.
const KEPT: [&str; 5] = [
    "client_id",
    "redirect_uri",
    "state",
    "code_challenge",
    "code_challenge_method",
];

pub(super) fn routes() -> Router<Arc<Web>> {
    Router::new().route("/login/oauth/authorize", get(ask).post(decide))
}

/// Goes on at once for whoever is signed in, unless the App wants somebody else; asks others who
/// they are.
async fn ask(
    State(web): State<Arc<Web>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Page> {
    let fields = Fields::of_query(query.as_deref());
    web.github(|github| {
        let request = Request::new(github, &fields)?;
        if let Err(problem) = request.check() {
            return Ok(request.refuse("invalid_request", problem));
        }
        let person = persona::signed_in(github, &headers);
        let person = person.filter(|it| request.is_wanted(it));
        Ok(match person {
            Some(person) => web.grant(github, &request, person),
            None => request.page(github).into_response(),
        })
    })
}

async fn decide(State(web): State<Arc<Web>>, body: Bytes) -> Result<Response, Page> {
    let fields = Fields::parse(&body);
    web.github(|github| {
        let request = Request::new(github, &fields)?;
        if let Err(problem) = request.check() {
            return Ok(request.refuse("invalid_request", problem));
        }
        let Some(login) = fields.get("login") else {
            let text = "The user has denied your application access.";
            return Ok(request.refuse("access_denied", text));
        };
        let person = persona::find(github, login).ok_or_else(Page::not_found)?;
        Ok(web.grant(github, &request, person))
    })
}

/// An App that wants to act for somebody.
struct Request<'a> {
    app: App,
    redirect_uri: String,
    fields: &'a Fields,
}

impl<'a> Request<'a> {
    /// Only an App that is known, and an address that is its own, ever get an answer.
    fn new(github: &GitHub, fields: &'a Fields) -> Result<Self, Page> {
        let client_id = fields.get("client_id").unwrap_or_default();
        let mut apps = github.apps();
        let app = apps.find(|app| app.client_id == client_id);
        let app = app.ok_or_else(Page::not_found)?.clone();
        let redirect_uri = match fields.get("redirect_uri") {
            Some(given) => app.callback_urls.iter().find(|it| *it == given),
            None => app.callback_urls.first(),
        };
        let redirect_uri = redirect_uri.cloned().ok_or_else(|| {
            let text = "The redirect_uri is not associated with this application.";
            Page::error(StatusCode::BAD_REQUEST, "Be careful!", text)
        })?;
        Ok(Self {
            app,
            redirect_uri,
            fields,
        })
    }

    /// Says what is wrong with the challenge.
    fn check(&self) -> Result<(), &'static str> {
        let method = self.fields.get("code_challenge_method");
        match (self.fields.get("code_challenge"), method) {
            (None, None) => Ok(()),
            (Some(challenge), Some("S256")) if pkce::is_challenge(challenge) => Ok(()),
            (Some(_), Some("S256")) => Err("The code_challenge is not a hash of 32 bytes."),
            (Some(_), _) => Err("The code_challenge_method must be S256."),
            (None, Some(_)) => Err("The code_challenge is missing."),
        }
    }

    fn is_wanted(&self, person: &Account) -> bool {
        let login = self.fields.get("login");
        login.is_none_or(|login| person.login.eq_ignore_ascii_case(login))
    }

    fn answer(&self, parameters: &[(&str, &str)]) -> Response {
        let state = self.fields.get("state").map(|state| ("state", state));
        let parameters: Vec<_> = parameters.iter().copied().chain(state).collect();
        redirect(&with_query(&self.redirect_uri, &parameters))
    }

    fn refuse(&self, error: &str, description: &str) -> Response {
        self.answer(&[("error", error), ("error_description", description)])
    }

    fn page(&self, github: &GitHub) -> Page {
        let kept = KEPT.iter().map(|name| hidden(name, self.fields.get(name)));
        let people = persona::people(github).filter(|it| self.is_wanted(it));
        let buttons = people.map(|it| {
            paragraph(button(
                "login",
                &it.login,
                &format!("Continue as {}", it.login),
            ))
        });
        let cancel = paragraph(button("cancel", "1", "Cancel"));
        let content = kept.chain(buttons).collect::<Html>().and(cancel);
        let title = format!("Authorize {}", self.app.name);
        Page::new(title, form("/login/oauth/authorize", content))
    }
}

impl Web {
    fn grant(&self, github: &mut GitHub, request: &Request<'_>, person: Arc<Account>) -> Response {
        let grant = Grant {
            app: request.app.id,
            person,
            redirect_uri: request.redirect_uri.clone(),
            challenge: request.fields.get("code_challenge").map(str::to_owned),
        };
        let code = self.desk().issue_grant_code(grant, github);
        request.answer(&[("code", &code)])
    }
}

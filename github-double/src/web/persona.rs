//! Who is signed in: whoever the visitor says they are.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};

use super::Web;
use super::address::with_query;
use super::fields::Fields;
use super::html::{Html, button, form, hidden, paragraph};
use super::page::{Page, redirect, redirect_with};
use crate::github::GitHub;
use crate::github::account::{Account, AccountKind};

const COOKIE: &str = "double_login";

pub(super) fn routes() -> Router<Arc<Web>> {
    Router::new()
        .route("/login", get(choose).post(sign_in))
        .route("/logout", post(sign_out))
}

/// All who can sign in.
pub(super) fn people(github: &GitHub) -> impl Iterator<Item = &Arc<Account>> {
    let accounts = github.accounts();
    accounts.filter(|account| account.kind == AccountKind::User)
}

/// The person with this login.
pub(super) fn find(github: &GitHub, login: &str) -> Option<Arc<Account>> {
    let account = github.find_account(login)?;
    (account.kind == AccountKind::User).then(|| Arc::clone(account))
}

/// The person that the browser is signed in as, if any.
pub(super) fn signed_in(github: &GitHub, headers: &HeaderMap) -> Option<Arc<Account>> {
    let cookies = headers.get_all(header::COOKIE).iter();
    let cookies = cookies.filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|value| value.split(';'));
    let mut pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
    let (_, login) = pairs.find(|(name, _)| *name == COOKIE)?;
    find(github, login)
}

/// Sends the visitor to sign in, and back to where they were.
pub(super) fn ask(return_to: &str) -> Response {
    redirect(&with_query("/login", &[("return_to", return_to)]))
}

async fn choose(State(web): State<Arc<Web>>, RawQuery(query): RawQuery) -> Page {
    let fields = Fields::of_query(query.as_deref());
    let buttons: Html = web.github(|github| {
        people(github)
            .map(|it| {
                paragraph(button(
                    "login",
                    &it.login,
                    &format!("Sign in as {}", it.login),
                ))
            })
            .collect()
    });
    let content = hidden("return_to", fields.get("return_to")).and(buttons);
    Page::new("Sign in", form("/login", content))
}

async fn sign_in(State(web): State<Arc<Web>>, body: Bytes) -> Result<Response, Page> {
    let fields = Fields::parse(&body);
    let login = fields.get("login").unwrap_or_default();
    let person = web.github(|github| find(github, login)).ok_or_else(|| {
        Page::error(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Sign in",
            "There is no such person.",
        )
    })?;
    let return_to = fields.get("return_to").filter(|path| is_here(path));
    let cookie = format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Lax", person.login);
    let cookie = HeaderValue::try_from(cookie).map_err(|_| Page::not_found())?;
    let return_to = return_to.unwrap_or("/settings/installations");
    Ok(redirect_with(return_to, [(header::SET_COOKIE, cookie)]))
}

async fn sign_out() -> Response {
    let cookie = ended_cookie();
    redirect_with("/login", [(header::SET_COOKIE, cookie)])
}

fn ended_cookie() -> HeaderValue {
    HeaderValue::from_static("double_login=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")
}

/// Whether it is a path of this site; two slashes begin the name of another one.
fn is_here(path: &str) -> bool {
    path.starts_with('/') && !path.starts_with("//") && !path.starts_with("/\\")
}

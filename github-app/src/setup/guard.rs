//! Stands before every page: who may see it, and for how long it may take.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Redirect, Response},
};
use http::{Method, header::SET_COOKIE};
use url::form_urlencoded;

use super::{Setup, cookie, headers, pages, site};

/// GitHub may take half a minute, and is asked twice at most.
const ANSWER_TIME: Duration = Duration::from_secs(75);

/// What everybody may have: the look of the pages that send people away.
const STYLE: &str = "/setup/style.css";

/// Lets through whoever opened the link, and nobody else.
pub(super) async fn stand(
    State(setup): State<Arc<Setup>>,
    request: Request,
    next: Next,
) -> Response {
    let answer = tokio::time::timeout(ANSWER_TIME, answer(&setup, request, next)).await;
    headers::put(answer.unwrap_or_else(|_| pages::too_slow()))
}

async fn answer(setup: &Setup, request: Request, next: Next) -> Response {
    if request.uri().path() == STYLE {
        return next.run(request).await;
    }
    let is_holder = setup.is_holder(&request);
    if setup.is_finished() {
        return closed(is_holder);
    }
    if let Some(token) = link_token(&request) {
        return setup.open(&token, &request);
    }
    if !is_holder {
        return pages::no_access(request.uri().path());
    }
    if request.method() == Method::POST && !site::is_own_form(request.uri(), request.headers()) {
        return pages::foreign_form();
    }
    next.run(request).await
}

fn closed(is_holder: bool) -> Response {
    if is_holder {
        pages::finished()
    } else {
        pages::closed()
    }
}

/// The token of the link. Only opening the link spends it: a look at its head, as
/// programs take for a preview, does not.
fn link_token(request: &Request) -> Option<String> {
    if request.method() != Method::GET || request.uri().path() != "/setup" {
        return None;
    }
    form_urlencoded::parse(request.uri().query()?.as_bytes())
        .find(|(name, _)| name == "token")
        .map(|(_, token)| token.into_owned())
}

impl Setup {
    fn is_holder(&self, request: &Request) -> bool {
        let now = self.clock.now();
        let state = self.state();
        cookie::of(request.headers()).any(|cookie| state.access.admits(cookie, now))
    }

    /// Gives the cookie for the token, and takes the token out of the address.
    fn open(&self, token: &str, request: &Request) -> Response {
        let mut state = self.state();
        let opened = state
            .access
            .open(token, self.clock.now(), self.config.random);
        let Some(cookie) = opened else {
            drop(state);
            // Whoever has it may well open the link again.
            return if self.is_holder(request) {
                Redirect::to("/setup").into_response()
            } else {
                pages::no_access("/setup")
            };
        };
        // They belong to whoever had the cookie before.
        state.states = super::States::default();
        drop(state);
        tracing::info!("the set-up link was opened");
        let is_https = self.is_https(request.uri(), request.headers());
        let set_cookie = [(SET_COOKIE, cookie::set(&cookie, is_https))];
        (set_cookie, Redirect::to("/setup")).into_response()
    }
}

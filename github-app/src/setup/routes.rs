//! Which page is where, and what each does.

use std::{any::Any, sync::Arc};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Multipart, Query, Request, State, multipart::MultipartRejection},
    http::{HeaderMap, Uri, header::CONTENT_TYPE},
    middleware,
    response::{IntoResponse, Redirect, Response},
    routing::{any, get, post},
};
use serde::Deserialize;
use tower_http::catch_panic::CatchPanicLayer;

use super::{
    Setup, address,
    choices::Choices,
    fields::{Fields, Problems},
    guard, headers, manifest, pages,
    steps::{Known, Pending},
};

/// Larger than any form of ours with a key in it.
const BODY_SIZE: usize = 64 * 1024;

/// Longer than any code or state of GitHub's.
const PARAMETER_SIZE: usize = 512;

type Shared = State<Arc<Setup>>;

/// Serves `/setup` and all below it.
pub(crate) fn router(setup: Arc<Setup>) -> Router {
    Router::new()
        .route("/setup", get(welcome).post(choose))
        .route("/setup/app", get(create))
        .route("/setup/existing", get(existing).post(take_existing))
        .route("/setup/github/created", get(created))
        .route("/setup/github/installed", get(installed))
        .route("/setup/retry", post(retry))
        .route("/setup/restart", post(restart))
        .route("/setup/install", get(install))
        .route("/setup/requested", get(requested))
        .route("/setup/data", get(data))
        .route("/setup/finish", post(finish))
        .route("/setup/progress.json", get(progress))
        .route("/setup/progress.js", get(script))
        .route("/setup/style.css", get(style))
        .route("/setup/{*path}", any(not_found))
        .layer(DefaultBodyLimit::max(BODY_SIZE))
        .layer(CatchPanicLayer::custom(after_panic))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&setup),
            guard::stand,
        ))
        .with_state(setup)
}

async fn welcome(State(setup): Shared) -> Response {
    if let Some(response) = setup.further_on() {
        return response;
    }
    pages::welcome(&setup.form(), &Problems::default())
}

async fn choose(State(setup): Shared, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let fields = Fields::read(&body);
    let mut problems = Problems::default();
    let Some(browser) = setup.browser(&uri, &headers) else {
        return pages::foreign_form();
    };
    match Choices::read(&fields, browser, &mut problems) {
        Some(choices) => {
            setup.state().choices = Some(choices);
            Redirect::to("/setup/app").into_response()
        }
        None => pages::welcome(&fields, &problems),
    }
}

async fn create(State(setup): Shared) -> Response {
    if let Some(response) = setup.further_on() {
        return response;
    }
    let now = setup.clock.now();
    let mut state = setup.state();
    let Some(choices) = state.choices.clone() else {
        return Redirect::to("/setup").into_response();
    };
    let token = state
        .states
        .issue(choices.clone(), now, setup.config.random);
    drop(state);
    let manifest = manifest::fill(&choices);
    let mut response = pages::create(&choices, &manifest, &token);
    let origin = address::origin(&choices.place.web_url);
    response
        .extensions_mut()
        .insert(headers::FormTarget(origin));
    response
}

/// What GitHub sends the browser back with.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Created {
    code: String,
    state: String,
}

async fn created(State(setup): Shared, Query(query): Query<Created>) -> Response {
    let is_usable = |text: &str| !text.is_empty() && text.len() <= PARAMETER_SIZE;
    let now = setup.clock.now();
    let taken = setup.state().states.take(&query.state, now);
    match taken {
        Err(problem) => pages::state_refused(problem),
        Ok(_) if !is_usable(&query.code) => pages::code_refused(),
        Ok(choices) => {
            let pending = Pending::Exchange(query.code.into(), Box::new(choices));
            answer(setup.carry_out(pending).await)
        }
    }
}

async fn retry(State(setup): Shared) -> Response {
    answer(setup.go_on().await)
}

fn answer(done: Result<(), super::steps::Failure>) -> Response {
    match done {
        Ok(()) => Redirect::to("/setup").into_response(),
        Err(failure) => pages::failed(&failure),
    }
}

/// Forgets the App that there is, so that another one can take its place.
async fn restart(State(setup): Shared) -> Redirect {
    let mut state = setup.state();
    state.app = None;
    state.pending = None;
    Redirect::to("/setup")
}

async fn existing(State(setup): Shared) -> Response {
    if let Some(response) = setup.further_on() {
        return response;
    }
    pages::existing(&setup.form(), &Problems::default())
}

async fn take_existing(
    State(setup): Shared,
    form: Result<Multipart, MultipartRejection>,
) -> Response {
    let Ok(form) = form else {
        return pages::unreadable_form();
    };
    let Ok(fields) = Fields::read_with_files(form).await else {
        return pages::unreadable_form();
    };
    match setup.check_existing(&fields).await {
        Ok(fresh) => answer(setup.carry_out(Pending::Save(Box::new(fresh))).await),
        Err(problems) => pages::existing(&fields, &problems),
    }
}

/// What GitHub sends the browser back with. Anybody could: nothing follows from it
/// but which page is shown.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Installed {
    setup_action: String,
}

async fn installed(Query(query): Query<Installed>) -> Redirect {
    match query.setup_action.as_str() {
        "request" => Redirect::to("/setup/requested"),
        _ => Redirect::to("/setup/data"),
    }
}

async fn install(State(setup): Shared, uri: Uri, headers: HeaderMap) -> Response {
    let browser = setup.browser(&uri, &headers);
    match setup.app() {
        Some(app) => {
            let leads_back = browser.is_some() && (browser == app.public_url || app.polling);
            pages::install(&app, leads_back, &setup.arrival().await)
        }
        None => Redirect::to("/setup").into_response(),
    }
}

async fn requested(State(setup): Shared) -> Response {
    match setup.app() {
        Some(app) => pages::requested(&app, &setup.arrival().await),
        None => Redirect::to("/setup").into_response(),
    }
}

async fn data(State(setup): Shared) -> Response {
    match setup.app() {
        Some(app) => pages::data(&app, &setup.arrival().await),
        None => Redirect::to("/setup").into_response(),
    }
}

async fn progress(State(setup): Shared) -> Response {
    Json(setup.arrival().await).into_response()
}

/// Ends set-up and closes it.
async fn finish(State(setup): Shared) -> Redirect {
    let mut state = setup.state();
    if state.app.is_none() || state.pending.is_some() {
        return Redirect::to("/setup");
    }
    state.finished = true;
    drop(state);
    tracing::info!("set-up is finished, and closed");
    Redirect::to("/")
}

async fn script() -> impl IntoResponse {
    let script = include_str!("progress.js");
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], script)
}

async fn style() -> impl IntoResponse {
    let style = include_str!("style.css");
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], style)
}

async fn not_found(_: Request) -> Response {
    pages::not_found()
}

fn after_panic(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a page of set-up panicked");
    pages::broken()
}

impl Setup {
    fn app(&self) -> Option<Known> {
        self.state().app.clone()
    }

    /// Where set-up is, if that is past choosing and creating.
    fn further_on(&self) -> Option<Response> {
        let (is_pending, has_app) = {
            let state = self.state();
            (state.pending.is_some(), state.app.is_some())
        };
        if is_pending {
            return Some(pages::unfinished());
        }
        let is_installed = !(self.progress)().installations.is_empty();
        let next = if is_installed {
            "/setup/data"
        } else {
            "/setup/install"
        };
        has_app.then(|| Redirect::to(next).into_response())
    }

    /// What the forms begin with: what was chosen last, or what the settings say.
    fn form(&self) -> Fields {
        if let Some(choices) = &self.state().choices {
            return choices.fields();
        }
        let config = &self.config;
        let web_url = config.web_url.trim_end_matches('/').to_owned();
        let api_url = config.api_url.as_deref().unwrap_or_default();
        let api_url = api_url.trim_end_matches('/').to_owned();
        let usual_api =
            address::github_site(&web_url).map(|url| address::text(&address::api_of(&url)));
        let is_usual = api_url.is_empty() || usual_api.as_ref() == Ok(&api_url);
        let is_github = web_url == address::GITHUB && is_usual;
        Fields::default()
            .with("arrival", "webhooks")
            .with("owner", "organization")
            .with("public_url", config.public_url.clone().unwrap_or_default())
            .with("host", if is_github { "github" } else { "own" })
            .with("web_url", if is_github { String::new() } else { web_url })
            .with("api_url", if is_usual { String::new() } else { api_url })
    }
}

//! `/_double/`: the strings that move this GitHub, for whoever has the control token.

mod clock;
mod emit;
mod faults;
mod messages;
mod scenario;
mod views;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use http::{StatusCode, header};

use crate::double::Double;

/// What is below `/_double`.
pub(crate) fn routes(double: &Double) -> Router<Double> {
    Router::new()
        .route("/clock", get(clock::show).put(clock::set).post(clock::step))
        .route("/emit", post(emit::deliver))
        .route("/scenarios", get(scenario::list))
        .route("/scenarios/{name}", post(scenario::play))
        .route(
            "/faults",
            get(faults::list).post(faults::add).delete(faults::clear),
        )
        .route("/faults/{id}", delete(faults::remove))
        .route(
            "/requests",
            get(views::requests).delete(views::clear_requests),
        )
        .route("/state", get(views::state))
        .route("/hooks", get(views::hooks))
        .route("/reset", post(views::reset))
        .route(
            "/slack",
            get(messages::list_slack).delete(messages::clear_slack),
        )
        .route("/slack/refusals", post(messages::refuse_slack))
        .route(
            "/mails",
            get(messages::list_mails).delete(messages::clear_mails),
        )
        .route("/mails/refusals", post(messages::refuse_mails))
        .layer(from_fn_with_state(double.clone(), guard))
}

/// Lets in who bears the token.
async fn guard(State(double): State<Double>, request: Request, next: Next) -> Response {
    let expected = format!("Bearer {}", double.control_token());
    let given = request.headers().get(header::AUTHORIZATION);
    if given.is_some_and(|given| given.as_bytes() == expected.as_bytes()) {
        return next.run(request).await;
    }
    StatusCode::UNAUTHORIZED.into_response()
}

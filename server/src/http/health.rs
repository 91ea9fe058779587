//! Health for probes.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::{Error, Server};

/// The process runs.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// The process can take builds in: the database was written just now.
pub(super) async fn readyz(State(server): State<Server>) -> Response {
    match server.probe().await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            let why = match error {
                Error::Full | Error::ReadOnly | Error::Outdated => format!("{error}\n"),
                _ => "the database can not be written\n".to_owned(),
            };
            (StatusCode::SERVICE_UNAVAILABLE, why).into_response()
        }
    }
}

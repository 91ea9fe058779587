//! The webhooks that are in line.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::double::Double;

#[derive(Serialize)]
pub(super) struct LineJson {
    /// How many are still in line: those that are held back.
    undelivered: usize,
}

/// Posts what is in line and due, and answers when all of it was answered.
pub(super) async fn deliver(State(double): State<Double>) -> Json<LineJson> {
    double.deliver().await;
    let undelivered = double.undelivered();
    Json(LineJson { undelivered })
}

//! The faults that are on.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::Serialize;

use crate::double::Double;
use crate::faults::{Fault, Rule};

#[derive(Serialize)]
pub(super) struct AddedJson {
    id: u64,
}

pub(super) async fn list(State(double): State<Double>) -> Json<Vec<Rule>> {
    Json(double.faults().list())
}

pub(super) async fn add(
    State(double): State<Double>,
    Json(fault): Json<Fault>,
) -> (StatusCode, Json<AddedJson>) {
    let id = double.faults().add(fault);
    (StatusCode::CREATED, Json(AddedJson { id }))
}

pub(super) async fn clear(State(double): State<Double>) -> StatusCode {
    double.faults().clear();
    StatusCode::NO_CONTENT
}

pub(super) async fn remove(State(double): State<Double>, Path(id): Path<u64>) -> StatusCode {
    if double.faults().remove(id) {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::NOT_FOUND
    }
}

//! The virtual clock.

use axum::Json;
use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::double::Double;

#[derive(Serialize, Deserialize)]
pub(super) struct ClockJson {
    now: Timestamp,
}

#[derive(Deserialize)]
pub(super) struct StepJson {
    /// How much time passes, in seconds.
    seconds: i64,
}

pub(super) async fn show(State(double): State<Double>) -> Json<ClockJson> {
    let now = double.clock().now();
    Json(ClockJson { now })
}

pub(super) async fn set(
    State(double): State<Double>,
    Json(clock): Json<ClockJson>,
) -> Json<ClockJson> {
    double.clock().set(clock.now);
    show(State(double)).await
}

pub(super) async fn step(
    State(double): State<Double>,
    Json(step): Json<StepJson>,
) -> Json<ClockJson> {
    let span = SignedDuration::from_secs(step.seconds);
    double.clock().advance(span);
    show(State(double)).await
}

//! The stories that can be played from outside.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;

use crate::double::Double;
use crate::scenarios::{Stage, Story};

/// The names of all stories.
pub(super) async fn list() -> Json<Vec<&'static str>> {
    Json(Story::ALL.iter().map(|story| story.name()).collect())
}

/// Plays a story on an App that is there, or on a new one.
pub(super) async fn play(State(double): State<Double>, Path(name): Path<String>) -> StatusCode {
    match Story::named(&name) {
        Some(story) => {
            let stage = Stage::find(&double).unwrap_or_else(|| Stage::set(&double, None));
            story.play(&stage);
            StatusCode::NO_CONTENT
        }
        None => StatusCode::NOT_FOUND,
    }
}

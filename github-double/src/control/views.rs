//! What it holds and what it saw.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;

use crate::api::log::RequestRecord;
use crate::double::Double;
use crate::github::id::AppId;
use crate::github::truth::Truth;
use crate::hook::log::DeliveryRecord;

#[derive(Serialize)]
pub(super) struct RequestsJson {
    requests: Vec<RequestRecord>,
    /// The most at a time, for each installation; `none` stands for those without.
    peaks: BTreeMap<String, u64>,
}

#[derive(Serialize)]
pub(super) struct HookJson {
    app: AppId,
    id: i64,
    guid: String,
    event: &'static str,
    action: Option<&'static str>,
    delivered_at: Timestamp,
    redelivery: bool,
    status: String,
    status_code: u16,
}

impl HookJson {
    fn new(record: &DeliveryRecord) -> Self {
        Self {
            app: record.app(),
            id: record.id,
            guid: record.guid(),
            event: record.event(),
            action: record.action(),
            delivered_at: record.delivered_at,
            redelivery: record.redelivery,
            status: record.status.clone(),
            status_code: record.status_code,
        }
    }
}

pub(super) async fn requests(State(double): State<Double>) -> Json<RequestsJson> {
    let name = |id: Option<u64>| id.map_or_else(|| "none".to_owned(), |id| id.to_string());
    let peaks = double.request_peaks().into_iter();
    Json(RequestsJson {
        requests: double.requests(),
        peaks: peaks.map(|(id, peak)| (name(id), peak)).collect(),
    })
}

pub(super) async fn clear_requests(State(double): State<Double>) -> StatusCode {
    double.clear_requests();
    StatusCode::NO_CONTENT
}

pub(super) async fn state(State(double): State<Double>) -> Json<Truth> {
    Json(double.truth())
}

/// The deliveries of all Apps, the newest first.
pub(super) async fn hooks(State(double): State<Double>) -> Json<Vec<HookJson>> {
    let apps: Vec<_> = double.github(|github| github.apps().map(|app| app.id).collect());
    let records = apps.into_iter().flat_map(|app| double.deliveries(app));
    let mut hooks: Vec<_> = records.map(|record| HookJson::new(&record)).collect();
    hooks.sort_by_key(|hook| std::cmp::Reverse(hook.id));
    Json(hooks)
}

/// Begins anew: nothing is left but the clock.
pub(super) async fn reset(State(double): State<Double>) -> StatusCode {
    double.reset();
    StatusCode::NO_CONTENT
}

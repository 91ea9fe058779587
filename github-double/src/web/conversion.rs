//! The exchange of a manifest's code for the App with its secrets.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use secrecy::ExposeSecret;
use serde::Serialize;

use super::Web;
use crate::github::app::App;
use crate::github::host::Hosts;
use crate::payload::app::AppJson;

const JSON: &str = "application/json; charset=utf-8";

pub(super) fn routes() -> Router<Arc<Web>> {
    Router::new().route("/app-manifests/{code}/conversions", post(convert))
}

/// An App as its owner sees it once.
#[derive(Serialize)]
struct ConversionJson<'a> {
    #[serde(flatten)]
    app: AppJson<'a>,
    client_secret: &'a str,
    webhook_secret: Option<&'a str>,
    pem: &'a str,
}

async fn convert(State(web): State<Arc<Web>>, Path(code): Path<String>) -> Response {
    let converted = web.github(|github| {
        let app = web.desk().take_manifest(&code, github.now())?;
        Some((github.hosts().clone(), github.app(app)?.clone()))
    });
    match converted {
        Some((hosts, app)) => created(&hosts, &app),
        None => not_found(),
    }
}

fn created(hosts: &Hosts, app: &App) -> Response {
    let webhook_secret = app.webhook_secret.expose_secret();
    let pem = app.key.pem();
    let json = ConversionJson {
        app: AppJson::new(hosts, app),
        client_secret: app.client_secret.expose_secret(),
        // A hook without an address needs nothing to sign with.
        webhook_secret: app.hook.url.is_some().then_some(webhook_secret),
        pem: pem.expose_secret(),
    };
    let body = serde_json::to_vec(&json).expect("keys are strings and a vector takes all");
    (StatusCode::CREATED, [(header::CONTENT_TYPE, JSON)], body).into_response()
}

fn not_found() -> Response {
    let body = r#"{"message":"Not Found","documentation_url":"https://docs.github.com/rest/apps/apps#create-a-github-app-from-a-manifest","status":"404"}"#;
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, JSON)], body).into_response()
}

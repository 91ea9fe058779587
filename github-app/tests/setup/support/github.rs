//! A GitHub that converts codes, and knows its Apps by their keys.

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::{get, patch, post},
};
use jsonwebtoken::{Algorithm, Validation};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Notify};

use super::key;

pub(crate) const APP_ID: i64 = 4711;
pub(crate) const CLIENT_SECRET: &str = "the-client-secret-of-the-app";
pub(crate) const WEBHOOK_SECRET: &str = "the-webhook-secret-of-the-app";

pub(crate) struct FakeGitHub {
    /// Where its pages are; its API is where a server of one's own has it.
    pub(crate) url: String,
    /// The codes that it was asked to convert.
    pub(crate) codes: Mutex<Vec<String>>,
    /// Told whenever a code has come.
    pub(crate) code_came: Notify,
    /// What it waits for before it answers to a code.
    pub(crate) hold: Mutex<Option<Arc<Notify>>>,
    /// What it answers to a code that is good. Unset: with an App.
    pub(crate) conversion: Mutex<Option<(StatusCode, Value)>>,
    /// The App that the key belongs to.
    pub(crate) app: Mutex<Value>,
    /// What it was told about the webhook.
    pub(crate) hook_changes: Mutex<Vec<Value>>,
}

impl FakeGitHub {
    pub(crate) async fn start() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let github = Arc::new(Self {
            app: Mutex::new(app(&url)),
            url,
            codes: Mutex::default(),
            code_came: Notify::new(),
            hold: Mutex::default(),
            conversion: Mutex::default(),
            hook_changes: Mutex::default(),
        });
        let router = Router::new()
            .route("/api/v3/app-manifests/{code}/conversions", post(convert))
            .route("/api/v3/app", get(show_app))
            .route("/api/v3/app/hook/config", patch(change_hook))
            .with_state(Arc::clone(&github));
        tokio::spawn(async move { axum::serve(listener, router).await });
        github
    }

    /// Makes the next conversions answer like this.
    pub(crate) fn convert_to(&self, status: StatusCode, body: Value) {
        *self.conversion.lock().unwrap() = Some((status, body));
    }

    /// The answer to a code that is good.
    pub(crate) fn conversion(&self) -> Value {
        let mut app = self.app.lock().unwrap().clone();
        let secrets = json!({
            "client_secret": CLIENT_SECRET,
            "webhook_secret": WEBHOOK_SECRET,
            "pem": key::first().pkcs1_pem(),
        });
        let secrets = secrets.as_object().unwrap().clone();
        app.as_object_mut().unwrap().extend(secrets);
        app
    }
}

fn app(url: &str) -> Value {
    json!({
        "id": APP_ID,
        "slug": "lampboard-acme",
        "name": "Lampboard <acme> & \"friends\"",
        "html_url": format!("{url}/apps/lampboard-acme"),
        "client_id": "Iv23.the-client-id",
        "owner": { "id": 1, "login": "acme", "type": "Organization" },
        "permissions": { "actions": "read", "metadata": "read" },
        "events": ["workflow_run", "workflow_job", "repository"],
    })
}

type Shared = State<Arc<FakeGitHub>>;

async fn convert(State(github): Shared, Path(code): Path<String>) -> Response {
    github.codes.lock().unwrap().push(code.clone());
    github.code_came.notify_one();
    let hold = github.hold.lock().unwrap().clone();
    if let Some(hold) = hold {
        hold.notified().await;
    }
    let told = github.conversion.lock().unwrap().clone();
    if let Some((status, body)) = told {
        return (status, Json(body)).into_response();
    }
    if code != "good-code" {
        let body = Json(json!({ "message": "Not Found" }));
        return (StatusCode::NOT_FOUND, body).into_response();
    }
    (StatusCode::CREATED, Json(github.conversion())).into_response()
}

async fn show_app(State(github): Shared, headers: HeaderMap) -> Response {
    if is_signed(&headers) {
        Json(github.app.lock().unwrap().clone()).into_response()
    } else {
        let message = "A JSON web token could not be decoded";
        (
            StatusCode::UNAUTHORIZED,
            Json(json!({ "message": message })),
        )
            .into_response()
    }
}

async fn change_hook(
    State(github): Shared,
    headers: HeaderMap,
    Json(change): Json<Value>,
) -> Response {
    assert!(is_signed(&headers));
    github.hook_changes.lock().unwrap().push(change);
    Json(json!({ "content_type": "json" })).into_response()
}

fn is_signed(headers: &HeaderMap) -> bool {
    let authorization = headers["authorization"].to_str().unwrap();
    let jwt = authorization.strip_prefix("Bearer ").unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    // The client's clock is stepped, the verifier's is not.
    validation.validate_exp = false;
    jsonwebtoken::decode::<Value>(jwt, &key::first().public(), &validation).is_ok()
}

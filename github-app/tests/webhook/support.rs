//! An app, a server that answers as a test wants it to, and signed requests.

use std::{
    collections::VecDeque,
    future,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Body};
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use lampboard_github_app::{
    Config, GithubApp, IdentityConfig, Limits, Reconcile,
    clock::{Clock, Sleep},
};
use lampboard_proto::{
    transport,
    v1::{
        RemoveRepositoriesRequest, RemoveRepositoriesResponse, ReportRequest, ReportResponse,
        SyncInstallationRequest, SyncInstallationResponse,
        ingest_service_server::{IngestService, IngestServiceServer},
    },
};
use serde_json::Value;
use sha2::Sha256;
use tonic::{Code, Status, service::Routes};
use tower::ServiceExt as _;

pub(crate) const SECRET: &str = "a secret of the tests";
pub(crate) const WRITE_KEY: &str = "a-write-key-of-the-tests";
pub(crate) const GUID: &str = "72d3162e-cc78-11e3-81ab-4c9367dc0958";
const PATH: &str = "/api/webhook/github-actions";

/// When every delivery of the tests is received.
pub(crate) fn now() -> Timestamp {
    "2026-03-01T12:00:00.5Z".parse().unwrap()
}

/// A clock on which it is always [`now`].
pub(crate) struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        now()
    }

    fn sleep(&self, _: Duration) -> Sleep {
        Box::pin(future::ready(()))
    }
}

/// The settings of an app that is sent webhooks signed with these secrets.
pub(crate) fn config(webhook_secrets: &[&str], write_key: &str) -> Config {
    let secrets = webhook_secrets.iter().map(|it| (*it).into()).collect();
    Config {
        identity: IdentityConfig::Webhooks(secrets),
        write_key: write_key.into(),
        limits: Limits::default(),
        reconcile: Reconcile::default(),
        holder: "app".to_owned(),
        ca_certificates: None,
    }
}

/// What the server does with one report.
pub(crate) enum Reaction {
    Record(ReportResponse),
    Refuse(Status),
    Hang,
    Panic,
}

/// Refuses a report with this code.
pub(crate) fn refusal(code: Code) -> Reaction {
    Reaction::Refuse(Status::new(code, "as the test said"))
}

/// A server that keeps what it is told. Unless told otherwise, it records
/// everything and gives every build and job the id `run-attempt`.
#[derive(Default)]
pub(crate) struct FakeServer {
    reactions: Mutex<VecDeque<Reaction>>,
    reports: Mutex<Vec<ReportRequest>>,
    headers: Mutex<Vec<HeaderMap>>,
    syncs: Mutex<Vec<SyncInstallationRequest>>,
    sync_reactions: Mutex<VecDeque<Status>>,
    removals: Mutex<Vec<RemoveRepositoriesRequest>>,
}

#[tonic::async_trait]
impl IngestService for FakeServer {
    async fn report(
        &self,
        request: tonic::Request<ReportRequest>,
    ) -> Result<tonic::Response<ReportResponse>, Status> {
        let (metadata, _, report) = request.into_parts();
        let usual = usual_response(&report);
        self.reports.lock().unwrap().push(report);
        self.headers.lock().unwrap().push(metadata.into_headers());
        let reaction = self.reactions.lock().unwrap().pop_front();
        match reaction {
            None => Ok(tonic::Response::new(usual)),
            Some(Reaction::Record(response)) => Ok(tonic::Response::new(response)),
            Some(Reaction::Refuse(status)) => Err(status),
            Some(Reaction::Hang) => future::pending().await,
            Some(Reaction::Panic) => panic!("as the test said"),
        }
    }

    async fn sync_installation(
        &self,
        request: tonic::Request<SyncInstallationRequest>,
    ) -> Result<tonic::Response<SyncInstallationResponse>, Status> {
        self.syncs.lock().unwrap().push(request.into_inner());
        match self.sync_reactions.lock().unwrap().pop_front() {
            None => Ok(tonic::Response::new(SyncInstallationResponse {})),
            Some(status) => Err(status),
        }
    }

    async fn remove_repositories(
        &self,
        request: tonic::Request<RemoveRepositoriesRequest>,
    ) -> Result<tonic::Response<RemoveRepositoriesResponse>, Status> {
        self.removals.lock().unwrap().push(request.into_inner());
        Ok(tonic::Response::new(RemoveRepositoriesResponse {}))
    }
}

fn usual_response(report: &ReportRequest) -> ReportResponse {
    let builds = report.builds.iter().map(|it| (it.run_id, it.run_attempt));
    let jobs = report.jobs.iter().map(|it| (it.run_id, it.run_attempt));
    ReportResponse {
        build_ids: builds
            .chain(jobs)
            .map(|(run, attempt)| format!("{run}-{attempt}"))
            .collect(),
        changed_count: 1,
        ..ReportResponse::default()
    }
}

/// An app in front of a fake server.
pub(crate) struct App {
    router: Router,
    server: Arc<FakeServer>,
}

impl App {
    pub(crate) fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    pub(crate) fn with_limits(limits: Limits) -> Self {
        let server = Arc::new(FakeServer::default());
        let service = IngestServiceServer::from_arc(Arc::clone(&server))
            .max_decoding_message_size(27 * 1024 * 1024);
        let config = Config {
            limits,
            ..config(&[SECRET], WRITE_KEY)
        };
        let transport = transport::over(Routes::new(service));
        let app = GithubApp::new(config, transport, Arc::new(Noon)).unwrap();
        Self {
            router: app.router(),
            server,
        }
    }

    /// Says what the server does with the next reports, in order.
    pub(crate) fn will(self, reactions: impl IntoIterator<Item = Reaction>) -> Self {
        self.server.reactions.lock().unwrap().extend(reactions);
        self
    }

    /// What the server was told of installations.
    pub(crate) fn syncs(&self) -> Vec<SyncInstallationRequest> {
        self.server.syncs.lock().unwrap().clone()
    }

    /// Lets the server fail the next sync.
    pub(crate) fn fail_sync(&self, status: Status) {
        self.server.sync_reactions.lock().unwrap().push_back(status);
    }

    /// What the server was told of repositories that an installation lost.
    pub(crate) fn removals(&self) -> Vec<RemoveRepositoriesRequest> {
        self.server.removals.lock().unwrap().clone()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }

    /// Sends a signed delivery.
    pub(crate) async fn deliver(&self, event: &str, payload: &Value) -> Answer {
        self.send(delivery(event, payload.to_string())).await
    }

    /// Everything that was reported so far.
    pub(crate) fn reports(&self) -> Vec<ReportRequest> {
        self.server.reports.lock().unwrap().clone()
    }

    /// The one thing that was reported.
    pub(crate) fn report(&self) -> ReportRequest {
        let mut reports = self.reports();
        assert_eq!(reports.len(), 1, "one report was expected");
        reports.remove(0)
    }

    /// The headers of every report so far.
    pub(crate) fn report_headers(&self) -> Vec<HeaderMap> {
        self.server.headers.lock().unwrap().clone()
    }
}

/// What the webhook answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.headers["content-type"], "application/json");
        serde_json::from_slice(&self.body).unwrap()
    }
}

pub(crate) fn sign(body: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    let signature = mac.chain_update(body).finalize().into_bytes();
    format!("sha256={}", hex::encode(signature))
}

/// A request as GitHub makes it.
pub(crate) fn delivery(event: &str, body: impl Into<Bytes>) -> Request<Body> {
    let body = body.into();
    Request::builder()
        .method(Method::POST)
        .uri(PATH)
        .header("content-type", "application/json")
        .header("content-length", body.len())
        .header("x-github-event", event)
        .header("x-github-delivery", GUID)
        .header("x-hub-signature-256", sign(&body))
        .body(Body::from(body))
        .unwrap()
}

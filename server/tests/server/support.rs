//! A server on a file of its own, its clients, and examples of what is reported to it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use lampboard_proto::{
    transport::{Transport, over},
    v1::{
        self, alert_service_client::AlertServiceClient, app_service_client::AppServiceClient,
        build_service_client::BuildServiceClient, ingest_service_client::IngestServiceClient,
        metrics_service_client::MetricsServiceClient,
        repository_service_client::RepositoryServiceClient,
        system_service_client::SystemServiceClient,
    },
};
use lampboard_server::{
    AlertConfig, CallLimits, Clock, Config, Database, Hosts, PortConfig, Retention, Server,
};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;
use tonic::{Code, Request, Status, service::interceptor::InterceptedService};
use tonic_types::StatusExt as _;

pub(crate) const WRITE_KEY: &str = "a-key-that-only-tests-know";

/// A server that lives as long as the test.
pub(crate) struct TestServer {
    pub(crate) server: Server,
    pub(crate) folder: TempDir,
    now: Arc<AtomicI64>,
}

/// Answers for every host, as often as anybody asks.
pub(crate) fn port() -> PortConfig {
    PortConfig {
        hosts: Hosts::Any,
        limits: CallLimits {
            calls_per_second: None,
            streams: None,
        },
        ..PortConfig::new(WRITE_KEY.to_owned().into())
    }
}

type SignedIn = InterceptedService<Transport, fn(Request<()>) -> Result<Request<()>, Status>>;

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::open(port(), None, without_alerts()).await
    }

    /// Starts one that demands this of whoever calls.
    pub(crate) async fn start_with(port: PortConfig) -> Self {
        Self::open(port, None, without_alerts()).await
    }

    /// Starts one that sends alerts so.
    pub(crate) async fn start_alerting(alerts: AlertConfig) -> Self {
        Self::open(port(), None, alerts).await
    }

    /// Starts one that deletes what has been hidden for so long.
    pub(crate) async fn start_deleting(after: Duration) -> Self {
        Self::open(port(), Some(after), without_alerts()).await
    }

    async fn open(
        port: PortConfig,
        delete_hidden_after: Option<Duration>,
        alerts: AlertConfig,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now = Arc::new(AtomicI64::new(NOON));
        let told = Arc::clone(&now);
        let config = Config {
            database: Database::Sqlite(folder.path().join("lampboard.db")),
            port,
            retention: Retention {
                uninstalled: delete_hidden_after,
                ..Retention::default()
            },
            alerts,
            clock: Clock::new(move || at(told.load(Ordering::Relaxed))),
        };
        let server = Server::open(config).await.unwrap();
        Self {
            server,
            folder,
            now,
        }
    }

    /// Sets the server's clock.
    pub(crate) fn set_time(&self, second: i64) {
        self.now.store(second, Ordering::Relaxed);
    }

    pub(crate) fn transport(&self) -> Transport {
        over(self.server.routes())
    }

    pub(crate) fn alerts(&self) -> AlertServiceClient<Transport> {
        AlertServiceClient::new(self.transport())
    }

    pub(crate) fn builds(&self) -> BuildServiceClient<Transport> {
        BuildServiceClient::new(self.transport())
    }

    pub(crate) fn metrics(&self) -> MetricsServiceClient<Transport> {
        MetricsServiceClient::new(self.transport())
    }

    pub(crate) fn repositories(&self) -> RepositoryServiceClient<Transport> {
        RepositoryServiceClient::new(self.transport())
    }

    pub(crate) fn system(&self) -> SystemServiceClient<Transport> {
        SystemServiceClient::new(self.transport())
    }

    /// A client that has the write key.
    pub(crate) fn ingest(&self) -> IngestServiceClient<SignedIn> {
        IngestServiceClient::with_interceptor(self.transport(), sign_in)
    }

    /// The same for what the app keeps here.
    pub(crate) fn app(&self) -> AppServiceClient<SignedIn> {
        AppServiceClient::with_interceptor(self.transport(), sign_in)
    }

    /// Reports that installation 5 is active and sees some repositories.
    pub(crate) async fn sync(&self, second: i64, ids: &[i64]) {
        let mut client = self.ingest();
        client.sync_installation(sync(second, ids)).await.unwrap();
    }

    /// Reports in which mode the app is.
    pub(crate) async fn report_mode(&self, mode: v1::AppMode) {
        let status = Some(v1::AppStatus {
            mode: mode.into(),
            ..v1::AppStatus::default()
        });
        let mut client = self.app();
        let report = v1::ReportStatusRequest {
            status,
            holder: String::new(),
        };
        client.report_status(report).await.unwrap();
    }

    /// Reports builds of `acme/api`.
    pub(crate) async fn report(&self, builds: Vec<v1::Build>) -> v1::ReportResponse {
        self.send(report(builds)).await.unwrap()
    }

    pub(crate) async fn send(
        &self,
        report: v1::ReportRequest,
    ) -> Result<v1::ReportResponse, Status> {
        let answer = self.ingest().report(report).await;
        answer.map(tonic::Response::into_inner)
    }

    pub(crate) async fn get(&self, run: i64, attempt: i32) -> v1::GetBuildResponse {
        let run = v1::get_build_request::Run { id: run, attempt };
        let key = v1::get_build_request::Key::Run(run);
        let request = v1::GetBuildRequest { key: Some(key) };
        self.builds().get_build(request).await.unwrap().into_inner()
    }

    pub(crate) async fn jobs(&self, build: &str) -> Result<Vec<v1::Job>, Status> {
        let build_id = build.to_owned();
        let mut client = self.builds();
        let answer = client.list_jobs(v1::ListJobsRequest { build_id }).await;
        answer.map(|answer| answer.into_inner().jobs)
    }

    pub(crate) async fn summary(&self, filter: v1::BuildFilter) -> v1::GetSummaryResponse {
        let filter = Some(filter);
        let mut client = self.metrics();
        let answer = client.get_summary(v1::GetSummaryRequest { filter }).await;
        answer.unwrap().into_inner()
    }

    /// Runs SQL behind the server's back.
    pub(crate) async fn sabotage(&self, sql: &'static str) {
        let mut connection = self.connect().await;
        sqlx::query(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// How many rows there are in a table.
    pub(crate) async fn count(&self, table: &str) -> i64 {
        let mut query = sqlx::QueryBuilder::<sqlx::Sqlite>::new("SELECT COUNT(*) FROM ");
        query.push(table);
        let mut connection = self.connect().await;
        let count = query.build_query_scalar().fetch_one(&mut connection).await;
        connection.close().await.unwrap();
        count.unwrap()
    }

    async fn connect(&self) -> SqliteConnection {
        let path = self.folder.path().join("lampboard.db");
        let options = SqliteConnectOptions::new().filename(path);
        SqliteConnection::connect_with(&options).await.unwrap()
    }
}

fn without_alerts() -> AlertConfig {
    AlertConfig::new("http://localhost".parse().unwrap())
}

fn sign_in(mut request: Request<()>) -> Result<Request<()>, Status> {
    let key = format!("Bearer {WRITE_KEY}").parse().expect("it is ASCII");
    request.metadata_mut().insert("authorization", key);
    Ok(request)
}

/// That installation 5 is active and sees `acme/r<id>` for some ids.
pub(crate) fn sync(second: i64, ids: &[i64]) -> v1::SyncInstallationRequest {
    let seen = |id: &i64| v1::Repository {
        id: *id,
        name: format!("acme/r{id}"),
        update_time: time(second),
        ..repository()
    };
    v1::SyncInstallationRequest {
        installation: Some(v1::Installation {
            id: 5,
            account: "acme".to_owned(),
            state: v1::InstallationState::Active.into(),
            update_time: time(second),
            ..v1::Installation::default()
        }),
        repositories: ids.iter().map(seen).collect(),
        backfill_since: None,
    }
}

/// The second of the day that the server takes for now.
pub(crate) const NOON: i64 = 12 * 60 * 60;

/// So many seconds into the day of the tests.
pub(crate) fn at(second: i64) -> Timestamp {
    let midnight: Timestamp = "2026-03-02T00:00:00Z".parse().unwrap();
    midnight
        .checked_add(SignedDuration::from_secs(second))
        .unwrap()
}

/// Lets so much time pass in an instant.
pub(crate) async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

pub(crate) fn time(second: i64) -> Option<prost_types::Timestamp> {
    let seconds = at(second).as_second();
    Some(prost_types::Timestamp { seconds, nanos: 0 })
}

pub(crate) fn range(start: Option<i64>, end: Option<i64>) -> Option<v1::TimeRange> {
    Some(v1::TimeRange {
        start_time: start.and_then(time),
        end_time: end.and_then(time),
    })
}

pub(crate) fn seconds(seconds: i64) -> Option<prost_types::Duration> {
    Some(prost_types::Duration { seconds, nanos: 0 })
}

/// A build of `main` that was queued at nine.
pub(crate) fn queued(run: i64, attempt: i32) -> v1::Build {
    const NINE: i64 = 9 * 60 * 60;
    v1::Build {
        repository_id: 7,
        run_id: run,
        run_attempt: attempt,
        run_number: i32::try_from(run).unwrap_or(i32::MAX),
        workflow: "CI".to_owned(),
        workflow_id: 3,
        workflow_path: ".github/workflows/ci.yml".to_owned(),
        status: v1::BuildStatus::Queued.into(),
        event: "push".to_owned(),
        branch: "main".to_owned(),
        commit_sha: "4f8fdcc1c3a5a2a1fdf4b5b0f2f3c5e9d1a7b6c8".to_owned(),
        commit_title: "Fix the parser".to_owned(),
        commit_author: "Ada Example".to_owned(),
        title: "Fix the parser".to_owned(),
        actor: "ada".to_owned(),
        triggering_actor: "bob".to_owned(),
        pull_requests: vec![12, 15],
        url: format!("https://github.com/acme/api/actions/runs/{run}"),
        provider: v1::Provider::GithubActions.into(),
        create_time: time(NINE),
        start_time: time(NINE),
        update_time: time(NINE),
        ..v1::Build::default()
    }
}

/// The same, ended so many seconds after its start.
pub(crate) fn ended(
    run: i64,
    attempt: i32,
    conclusion: v1::BuildConclusion,
    after: i64,
) -> v1::Build {
    let mut build = queued(run, attempt);
    build.status = v1::BuildStatus::Completed.into();
    build.conclusion = conclusion.into();
    build.update_time.as_mut().unwrap().seconds += after;
    build
}

/// A job of run 1 that ran from second to second.
pub(crate) fn job(id: i64, start: i64, end: i64) -> v1::Job {
    v1::Job {
        id,
        repository_id: 7,
        run_id: 1,
        run_attempt: 1,
        name: format!("job {id}"),
        status: v1::BuildStatus::Completed.into(),
        conclusion: v1::BuildConclusion::Success.into(),
        labels: vec!["ubuntu-latest".to_owned()],
        runner: "runner-1".to_owned(),
        create_time: time(start),
        start_time: time(start),
        end_time: time(end),
        url: format!("https://github.com/acme/api/actions/runs/1/job/{id}"),
        ..v1::Job::default()
    }
}

/// `acme/api`.
pub(crate) fn repository() -> v1::Repository {
    v1::Repository {
        id: 7,
        name: "acme/api".to_owned(),
        installation_id: 5,
        default_branch: "main".to_owned(),
        update_time: time(0),
        ..v1::Repository::default()
    }
}

pub(crate) fn report(builds: Vec<v1::Build>) -> v1::ReportRequest {
    v1::ReportRequest {
        builds,
        repositories: vec![repository()],
        source: v1::ReportSource::Webhook.into(),
        ..v1::ReportRequest::default()
    }
}

/// The fields that an `INVALID_ARGUMENT` names.
#[track_caller]
pub(crate) fn refused_fields<T: std::fmt::Debug>(answer: Result<T, Status>) -> Vec<String> {
    let status = answer.expect_err("it must be refused");
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    let details = status.get_details_bad_request();
    let violations = details.expect("it has details").field_violations;
    assert!(violations.iter().all(|v| !v.description.is_empty()));
    violations.into_iter().map(|v| v.field).collect()
}

#[track_caller]
pub(crate) fn code<T: std::fmt::Debug>(answer: Result<T, Status>) -> Code {
    answer.expect_err("it must fail").code()
}

//! Calls the server with the write key: reports in time or not at all, and what
//! must outlive the app.

use std::{sync::Arc, time::Duration};

use lampboard_proto::{
    transport::Transport,
    v1::{
        ReportRequest, ReportResponse, app_service_client::AppServiceClient,
        ingest_service_client::IngestServiceClient, ingest_service_server::IngestService,
        system_service_client::SystemServiceClient,
    },
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::{Instant, timeout_at};
use tonic::{
    Request, Response, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
};

use crate::Error;

/// How long a call may take that nobody at GitHub waits for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The way to the server.
pub struct Way {
    pub(crate) transport: Transport,
    reports: Option<Arc<dyn IngestService>>,
}

impl Way {
    /// To a server in the same process. Reports, of which there are many, are handed
    /// to it as they are: to write each one as a message and read it again was a tenth
    /// of what taking a delivery in cost.
    pub fn in_process(transport: Transport, reports: Arc<dyn IngestService>) -> Self {
        Self {
            transport,
            reports: Some(reports),
        }
    }
}

impl From<Transport> for Way {
    fn from(transport: Transport) -> Self {
        Self {
            transport,
            reports: None,
        }
    }
}

/// Calls that carry the write key.
pub(crate) type Authorized = InterceptedService<Transport, WriteKey>;

/// The services that the app calls. Clones are handles.
#[derive(Clone)]
pub(crate) struct Server {
    reports: Option<Arc<dyn IngestService>>,
    pub(crate) ingest: IngestServiceClient<Authorized>,
    pub(crate) app: AppServiceClient<Authorized>,
    pub(crate) system: SystemServiceClient<Authorized>,
}

impl Server {
    /// Connects to nothing yet.
    pub(crate) fn new(way: Way, write_key: &SecretString) -> Result<Self, Error> {
        let key = WriteKey::new(write_key)?;
        let authorized = InterceptedService::new(way.transport, key);
        Ok(Self {
            reports: way.reports,
            ingest: IngestServiceClient::new(authorized.clone()),
            app: AppServiceClient::new(authorized.clone()),
            system: SystemServiceClient::new(authorized),
        })
    }

    /// Returns once the report is durable. If it fails or the deadline passes,
    /// the report may or may not have been recorded: repeating it is harmless.
    pub(crate) async fn report(
        &self,
        report: ReportRequest,
        deadline: Instant,
    ) -> Result<ReportResponse, Status> {
        let mut request = Request::new(report);
        if let Some(reports) = &self.reports {
            return by(deadline, reports.report(request)).await;
        }
        request.set_timeout(deadline.saturating_duration_since(Instant::now()));
        // A client is a handle; calling needs one of its own.
        let mut client = self.ingest.clone();
        by(deadline, client.report(request)).await
    }
}

/// Waits for an answer, but not for ever.
pub(crate) async fn by<T>(
    deadline: Instant,
    call: impl Future<Output = Result<Response<T>, Status>>,
) -> Result<T, Status> {
    match timeout_at(deadline, call).await {
        Ok(answer) => answer.map(Response::into_inner),
        Err(_) => Err(Status::deadline_exceeded(
            "the server did not answer in time",
        )),
    }
}

/// Waits for the answer to a call that nobody at GitHub waits for.
pub(crate) async fn patiently<T>(
    call: impl Future<Output = Result<Response<T>, Status>>,
) -> Result<T, Status> {
    by(Instant::now() + PATIENCE, call).await
}

/// Puts the write key on every call.
#[derive(Clone)]
pub(crate) struct WriteKey(MetadataValue<Ascii>);

impl WriteKey {
    fn new(key: &SecretString) -> Result<Self, Error> {
        let key = key.expose_secret();
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::UnusableWriteKey);
        }
        let mut authorization = MetadataValue::try_from(format!("Bearer {key}"))
            .map_err(|_| Error::UnusableWriteKey)?;
        authorization.set_sensitive(true);
        Ok(Self(authorization))
    }
}

impl Interceptor for WriteKey {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request
            .metadata_mut()
            .insert("authorization", self.0.clone());
        Ok(request)
    }
}

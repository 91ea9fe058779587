//! Reports to the server, in time or not at all.

use lampboard_proto::{
    transport::Transport,
    v1::{ReportRequest, ReportResponse, ingest_service_client::IngestServiceClient},
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::{Instant, timeout_at};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
};

use crate::Error;

/// Calls the server with the write key.
pub(crate) struct Reporter {
    client: IngestServiceClient<Transport>,
    authorization: MetadataValue<Ascii>,
}

impl Reporter {
    /// Makes a reporter. Connects to nothing yet.
    pub(crate) fn new(transport: Transport, write_key: &SecretString) -> Result<Self, Error> {
        let write_key = write_key.expose_secret();
        if write_key.is_empty() || !write_key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::UnusableWriteKey);
        }
        let mut authorization = MetadataValue::try_from(format!("Bearer {write_key}"))
            .map_err(|_| Error::UnusableWriteKey)?;
        authorization.set_sensitive(true);
        Ok(Self {
            client: IngestServiceClient::new(transport),
            authorization,
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
        request.set_timeout(deadline.saturating_duration_since(Instant::now()));
        request
            .metadata_mut()
            .insert("authorization", self.authorization.clone());
        // A client is a handle; calling needs one of its own.
        let mut client = self.client.clone();
        match timeout_at(deadline, client.report(request)).await {
            Ok(answer) => answer.map(tonic::Response::into_inner),
            Err(_) => Err(Status::deadline_exceeded(
                "the server did not answer in time",
            )),
        }
    }
}

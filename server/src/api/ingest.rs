//! `IngestService`: takes reports in.

use lampboard_proto::v1::{
    RemoveRepositoriesRequest, RemoveRepositoriesResponse, ReportRequest, ReportResponse,
    SyncInstallationRequest, SyncInstallationResponse, ingest_service_server::IngestService,
};
use tonic::{Request, Response, Status};

use super::{
    convert::{self, Check},
    signature::Signatures,
};
use crate::{
    Server,
    model::{BuildId, Report},
    port::FromPort,
    requests::Requests,
    store::Store,
};

pub(super) struct Ingest {
    store: Store,
    requests: Requests,
    /// Knows what webhooks are signed with that come through the port.
    signatures: Option<Signatures>,
}

impl Ingest {
    pub(super) fn new(server: &Server) -> Self {
        Self {
            store: server.store.clone(),
            requests: server.requests.clone(),
            signatures: Signatures::new(&server.port.webhook_secrets),
        }
    }
}

#[tonic::async_trait]
impl IngestService for Ingest {
    async fn report(
        &self,
        request: Request<ReportRequest>,
    ) -> Result<Response<ReportResponse>, Status> {
        let is_from_port = request.extensions().get::<FromPort>().is_some();
        let request = request.into_inner();
        // Within the process it was checked a moment ago.
        if let Some(signatures) = self.signatures.as_ref().filter(|_| is_from_port) {
            signatures.require(&request).await?;
        }
        let report = Check::run(|check| convert::report(check, request))?;
        let build_ids = build_ids(&report);
        let prepared = self.store.prepare(report).await?;
        let recorded = self.store.record(prepared).await?;
        Ok(Response::new(ReportResponse {
            build_ids: build_ids.iter().map(BuildId::to_string).collect(),
            changed_count: i32::try_from(recorded.changed).unwrap_or(i32::MAX),
            delivery_known: recorded.delivery_known,
            changed_builds: recorded
                .changed_builds
                .into_iter()
                .map(convert::build_key_to_proto)
                .collect(),
        }))
    }

    async fn sync_installation(
        &self,
        request: Request<SyncInstallationRequest>,
    ) -> Result<Response<SyncInstallationResponse>, Status> {
        let request = request.into_inner();
        let sync = Check::run(|check| convert::installation_sync(check, request))?;
        self.store.sync_installation(sync).await?;
        // It may have brought repositories whose history is to be loaded.
        self.requests.wake();
        Ok(Response::new(SyncInstallationResponse {}))
    }

    async fn remove_repositories(
        &self,
        request: Request<RemoveRepositoriesRequest>,
    ) -> Result<Response<RemoveRepositoriesResponse>, Status> {
        let request = request.into_inner();
        let (installation, repositories, time) =
            Check::run(|check| convert::removed_repositories(check, request))?;
        self.store
            .remove_repositories(installation, repositories, time)
            .await?;
        Ok(Response::new(RemoveRepositoriesResponse {}))
    }
}

/// The builds that a report is about, each once, in its order.
fn build_ids(report: &Report) -> Vec<BuildId> {
    let of_builds = report.builds.iter().map(|(id, _)| *id);
    let of_jobs = report.jobs.iter().map(|job| job.build);
    let mut seen = std::collections::HashSet::new();
    of_builds
        .chain(of_jobs)
        .filter(|id| seen.insert(*id))
        .collect()
}

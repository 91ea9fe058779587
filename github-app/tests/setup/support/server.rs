//! A server that knows of backfills and of nothing else.

use std::sync::{Arc, Mutex};

use lampboard_proto::v1::{
    Backfill, BackfillStatus, CancelBackfillRequest, CancelBackfillResponse, GetSystemRequest,
    GetSystemResponse, ListBackfillsRequest, ListBackfillsResponse, ListDeliveriesRequest,
    ListDeliveriesResponse, ListInstallationsRequest, ListInstallationsResponse,
    StartBackfillRequest, StartBackfillResponse, system_service_server::SystemService,
};
use tonic::{Request, Response, Status, async_trait};

pub(crate) struct FakeServer(pub(crate) Arc<Mutex<Vec<Backfill>>>);

#[async_trait]
impl SystemService for FakeServer {
    async fn list_backfills(
        &self,
        _: Request<ListBackfillsRequest>,
    ) -> Result<Response<ListBackfillsResponse>, Status> {
        let backfills = self.0.lock().unwrap().clone();
        let is_open = |it: &&Backfill| {
            [BackfillStatus::Queued, BackfillStatus::Running].contains(&it.status())
        };
        let open_count = backfills.iter().filter(is_open).count();
        Ok(Response::new(ListBackfillsResponse {
            open_count: open_count.try_into().unwrap(),
            backfills,
        }))
    }

    async fn get_system(
        &self,
        _: Request<GetSystemRequest>,
    ) -> Result<Response<GetSystemResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn list_deliveries(
        &self,
        _: Request<ListDeliveriesRequest>,
    ) -> Result<Response<ListDeliveriesResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn list_installations(
        &self,
        _: Request<ListInstallationsRequest>,
    ) -> Result<Response<ListInstallationsResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn start_backfill(
        &self,
        _: Request<StartBackfillRequest>,
    ) -> Result<Response<StartBackfillResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn cancel_backfill(
        &self,
        _: Request<CancelBackfillRequest>,
    ) -> Result<Response<CancelBackfillResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}

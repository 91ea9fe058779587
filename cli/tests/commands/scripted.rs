//! A server whose backfills go as a test wants them to.

use std::sync::{Arc, Mutex};

use lampboard_proto::v1::{
    Backfill, BackfillStatus, CancelBackfillRequest, CancelBackfillResponse, GetSystemRequest,
    GetSystemResponse, ListBackfillsRequest, ListBackfillsResponse, ListDeliveriesRequest,
    ListDeliveriesResponse, ListInstallationsRequest, ListInstallationsResponse,
    StartBackfillRequest, StartBackfillResponse,
    system_service_server::{SystemService, SystemServiceServer},
};
use tokio::net::TcpListener;
use tonic::{Request, Response, Status, service::Routes};

/// What the server was asked to start.
pub(crate) type Started = Arc<Mutex<Vec<StartBackfillRequest>>>;

/// Every backfill is queued at first, and this whenever it is asked about.
struct Scripted {
    then: Backfill,
    started: Started,
}

/// Serves backfills that are `then` from the first look on; says where, and what
/// it was asked.
pub(crate) async fn serve(then: Backfill) -> (String, Started) {
    let started = Started::default();
    let service = Scripted {
        then,
        started: Arc::clone(&started),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Routes::new(SystemServiceServer::new(service)).into_axum_router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, started)
}

fn named(name: &str) -> Backfill {
    Backfill {
        id: format!("id of {name}"),
        repository: name.to_owned(),
        status: BackfillStatus::Queued.into(),
        ..Backfill::default()
    }
}

#[tonic::async_trait]
impl SystemService for Scripted {
    async fn start_backfill(
        &self,
        request: Request<StartBackfillRequest>,
    ) -> Result<Response<StartBackfillResponse>, Status> {
        let request = request.into_inner();
        let backfill = Some(named(&request.repository));
        self.started.lock().unwrap().push(request);
        Ok(Response::new(StartBackfillResponse { backfill }))
    }

    async fn list_backfills(
        &self,
        request: Request<ListBackfillsRequest>,
    ) -> Result<Response<ListBackfillsResponse>, Status> {
        let ids = request.into_inner().ids.into_iter();
        let backfills = ids.map(|id| {
            let name = id.strip_prefix("id of ").unwrap();
            Backfill {
                id: id.clone(),
                repository: name.to_owned(),
                ..self.then.clone()
            }
        });
        Ok(Response::new(ListBackfillsResponse {
            backfills: backfills.collect(),
            open_count: 0,
        }))
    }

    async fn get_system(
        &self,
        _: Request<GetSystemRequest>,
    ) -> Result<Response<GetSystemResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn list_deliveries(
        &self,
        _: Request<ListDeliveriesRequest>,
    ) -> Result<Response<ListDeliveriesResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn list_installations(
        &self,
        _: Request<ListInstallationsRequest>,
    ) -> Result<Response<ListInstallationsResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn cancel_backfill(
        &self,
        _: Request<CancelBackfillRequest>,
    ) -> Result<Response<CancelBackfillResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }
}

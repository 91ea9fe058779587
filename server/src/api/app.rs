//! `AppService`: keeps for the GitHub App what must outlive it.

mod stream;

use lampboard_proto::v1::{
    CloseGapsRequest, CloseGapsResponse, GetDeliveryCursorRequest, GetDeliveryCursorResponse,
    HoldInstallationsRequest, HoldInstallationsResponse, ListGapsRequest, ListGapsResponse,
    RecordMissedDeliveriesRequest, RecordMissedDeliveriesResponse, ReportStatusRequest,
    ReportStatusResponse, UpdateBackfillRequest, UpdateBackfillResponse, WatchRequestsRequest,
    app_service_server::AppService,
};
use prost::Message as _;
use tonic::{Request, Response, Status};

use super::{
    convert::{self, Check},
    page_token,
};
use crate::{
    Clock, Server,
    requests::Requests,
    store::{GapQuery, MOST_LISTED, Store},
};

const DEFAULT_GAPS: usize = 100;

pub(super) struct App {
    store: Store,
    clock: Clock,
    requests: Requests,
    feed: stream::Feed,
}

impl App {
    pub(super) fn new(server: &Server) -> Self {
        Self {
            store: server.store.clone(),
            clock: server.clock.clone(),
            requests: server.requests.clone(),
            feed: stream::Feed::new(server),
        }
    }
}

#[tonic::async_trait]
impl AppService for App {
    type WatchRequestsStream = stream::RequestStream;

    async fn hold_installations(
        &self,
        request: Request<HoldInstallationsRequest>,
    ) -> Result<Response<HoldInstallationsResponse>, Status> {
        let request = request.into_inner();
        let request = Check::run(|check| convert::hold_request(check, request))?;
        let held = self.store.hold(request).await?;
        // What it holds now may be waited for.
        self.requests.wake();
        Ok(Response::new(convert::held_to_proto(held)))
    }

    async fn watch_requests(
        &self,
        request: Request<WatchRequestsRequest>,
    ) -> Result<Response<Self::WatchRequestsStream>, Status> {
        let holder = request.into_inner().holder;
        let holder = Check::run(|check| convert::holder(check, holder))?;
        Ok(Response::new(stream::of(self.feed.of_holder(holder))))
    }

    async fn update_backfill(
        &self,
        request: Request<UpdateBackfillRequest>,
    ) -> Result<Response<UpdateBackfillResponse>, Status> {
        let request = request.into_inner();
        let update = Check::run(|check| convert::backfill_update(check, request))?;
        self.store.update_backfill(update).await?;
        // It may be over, or wait: then it is another one's turn.
        self.requests.wake();
        Ok(Response::new(UpdateBackfillResponse {}))
    }

    async fn get_delivery_cursor(
        &self,
        _: Request<GetDeliveryCursorRequest>,
    ) -> Result<Response<GetDeliveryCursorResponse>, Status> {
        let time = self.store.delivery_cursor().await?;
        Ok(Response::new(GetDeliveryCursorResponse {
            examined_until_time: time.map(convert::timestamp_to_proto),
        }))
    }

    async fn record_missed_deliveries(
        &self,
        request: Request<RecordMissedDeliveriesRequest>,
    ) -> Result<Response<RecordMissedDeliveriesResponse>, Status> {
        let request = request.into_inner();
        let read = Check::run(|check| convert::log_read(check, request))?;
        let loads_history = read.history_since.is_some();
        let added = self.store.record_missed(read).await?;
        if loads_history {
            self.requests.wake();
        }
        Ok(Response::new(RecordMissedDeliveriesResponse {
            added_count: i32::try_from(added).unwrap_or(i32::MAX),
        }))
    }

    async fn list_gaps(
        &self,
        request: Request<ListGapsRequest>,
    ) -> Result<Response<ListGapsResponse>, Status> {
        let request = request.into_inner();
        let limit = page_token::limit(request.limit, DEFAULT_GAPS, MOST_LISTED)?;
        let asked = Check::run(|check| GapQuery {
            kind: convert::gap_kind(check, request.kind),
            repositories: convert::gap_repositories(check, request.repository_ids),
            installations: convert::gap_installations(check, request.installation_ids),
            limit,
        })?;
        let gaps = self.store.gaps(asked, self.clock.now()).await?;
        Ok(Response::new(ListGapsResponse {
            gaps: gaps.into_iter().map(convert::gap_to_proto).collect(),
        }))
    }

    async fn close_gaps(
        &self,
        request: Request<CloseGapsRequest>,
    ) -> Result<Response<CloseGapsResponse>, Status> {
        let request = request.into_inner();
        let (gaps, closing) = Check::run(|check| convert::closed_gaps(check, request))?;
        self.store.close_gaps(gaps, closing).await?;
        Ok(Response::new(CloseGapsResponse {}))
    }

    async fn report_status(
        &self,
        request: Request<ReportStatusRequest>,
    ) -> Result<Response<ReportStatusResponse>, Status> {
        let request = request.into_inner();
        let (status, holder) = Check::run(|check| {
            let status = convert::app_status(check, request.status);
            (status, convert::holder(check, request.holder))
        })?;
        let status = status.encode_to_vec();
        self.store.set_app_status(status, holder).await?;
        Ok(Response::new(ReportStatusResponse {}))
    }
}

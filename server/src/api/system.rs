//! `SystemService`: says whether what is shown can be trusted, and starts backfills.

use jiff::Timestamp;
use lampboard_proto::v1::{
    AppMode, AppStatus, CancelBackfillRequest, CancelBackfillResponse, GapCount, GetSystemRequest,
    GetSystemResponse, ListBackfillsRequest, ListBackfillsResponse, ListDeliveriesRequest,
    ListDeliveriesResponse, ListInstallationsRequest, ListInstallationsResponse,
    StartBackfillRequest, StartBackfillResponse, system_service_server::SystemService,
};
use prost::Message as _;
use tonic::{Request, Response, Status};

use super::{
    convert::{self, Check},
    page_token,
};
use crate::{
    Error, Server,
    model::{DeliveryRecord, GapKind},
    store::{BackfillQuery, DeliveryPage},
};

const DEFAULT_DELIVERIES: usize = 50;
const MOST_DELIVERIES: usize = 500;
const DEFAULT_BACKFILLS: usize = 100;
const MOST_BACKFILLS: usize = 1000;

pub(super) struct System {
    server: Server,
}

impl System {
    pub(super) fn new(server: &Server) -> Self {
        Self {
            server: server.clone(),
        }
    }

    /// How the app last said it was, and when.
    async fn app(&self) -> Result<Option<(AppStatus, Timestamp)>, Error> {
        let Some((status, time)) = self.server.store.app_status().await? else {
            return Ok(None);
        };
        let status = AppStatus::decode(&status[..]).map_err(|problem| Error::Stored {
            table: "app_status",
            column: "status",
            row: "1".to_owned(),
            problem: problem.to_string(),
        })?;
        Ok(Some((status, time)))
    }

    async fn require_key(&self) -> Result<(), Error> {
        let mode = self.app().await?.map(|(status, _)| status.mode());
        match mode {
            Some(AppMode::Connected | AppMode::Polling) => Ok(()),
            Some(_) => Err(Error::Precondition(
                "the GitHub App has no key to ask GitHub with",
            )),
            None => Err(Error::Precondition(
                "the GitHub App has not told yet whether it can ask GitHub",
            )),
        }
    }

    async fn gaps(&self, now: Timestamp) -> Result<Vec<GapCount>, Error> {
        let mut gaps = Vec::new();
        for kind in GapKind::ALL {
            let count = self.server.store.gap_count(kind, now).await?;
            if count > 0 {
                let kind = convert::gap_kind_to_proto(kind).into();
                gaps.push(GapCount { kind, count });
            }
        }
        Ok(gaps)
    }
}

#[tonic::async_trait]
impl SystemService for System {
    async fn get_system(
        &self,
        _: Request<GetSystemRequest>,
    ) -> Result<Response<GetSystemResponse>, Status> {
        let Server { store, clock, .. } = &self.server;
        let now = clock.now();
        let problem = self.server.probe().await.err().map(Status::from);
        let app = self.app().await?;
        let (app, app_time) = app.unzip();
        let last = store.last_delivery_time().await?;
        let examined = store.delivery_cursor().await?;
        let counts = store.delivery_counts(now).await?;
        Ok(Response::new(GetSystemResponse {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            start_time: Some(convert::timestamp_to_proto(self.server.start_time)),
            database: store.database_name().to_owned(),
            database_problem: problem.map_or_else(String::new, |it| it.message().to_owned()),
            // That its file is gone is the problem told above.
            database_bytes: i64::try_from(store.size().await.unwrap_or(0)).unwrap_or(i64::MAX),
            stream_count: i32::try_from(self.server.live.watchers()).unwrap_or(i32::MAX),
            app,
            app_report_time: app_time.map(convert::timestamp_to_proto),
            deliveries: Some(convert::delivery_counts_to_proto(counts)),
            last_delivery_time: last.map(convert::timestamp_to_proto),
            examined_until_time: examined.map(convert::timestamp_to_proto),
            gaps: self.gaps(now).await?,
            holders: convert::holders_to_proto(store.holders(now).await?),
        }))
    }

    async fn list_deliveries(
        &self,
        request: Request<ListDeliveriesRequest>,
    ) -> Result<Response<ListDeliveriesResponse>, Status> {
        let request = request.into_inner();
        let size = page_token::page_size(request.page_size, DEFAULT_DELIVERIES, MOST_DELIVERIES)?;
        let same = ListDeliveriesRequest {
            quarantined_only: request.quarantined_only,
            ..ListDeliveriesRequest::default()
        };
        let after = match page_token::decode(&same, &request.page_token)? {
            Some(position) => Some(read_position(&position)?),
            None => None,
        };
        let page = DeliveryPage {
            after,
            size,
            quarantined_only: request.quarantined_only,
        };
        let mut deliveries = self.server.store.deliveries(page).await?;
        let more = deliveries.len() > size;
        deliveries.truncate(size);
        let last = deliveries.last().filter(|_| more);
        Ok(Response::new(ListDeliveriesResponse {
            next_page_token: last
                .map(|delivery| page_token::encode(&same, position(delivery).as_bytes()))
                .unwrap_or_default(),
            deliveries: deliveries
                .into_iter()
                .map(convert::delivery_to_proto)
                .collect(),
        }))
    }

    async fn list_installations(
        &self,
        _: Request<ListInstallationsRequest>,
    ) -> Result<Response<ListInstallationsResponse>, Status> {
        let installations = self.server.store.installations().await?;
        let installations = installations.iter();
        Ok(Response::new(ListInstallationsResponse {
            installations: installations.map(convert::installation_to_proto).collect(),
        }))
    }

    async fn list_backfills(
        &self,
        request: Request<ListBackfillsRequest>,
    ) -> Result<Response<ListBackfillsResponse>, Status> {
        let request = request.into_inner();
        let limit = page_token::limit(request.limit, DEFAULT_BACKFILLS, MOST_BACKFILLS)?;
        let ids = Check::run(|check| {
            check.each("ids", request.ids, MOST_BACKFILLS, |check, id| {
                convert::backfill_id(check, "", &id)
            })
        })?;
        let found = self
            .server
            .store
            .backfills(BackfillQuery { ids, limit })
            .await?;
        let backfills = found.backfills.iter();
        Ok(Response::new(ListBackfillsResponse {
            backfills: backfills.map(convert::backfill_to_proto).collect(),
            open_count: i32::try_from(found.open_count).unwrap_or(i32::MAX),
        }))
    }

    async fn start_backfill(
        &self,
        request: Request<StartBackfillRequest>,
    ) -> Result<Response<StartBackfillResponse>, Status> {
        let request = request.into_inner();
        let now = self.server.clock.now();
        let (name, since) = Check::run(|check| convert::history(check, request, now))?;
        self.require_key().await?;
        let backfill = self.server.store.start_backfill(name, since).await?;
        self.server.requests.wake();
        Ok(Response::new(StartBackfillResponse {
            backfill: Some(convert::backfill_to_proto(&backfill)),
        }))
    }

    async fn cancel_backfill(
        &self,
        request: Request<CancelBackfillRequest>,
    ) -> Result<Response<CancelBackfillResponse>, Status> {
        let id = request.into_inner().id;
        let id = Check::run(|check| convert::backfill_id(check, "id", &id))?;
        let backfill = self.server.store.cancel_backfill(id).await?;
        self.server.requests.wake();
        Ok(Response::new(CancelBackfillResponse {
            backfill: Some(convert::backfill_to_proto(&backfill)),
        }))
    }
}

/// Where a list goes on: behind this delivery.
fn position(delivery: &DeliveryRecord) -> String {
    let time = delivery.receive_time.as_microsecond();
    format!("{time}/{}", delivery.guid)
}

fn read_position(position: &[u8]) -> Result<(Timestamp, String), Error> {
    std::str::from_utf8(position)
        .ok()
        .and_then(|text| text.split_once('/'))
        .and_then(|(time, guid)| {
            let time = Timestamp::from_microsecond(time.parse().ok()?).ok()?;
            Some((time, guid.to_owned()))
        })
        .ok_or_else(|| Error::invalid("page_token", "must be a token of this version"))
}

//! `MetricsService`: counts and measures builds.

use jiff::tz::TimeZone;
use lampboard_proto::v1::{
    self, GetBreakdownRequest, GetBreakdownResponse, GetSummaryRequest, GetSummaryResponse,
    GetTimeSeriesRequest, GetTimeSeriesResponse, get_breakdown_response, get_time_series_response,
    metrics_service_server::MetricsService,
};
use tonic::{Request, Response, Status};

use super::{
    convert::{self, Check},
    page_token,
};
use crate::{
    Clock, Error, Server,
    model::{Filter, Periods, Summary, Window},
    store::{Dimension, Slice, Store},
};

const DEFAULT_ROWS: usize = 20;
const MOST_ROWS: usize = 1000;

pub(super) struct Metrics {
    store: Store,
    clock: Clock,
}

impl Metrics {
    pub(super) fn new(server: &Server) -> Self {
        Self {
            store: server.store.clone(),
            clock: server.clock.clone(),
        }
    }

    fn read(&self, filter: Option<v1::BuildFilter>) -> Result<(Filter, Window), Error> {
        let filter = Check::run(|check| convert::filter(check, filter))?;
        let window = Window::of(filter.end_time, self.clock.now()).ok_or_else(|| {
            let field = "filter.end_time_range.start_time";
            Error::invalid(field, "must not be after now when there is no end_time")
        })?;
        Ok((filter, window))
    }
}

#[tonic::async_trait]
impl MetricsService for Metrics {
    async fn get_summary(
        &self,
        request: Request<GetSummaryRequest>,
    ) -> Result<Response<GetSummaryResponse>, Status> {
        let (filter, window) = self.read(request.into_inner().filter)?;
        let intervals = window.with_previous();
        let asked = self.store.summaries_and_running(&filter, &intervals);
        let mut summaries = asked.await?;
        let summary = summaries.pop().unwrap_or_default();
        let previous = summaries.pop();
        Ok(Response::new(GetSummaryResponse {
            summary: Some(convert::summary_to_proto(&summary)),
            previous_summary: previous.as_ref().map(convert::summary_to_proto),
            window: Some(convert::window_to_proto(window)),
        }))
    }

    async fn get_time_series(
        &self,
        request: Request<GetTimeSeriesRequest>,
    ) -> Result<Response<GetTimeSeriesResponse>, Status> {
        let request = request.into_inner();
        let (filter, window) = self.read(request.filter)?;
        let zone = time_zone(&request.time_zone)?;
        let period = convert::duration(request.period.unwrap_or_default());
        let periods = Periods::cut(window, period, &zone)
            .map_err(|error| Error::invalid("period", error.to_string()))?;
        let starts = periods.starts();
        let intervals = periods.within(window);
        let summaries = self.store.summaries(&filter, &intervals).await?;
        let points =
            starts
                .iter()
                .zip(summaries)
                .map(|(start, summary)| get_time_series_response::Point {
                    start_time: Some(convert::timestamp_to_proto(*start)),
                    summary: Some(convert::summary_to_proto(&summary)),
                });
        Ok(Response::new(GetTimeSeriesResponse {
            points: points.collect(),
        }))
    }

    async fn get_breakdown(
        &self,
        request: Request<GetBreakdownRequest>,
    ) -> Result<Response<GetBreakdownResponse>, Status> {
        let request = request.into_inner();
        let dimension = dimension(request.dimension)?;
        let limit = page_token::limit(request.limit, DEFAULT_ROWS, MOST_ROWS)?;
        let (filter, window) = self.read(request.filter)?;
        let rows = self
            .store
            .summaries_by(&filter, &window.into(), dimension, limit)
            .await?;
        Ok(Response::new(GetBreakdownResponse {
            rows: rows.into_iter().map(row).collect(),
        }))
    }
}

fn row((slice, summary): (Slice, Summary)) -> get_breakdown_response::Row {
    get_breakdown_response::Row {
        repository: slice.repository,
        value: slice.value,
        summary: Some(convert::summary_to_proto(&summary)),
        repository_id: slice.repository_id,
        workflow_id: slice.workflow_id,
    }
}

fn dimension(dimension: i32) -> Result<Dimension, Error> {
    match v1::Dimension::try_from(dimension) {
        Ok(v1::Dimension::Repository) => Ok(Dimension::Repository),
        Ok(v1::Dimension::Workflow) => Ok(Dimension::Workflow),
        Ok(v1::Dimension::Branch) => Ok(Dimension::Branch),
        Ok(v1::Dimension::Actor) => Ok(Dimension::Actor),
        Ok(v1::Dimension::Unspecified) | Err(_) => {
            Err(Error::invalid("dimension", "must be set to a known value"))
        }
    }
}

fn time_zone(name: &str) -> Result<TimeZone, Error> {
    if name.is_empty() {
        return Ok(TimeZone::UTC);
    }
    TimeZone::get(name)
        .map_err(|_| Error::invalid("time_zone", "must be an IANA name, such as Europe/Berlin"))
}

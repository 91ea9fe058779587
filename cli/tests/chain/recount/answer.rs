//! What `MetricsService` answers, in the words of the recount.

use std::net::SocketAddr;

use lampboard_proto::v1::{
    DurationStatistics, GetBreakdownRequest, GetSummaryRequest, GetTimeSeriesRequest, Summary,
    get_breakdown_response::Row, get_time_series_response::Point,
    metrics_service_client::MetricsServiceClient,
};
use serde_json::{Map, Value, json};
use tonic::transport::{Channel, Endpoint};

use super::question::Question;

/// A connection to the numbers.
pub(super) struct Metrics(MetricsServiceClient<Channel>);

impl Metrics {
    pub(super) async fn connect(address: SocketAddr) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        Self(MetricsServiceClient::new(endpoint.connect().await.unwrap()))
    }

    /// The answers of all three methods.
    pub(super) async fn answer(&mut self, question: &Question) -> Value {
        let filter = Some(question.filter());
        let request = GetSummaryRequest {
            filter: filter.clone(),
        };
        let summed_up = self.0.get_summary(request).await.unwrap().into_inner();
        let window = summed_up.window.unwrap();
        let points = match question.start {
            Some(_) => self.points(question).await,
            None => Value::Null,
        };
        let request = GetBreakdownRequest {
            filter,
            dimension: question.dimension().into(),
            limit: question.limit,
        };
        let broken_down = self.0.get_breakdown(request).await.unwrap().into_inner();
        json!({
            "summary": summary(&summed_up.summary.unwrap()),
            "previous_summary": summed_up.previous_summary.as_ref().map(summary),
            "window": [window.start_time.map(micros), window.end_time.map(micros)],
            "points": points,
            "rows": broken_down.rows.into_iter().map(row).collect::<Vec<_>>(),
        })
    }

    async fn points(&mut self, question: &Question) -> Value {
        let request = GetTimeSeriesRequest {
            filter: Some(question.filter()),
            period: Some(prost_types::Duration {
                seconds: question.period_seconds,
                nanos: 0,
            }),
            time_zone: question.time_zone.to_owned(),
        };
        let series = self.0.get_time_series(request).await.unwrap().into_inner();
        series.points.into_iter().map(point).collect()
    }
}

fn point(point: Point) -> Value {
    json!({
        "start_time": point.start_time.map(micros),
        "summary": summary(&point.summary.unwrap()),
    })
}

fn row(row: Row) -> Value {
    json!({
        "repository": row.repository,
        "value": row.value,
        "repository_id": row.repository_id,
        "workflow_id": row.workflow_id,
        "summary": summary(&row.summary.unwrap()),
    })
}

fn summary(summary: &Summary) -> Value {
    // The shortest text that is the same number, as Python has it: readers of JSON may round.
    let rate = |rate: Option<f64>| rate.map(|rate| format!("{rate:?}"));
    let mut conclusions = Map::new();
    for count in &summary.conclusion_counts {
        let name = count.conclusion().as_str_name();
        let word = name.strip_prefix("BUILD_CONCLUSION_").unwrap();
        let known = conclusions.insert(word.to_lowercase(), count.count.into());
        assert_eq!(known, None, "{word} is counted twice");
    }
    json!({
        "build_count": summary.build_count,
        "success_count": summary.success_count,
        "failure_count": summary.failure_count,
        "running_count": summary.running_count,
        "replaced_count": summary.replaced_count,
        "success_rate": rate(summary.success_rate),
        "first_try_success_count": summary.first_try_success_count,
        "first_try_failure_count": summary.first_try_failure_count,
        "first_try_rate": rate(summary.first_try_rate),
        "wall_duration": statistics(summary.wall_duration.as_ref()),
        "queue_duration": statistics(summary.queue_duration.as_ref()),
        "run_duration": statistics(summary.run_duration.as_ref()),
        "conclusion_counts": conclusions,
    })
}

fn statistics(statistics: Option<&DurationStatistics>) -> Value {
    let statistics = statistics.unwrap();
    json!({
        "count": statistics.count,
        "mean": statistics.mean.map(nanos),
        "p50": statistics.p50.map(nanos),
        "p95": statistics.p95.map(nanos),
    })
}

fn nanos(duration: prost_types::Duration) -> i64 {
    duration.seconds * 1_000_000_000 + i64::from(duration.nanos)
}

fn micros(time: prost_types::Timestamp) -> i64 {
    assert_eq!(time.nanos % 1000, 0, "{time:?}");
    time.seconds * 1_000_000 + i64::from(time.nanos / 1000)
}

//! `MetricsService`: the numbers, as they are published.

use lampboard_proto::v1::{
    self, BuildConclusion, BuildFilter, Dimension, GetBreakdownRequest, GetTimeSeriesRequest,
    Summary,
};

use crate::support::{
    NOON, TestServer, ended, job, queued, range, refused_fields, report, seconds, time,
};

use BuildConclusion::{Cancelled, Failure, Success, TimedOut};

const NINE: i64 = 9 * 60 * 60;

/// Seven runs: two successes, a failure, one that timed out, one cancelled, one
/// still running, and one that failed and was re-run.
async fn history() -> TestServer {
    let server = TestServer::start().await;
    let on_branch = v1::Build {
        branch: "next".to_owned(),
        triggering_actor: "eve".to_owned(),
        ..ended(3, 1, Failure, 300)
    };
    let builds = vec![
        ended(1, 1, Success, 60),
        ended(2, 1, Success, 120),
        on_branch,
        ended(4, 1, TimedOut, 3_600),
        ended(5, 1, Cancelled, 5),
        queued(6, 1),
        ended(7, 1, Failure, 30),
        ended(7, 2, Success, 90),
    ];
    let mut request = report(builds);
    request.jobs = vec![job(11, NINE + 10, NINE + 60)];
    server.send(request).await.unwrap();
    server
}

#[tokio::test]
async fn a_summary_counts_by_the_published_definitions() {
    let server = history().await;
    let answer = server.summary(BuildFilter::default()).await;
    let week = 7 * 24 * 60 * 60;
    assert_eq!(answer.window, range(Some(NOON - week), Some(NOON)));
    let summary = answer.summary.unwrap();
    let statistics = |count, mean, p50, p95| {
        Some(v1::DurationStatistics {
            count,
            mean: seconds(mean),
            p50: seconds(p50),
            p95: seconds(p95),
        })
    };
    let count = |conclusion: BuildConclusion, count| v1::ConclusionCount {
        conclusion: conclusion.into(),
        count,
    };
    let mut counts = summary.conclusion_counts.clone();
    counts.sort_by_key(|count| count.conclusion);
    assert_eq!(
        counts,
        [
            count(Success, 3),
            count(Failure, 1),
            count(Cancelled, 1),
            count(TimedOut, 1),
        ]
    );
    let expected = Summary {
        build_count: 6,
        success_count: 3,
        failure_count: 2,
        running_count: 1,
        replaced_count: 1,
        success_rate: Some(0.6),
        first_try_success_count: 2,
        first_try_failure_count: 3,
        first_try_rate: Some(0.4),
        wall_duration: statistics(5, 834, 120, 3_600),
        queue_duration: statistics(1, 10, 10, 10),
        run_duration: statistics(1, 50, 50, 50),
        conclusion_counts: summary.conclusion_counts.clone(),
    };
    assert_eq!(summary, expected);
    let before = answer.previous_summary.unwrap();
    assert_eq!((before.build_count, before.running_count), (0, 0));
    assert_eq!(before.success_rate, None, "no data is not zero");
    assert_eq!(
        before.wall_duration,
        Some(v1::DurationStatistics::default())
    );
}

#[tokio::test]
async fn a_window_is_compared_with_the_one_before() {
    let server = history().await;
    let window = range(Some(NINE + 100), Some(NINE + 200));
    let filter = BuildFilter {
        end_time_range: window,
        ..BuildFilter::default()
    };
    let answer = server.summary(filter).await;
    assert_eq!(answer.window, window);
    let (summary, before) = (answer.summary.unwrap(), answer.previous_summary.unwrap());
    assert_eq!(summary.build_count, 1, "run 2");
    assert_eq!(summary.running_count, 1, "not bound to the window");
    assert_eq!(before.build_count, 3, "runs 1, 5 and 7");
    assert_eq!((before.replaced_count, before.running_count), (1, 0));

    let without_start = BuildFilter {
        end_time_range: range(None, Some(NINE + 100)),
        ..BuildFilter::default()
    };
    let answer = server.summary(without_start).await;
    assert_eq!(answer.previous_summary, None);
    assert_eq!(answer.summary.unwrap().build_count, 3);
}

#[tokio::test]
async fn a_window_does_not_start_after_now() {
    let server = TestServer::start().await;
    let filter = BuildFilter {
        end_time_range: range(Some(NOON + 1), None),
        ..BuildFilter::default()
    };
    let request = GetBreakdownRequest {
        filter: Some(filter),
        dimension: Dimension::Actor.into(),
        limit: 0,
    };
    let answer = server.metrics().get_breakdown(request).await;
    let fields = refused_fields(answer);
    assert_eq!(fields, ["filter.end_time_range.start_time"]);
}

#[tokio::test]
async fn a_fraction_before_1970_is_written_forwards() {
    let server = TestServer::start().await;
    let early = prost_types::Timestamp {
        seconds: -2,
        nanos: 250_000_000,
    };
    let filter = BuildFilter {
        end_time_range: Some(v1::TimeRange {
            start_time: Some(early),
            end_time: time(0),
        }),
        ..BuildFilter::default()
    };
    let window = server.summary(filter).await.window.unwrap();
    assert_eq!(window.start_time, Some(early));
}

fn series(start: i64, end: i64, period: i64, zone: &str) -> GetTimeSeriesRequest {
    GetTimeSeriesRequest {
        filter: Some(BuildFilter {
            end_time_range: range(Some(start), Some(end)),
            ..BuildFilter::default()
        }),
        period: seconds(period),
        time_zone: zone.to_owned(),
    }
}

#[tokio::test]
async fn a_time_series_sums_up_to_the_summary() {
    let server = history().await;
    let request = series(NINE + 1, NINE + 3_700, 60, "");
    let filter = request.filter.clone().unwrap();
    let summary = server.summary(filter).await.summary.unwrap();
    let answer = server.metrics().get_time_series(request).await.unwrap();
    let points = answer.into_inner().points;
    assert_eq!(points.len(), 62);
    for (place, point) in (0..).zip(&points) {
        assert_eq!(point.start_time, time(NINE + place * 60));
    }
    let sum = |number: fn(&Summary) -> i32| -> i32 {
        let summaries = points.iter().filter_map(|point| point.summary.as_ref());
        summaries.map(number).sum()
    };
    assert_eq!(sum(|s| s.build_count), summary.build_count);
    assert_eq!(sum(|s| s.success_count), summary.success_count);
    assert_eq!(sum(|s| s.failure_count), summary.failure_count);
    assert_eq!(sum(|s| s.replaced_count), summary.replaced_count);
    assert_eq!(sum(|s| s.running_count), 0);
    assert_eq!(points[1].summary.as_ref().unwrap().build_count, 2);
}

#[tokio::test]
async fn days_start_at_the_midnights_of_the_zone() {
    let server = history().await;
    let day = 24 * 60 * 60;
    let request = series(0, day, day, "Asia/Kolkata");
    let answer = server.metrics().get_time_series(request).await.unwrap();
    let points = answer.into_inner().points;
    let half_past_five = 5 * 3_600 + 1_800;
    let starts: Vec<_> = points.iter().map(|point| point.start_time).collect();
    assert_eq!(starts, [time(-half_past_five), time(day - half_past_five)]);
    assert_eq!(points[0].summary.as_ref().unwrap().build_count, 6);
}

#[tokio::test]
async fn what_can_not_be_cut_is_refused() {
    let server = TestServer::start().await;
    let long = 10 * 366 * 24 * 3_600;
    let mut endless = series(0, 100, 60, "");
    endless.filter.as_mut().unwrap().end_time_range = range(None, Some(5));
    let bad = [
        ("period", series(0, 100, 0, "")),
        ("period", series(0, 100, -60, "")),
        ("period", series(0, 100, i64::MIN, "")),
        ("period", series(0, 100, i64::MAX, "")),
        ("period", series(0, 100, 36 * 3_600, "")),
        ("period", series(0, long, 60, "")),
        ("period", endless),
        ("time_zone", series(0, 100, 60, "Mars/Olympus")),
        ("time_zone", series(0, 100, 60, "../../etc/passwd")),
    ];
    for (field, request) in bad {
        let answer = server.metrics().get_time_series(request).await;
        assert_eq!(refused_fields(answer), [field]);
    }
    let unset = GetTimeSeriesRequest {
        period: None,
        ..series(0, 100, 60, "")
    };
    let answer = server.metrics().get_time_series(unset).await;
    assert_eq!(refused_fields(answer), ["period"]);
}

#[tokio::test]
async fn windows_at_the_ends_of_time_are_answered() {
    let server = history().await;
    let all = |zone: &str| {
        let first = prost_types::Timestamp {
            seconds: -62_135_596_800,
            nanos: 0,
        };
        let last = prost_types::Timestamp {
            seconds: 253_402_207_200,
            nanos: 0,
        };
        let mut request = series(0, 1, 366 * 24 * 3_600, zone);
        request.filter.as_mut().unwrap().end_time_range = Some(v1::TimeRange {
            start_time: Some(first),
            end_time: Some(last),
        });
        request
    };
    let filter = all("").filter.unwrap();
    let summary = server.summary(filter).await.summary.unwrap();
    assert_eq!(summary.build_count, 6);
    for zone in ["", "Pacific/Kiritimati", "America/New_York"] {
        let answer = server.metrics().get_time_series(all(zone)).await;
        assert_eq!(refused_fields(answer), ["period"], "too many: {zone}");
    }
}

async fn breakdown(server: &TestServer, by: Dimension, limit: i32) -> Vec<(String, String, i32)> {
    let request = GetBreakdownRequest {
        filter: None,
        dimension: by.into(),
        limit,
    };
    let answer = server.metrics().get_breakdown(request).await.unwrap();
    let rows = answer.into_inner().rows.into_iter();
    rows.map(|row| {
        let builds = row.summary.expect("always set").build_count;
        (row.repository, row.value, builds)
    })
    .collect()
}

#[tokio::test]
async fn a_breakdown_tells_builds_apart() {
    let server = history().await;
    let mut of_fork = ended(8, 1, Success, 40);
    of_fork.head_repository = "eve/api".to_owned();
    server.report(vec![of_fork]).await;
    let row =
        |repository: &str, value: &str, builds| (repository.to_owned(), value.to_owned(), builds);
    let api = "acme/api";
    assert_eq!(
        breakdown(&server, Dimension::Repository, 0).await,
        [row(api, "", 7)]
    );
    assert_eq!(
        breakdown(&server, Dimension::Workflow, 0).await,
        [row(api, "CI", 7)]
    );
    assert_eq!(
        breakdown(&server, Dimension::Branch, 0).await,
        [
            row(api, "main", 5),
            row(api, "next", 1),
            row(api, "eve/api:main", 1),
        ],
        "most failures first, then most builds, then by name"
    );
    assert_eq!(
        breakdown(&server, Dimension::Actor, 0).await,
        [row("", "bob", 6), row("", "eve", 1)]
    );
    assert_eq!(
        breakdown(&server, Dimension::Actor, 1).await,
        [row("", "bob", 6)]
    );
}

#[tokio::test]
async fn workflows_of_one_name_are_told_apart() {
    let server = TestServer::start().await;
    let mut other = ended(2, 1, Failure, 60);
    other.workflow_id = 4;
    server.report(vec![ended(1, 1, Success, 60), other]).await;
    let request = GetBreakdownRequest {
        filter: None,
        dimension: Dimension::Workflow.into(),
        limit: 0,
    };
    let answer = server.metrics().get_breakdown(request).await.unwrap();
    let rows = answer.into_inner().rows;
    let rows: Vec<_> = rows
        .iter()
        .map(|row| (row.repository_id, row.workflow_id, row.value.as_str()))
        .collect();
    assert_eq!(rows, [(7, 4, "CI"), (7, 3, "CI")]);
}

#[tokio::test]
async fn a_bad_breakdown_is_refused() {
    let server = TestServer::start().await;
    let request = |dimension, limit| GetBreakdownRequest {
        filter: None,
        dimension,
        limit,
    };
    for (field, request) in [
        ("dimension", request(0, 0)),
        ("dimension", request(99, 0)),
        ("limit", request(1, -1)),
    ] {
        let answer = server.metrics().get_breakdown(request).await;
        assert_eq!(refused_fields(answer), [field]);
    }
}

//! `AppService`: what outlives the app, beside backfills.

use bytes::Bytes;
use lampboard_proto::v1::{
    self, AppMode, BuildConclusion, BuildKey, CloseGapsRequest, Delivery, Gap, GapClosing, GapKind,
    GetDeliveryCursorRequest, HoldInstallationsRequest, ListGapsRequest, MissedDelivery,
    RecordMissedDeliveriesRequest, ReportSource, ReportStatusRequest,
    app_service_client::AppServiceClient,
};
use tonic::{Code, Status};

use crate::support::{NOON, TestServer, code, ended, queued, refused_fields, report, time};

async fn gaps(server: &TestServer, kind: GapKind) -> Vec<Gap> {
    let request = ListGapsRequest {
        kind: kind.into(),
        ..ListGapsRequest::default()
    };
    let answer = server.app().list_gaps(request).await.unwrap();
    answer.into_inner().gaps
}

async fn close(server: &TestServer, gaps: Vec<Gap>, closing: GapClosing) -> Result<(), Status> {
    let request = CloseGapsRequest {
        gaps,
        closing: closing.into(),
    };
    server.app().close_gaps(request).await.map(drop)
}

fn missed(guid: &str) -> MissedDelivery {
    MissedDelivery {
        guid: guid.to_owned(),
        delivery_id: 12,
        event: "workflow_run".to_owned(),
        action: "completed".to_owned(),
        repository_id: 7,
        installation_id: 5,
        deliver_time: time(100),
        problem: "timed out".to_owned(),
    }
}

async fn record(
    server: &TestServer,
    deliveries: Vec<MissedDelivery>,
    until: Option<i64>,
) -> Result<i32, Status> {
    let request = RecordMissedDeliveriesRequest {
        deliveries,
        examined_until_time: until.and_then(time),
        ..RecordMissedDeliveriesRequest::default()
    };
    let answer = server.app().record_missed_deliveries(request).await;
    answer.map(|answer| answer.into_inner().added_count)
}

/// Takes a delivery in.
async fn take(server: &TestServer, guid: &str, source: ReportSource) {
    let mut request = report(vec![queued(1, 1)]);
    request.source = source.into();
    request.delivery = Some(Delivery {
        guid: guid.to_owned(),
        event: "workflow_run".to_owned(),
        receive_time: time(NOON),
        payload: Bytes::from_static(b"{}"),
        ..Delivery::default()
    });
    server.send(request).await.unwrap();
}

#[tokio::test]
async fn all_of_it_needs_the_write_key() {
    let server = TestServer::start().await;
    let mut stranger = AppServiceClient::new(server.transport());
    let cursor = stranger
        .get_delivery_cursor(GetDeliveryCursorRequest {})
        .await;
    assert_eq!(code(cursor), Code::Unauthenticated);
    let status = ReportStatusRequest::default();
    assert_eq!(
        code(stranger.report_status(status).await),
        Code::Unauthenticated
    );
    let watch = stranger
        .watch_requests(v1::WatchRequestsRequest::default())
        .await;
    assert_eq!(code(watch.map(drop)), Code::Unauthenticated);
    let hold = stranger.hold_installations(HoldInstallationsRequest::default());
    assert_eq!(code(hold.await), Code::Unauthenticated);
}

#[tokio::test]
async fn what_is_held_is_shown_to_everybody() {
    let server = TestServer::start().await;
    let request = HoldInstallationsRequest {
        holder: "one".to_owned(),
        ask_installation_ids: vec![5, 5],
        ..HoldInstallationsRequest::default()
    };
    let held = server.app().hold_installations(request).await.unwrap();
    let held = held.into_inner();
    assert_eq!(held.hold_time.map(|it| it.seconds), Some(25));
    let told = held.installations.iter();
    let told: Vec<_> = told.map(|it| (it.installation_id, it.number)).collect();
    assert_eq!(told, [(0, 1), (5, 1)]);
    assert_eq!(held.installations[1].ask_time, time(NOON));
    let system = server.system().get_system(v1::GetSystemRequest {}).await;
    let expected = v1::AppHolder {
        name: "one".to_owned(),
        installation_ids: vec![5],
        whole_app: true,
    };
    assert_eq!(system.unwrap().into_inner().holders, [expected]);

    let bad = HoldInstallationsRequest {
        ask_installation_ids: vec![5, 0],
        ..HoldInstallationsRequest::default()
    };
    let fields = refused_fields(server.app().hold_installations(bad).await);
    assert_eq!(fields, ["holder", "ask_installation_ids[1]"]);
}

#[tokio::test]
async fn gaps_of_builds_are_told_and_closed() {
    let server = TestServer::start().await;
    server
        .report(vec![
            ended(1, 2, BuildConclusion::Failure, 60),
            queued(2, 1),
        ])
        .await;
    let key = |run_id, run_attempt| {
        Some(BuildKey {
            repository_id: 7,
            run_id,
            run_attempt,
        })
    };
    let expected = [
        (GapKind::Attempt, key(1, 1)),
        (GapKind::Jobs, key(1, 2)),
        (GapKind::End, key(2, 1)),
    ];
    for (kind, build) in expected {
        let found = gaps(&server, kind).await;
        assert_eq!(found.len(), 1, "{kind:?}");
        assert_eq!((found[0].kind(), found[0].build), (kind, build));
        assert_eq!(found[0].repository, "acme/api");
        assert_eq!(found[0].installation_id, 5);
        assert_eq!(found[0].delivery, None);
        let name = Gap {
            kind: kind.into(),
            build,
            ..Gap::default()
        };
        close(&server, vec![name], GapClosing::Lost).await.unwrap();
        assert_eq!(gaps(&server, kind).await, [], "{kind:?}");
    }
}

#[tokio::test]
async fn a_missed_delivery_is_a_gap_until_it_is_taken_in() {
    let server = TestServer::start().await;
    take(&server, "known", ReportSource::Webhook).await;
    let all = ["known", "a", "b"].map(missed).to_vec();
    assert_eq!(record(&server, all.clone(), Some(200)).await.unwrap(), 2);
    assert_eq!(record(&server, all, Some(150)).await.unwrap(), 0);
    let found = gaps(&server, GapKind::Delivery).await;
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].delivery, Some(missed("a")));
    assert_eq!(found[0].time, time(100));
    assert_eq!(
        (found[0].repository.as_str(), found[0].installation_id),
        ("acme/api", 5)
    );

    take(&server, "a", ReportSource::Reconcile).await;
    take(&server, "b", ReportSource::Webhook).await;
    assert_eq!(gaps(&server, GapKind::Delivery).await, []);
    let again = ["a", "b"].map(missed).to_vec();
    assert_eq!(record(&server, again, None).await.unwrap(), 0);
    assert_eq!(gaps(&server, GapKind::Delivery).await, []);

    let mut app = server.app();
    let cursor = app.get_delivery_cursor(GetDeliveryCursorRequest {});
    let cursor = cursor.await.unwrap().into_inner();
    assert_eq!(cursor.examined_until_time, time(200), "it never goes back");
}

#[tokio::test]
async fn the_cursor_is_unset_until_something_was_examined() {
    let server = TestServer::start().await;
    record(&server, vec![missed("a")], None).await.unwrap();
    let mut app = server.app();
    let cursor = app.get_delivery_cursor(GetDeliveryCursorRequest {});
    assert_eq!(cursor.await.unwrap().into_inner().examined_until_time, None);
}

#[tokio::test]
async fn bad_gaps_and_deliveries_are_refused() {
    let server = TestServer::start().await;
    let list = async |request| refused_fields(server.app().list_gaps(request).await);
    assert_eq!(list(ListGapsRequest::default()).await, ["kind"]);
    let bad = ListGapsRequest {
        kind: GapKind::Jobs.into(),
        repository_ids: vec![7, -1],
        ..ListGapsRequest::default()
    };
    assert_eq!(list(bad.clone()).await, ["repository_ids[1]"]);
    assert_eq!(list(ListGapsRequest { limit: -1, ..bad }).await, ["limit"]);

    let nameless = Gap {
        kind: GapKind::Delivery.into(),
        ..Gap::default()
    };
    let keyless = Gap {
        kind: GapKind::End.into(),
        ..Gap::default()
    };
    let fields = close(&server, vec![nameless, keyless], GapClosing::Unspecified).await;
    let expected = [
        "closing",
        "gaps[0].delivery.guid",
        "gaps[1].build.run_id",
        "gaps[1].build.run_attempt",
        "gaps[1].build.repository_id",
    ];
    assert_eq!(refused_fields(fields), expected);
    let many = close(&server, vec![Gap::default(); 1001], GapClosing::Lost).await;
    assert_eq!(refused_fields(many), ["gaps"]);

    let empty = record(&server, vec![MissedDelivery::default()], None).await;
    let expected = ["guid", "delivery_id", "deliver_time"];
    assert_eq!(
        refused_fields(empty),
        expected.map(|field| format!("deliveries[0].{field}"))
    );
    let many = record(&server, vec![missed("a"); 10_001], None).await;
    assert_eq!(refused_fields(many), ["deliveries"]);
    let most = (0..10_000).map(|n| missed(&format!("{n:0100}")));
    assert_eq!(record(&server, most.collect(), None).await.unwrap(), 10_000);
}

#[tokio::test]
async fn a_bad_status_is_refused() {
    let server = TestServer::start().await;
    let mut app = server.app();
    let fields = refused_fields(app.report_status(ReportStatusRequest::default()).await);
    assert_eq!(fields, ["status.mode"]);
    let status = v1::AppStatus {
        mode: AppMode::Connected.into(),
        app_slug: "a".repeat(256),
        problems: vec!["p".repeat(1001)],
        ..v1::AppStatus::default()
    };
    let request = ReportStatusRequest {
        status: Some(status),
        holder: String::new(),
    };
    let fields = refused_fields(app.report_status(request).await);
    assert_eq!(fields, ["status.app_slug", "status.problems[0]"]);
}

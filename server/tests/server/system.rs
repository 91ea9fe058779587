//! `SystemService`: whether what is shown can be trusted.

use bytes::Bytes;
use lampboard_proto::v1::{
    self, AppMode, AppStatus, BuildConclusion, CloseGapsRequest, Delivery, DeliveryCounts,
    DeliveryRecord, Gap, GapClosing, GapCount, GapKind, GetSystemRequest, GetSystemResponse,
    ListDeliveriesRequest, ListInstallationsRequest, MissedDelivery, RecordMissedDeliveriesRequest,
    ReportSource, ReportStatusRequest, WatchBuildsRequest,
};
use tonic::Status;

use crate::support::{NOON, TestServer, ended, queued, refused_fields, report, sync, time};

const DAY: i64 = 24 * 60 * 60;

async fn system(server: &TestServer) -> GetSystemResponse {
    let answer = server.system().get_system(GetSystemRequest {}).await;
    answer.unwrap().into_inner()
}

fn delivery(guid: &str, second: i64) -> Delivery {
    Delivery {
        guid: guid.to_owned(),
        event: "workflow_run".to_owned(),
        action: "completed".to_owned(),
        receive_time: time(second),
        payload: Bytes::from_static(b"{}"),
        ..Delivery::default()
    }
}

async fn take(server: &TestServer, delivery: Delivery, source: ReportSource) {
    let mut request = report(vec![queued(1, 1)]);
    request.source = source.into();
    request.delivery = Some(delivery);
    server.send(request).await.unwrap();
}

async fn miss(server: &TestServer, guids: &[&str], until: i64) {
    let missed = |guid: &&str| MissedDelivery {
        guid: (*guid).to_owned(),
        delivery_id: 1,
        deliver_time: time(100),
        ..MissedDelivery::default()
    };
    let request = RecordMissedDeliveriesRequest {
        deliveries: guids.iter().map(missed).collect(),
        examined_until_time: time(until),
        ..RecordMissedDeliveriesRequest::default()
    };
    server
        .app()
        .record_missed_deliveries(request)
        .await
        .unwrap();
}

async fn close(server: &TestServer, guid: &str, closing: GapClosing) {
    let delivery = MissedDelivery {
        guid: guid.to_owned(),
        ..MissedDelivery::default()
    };
    let gap = Gap {
        kind: GapKind::Delivery.into(),
        delivery: Some(delivery),
        ..Gap::default()
    };
    let request = CloseGapsRequest {
        gaps: vec![gap],
        closing: closing.into(),
    };
    server.app().close_gaps(request).await.unwrap();
}

#[tokio::test]
async fn a_new_server_says_what_it_is() {
    let server = TestServer::start().await;
    server.set_time(NOON + 5);
    let told = system(&server).await;
    assert_eq!(told.version, env!("CARGO_PKG_VERSION"));
    assert_eq!(told.start_time, time(NOON));
    assert_eq!(told.database, "SQLite");
    assert_eq!(told.database_problem, "");
    assert!(told.database_bytes > 4096, "{}", told.database_bytes);
    assert_eq!(told.deliveries, Some(DeliveryCounts::default()));
    let unknown = (told.app, told.app_report_time, told.last_delivery_time);
    assert_eq!(unknown, (None, None, None));
    assert_eq!((told.examined_until_time, told.gaps), (None, vec![]));
    assert_eq!(told.stream_count, 0);

    let mut builds = server.builds();
    let watch = builds.watch_builds(WatchBuildsRequest::default());
    let watch = watch.await.unwrap();
    assert_eq!(system(&server).await.stream_count, 1);
    drop(watch);
}

#[tokio::test]
async fn the_apps_last_word_counts() {
    let server = TestServer::start().await;
    server.report_mode(AppMode::Setup).await;
    server.set_time(NOON + 60);
    let status = AppStatus {
        mode: AppMode::Connected.into(),
        app_slug: "lampboard".to_owned(),
        budgets: vec![v1::RequestBudget {
            installation_id: 5,
            limit: 5000,
            remaining: 4321,
            reset_time: time(NOON + 600),
            ..v1::RequestBudget::default()
        }],
        last_round: Some(v1::ReconcileRound {
            request_count: 12,
            ..v1::ReconcileRound::default()
        }),
        ..AppStatus::default()
    };
    let request = ReportStatusRequest {
        status: Some(status.clone()),
        holder: String::new(),
    };
    server.app().report_status(request).await.unwrap();
    let told = system(&server).await;
    assert_eq!(told.app, Some(status));
    assert_eq!(told.app_report_time, time(NOON + 60));
}

#[tokio::test]
async fn deliveries_of_the_last_day_are_counted() {
    let server = TestServer::start().await;
    take(
        &server,
        delivery("old", NOON - DAY - 1),
        ReportSource::Webhook,
    )
    .await;
    take(&server, delivery("a", NOON - DAY), ReportSource::Webhook).await;
    take(&server, delivery("b", 10), ReportSource::Webhook).await;
    take(&server, delivery("b", 20), ReportSource::Webhook).await;
    let odd = Delivery {
        problem: "no workflow_run in it".to_owned(),
        ..delivery("c", 30)
    };
    take(&server, odd, ReportSource::Webhook).await;
    miss(&server, &["d", "e", "f", "g"], 300).await;
    take(&server, delivery("d", 40), ReportSource::Reconcile).await;
    take(&server, delivery("e", 25), ReportSource::Webhook).await;
    close(&server, "f", GapClosing::Learnt).await;
    close(&server, "g", GapClosing::Lost).await;
    let told = system(&server).await;
    let expected = DeliveryCounts {
        received: 4,
        recovered: 1,
        repetitions: 1,
        quarantined: 1,
        learnt: 1,
        lost: 1,
    };
    assert_eq!(told.deliveries, Some(expected));
    assert_eq!(told.last_delivery_time, time(40));
    assert_eq!(told.examined_until_time, time(300));
    server.set_time(NOON + DAY + 1);
    let later = system(&server).await.deliveries.unwrap();
    assert_eq!((later.learnt, later.lost), (0, 0));
}

#[tokio::test]
async fn gaps_are_counted_by_kind() {
    let server = TestServer::start().await;
    server
        .report(vec![
            ended(1, 3, BuildConclusion::Failure, 60),
            ended(2, 1, BuildConclusion::Success, 60),
        ])
        .await;
    miss(&server, &["a"], 300).await;
    let of = |kind: GapKind, count| GapCount {
        kind: kind.into(),
        count,
    };
    let expected = [
        of(GapKind::Attempt, 2),
        of(GapKind::Jobs, 2),
        of(GapKind::Delivery, 1),
    ];
    assert_eq!(system(&server).await.gaps, expected);
}

#[tokio::test]
async fn a_database_that_can_not_be_written_is_told() {
    let server = TestServer::start().await;
    server
        .sabotage("ALTER TABLE write_probe RENAME TO elsewhere")
        .await;
    let told = system(&server).await;
    assert_eq!(told.database_problem, "the database can not be reached");
}

async fn page(
    server: &TestServer,
    request: ListDeliveriesRequest,
) -> Result<(Vec<DeliveryRecord>, String), Status> {
    let answer = server.system().list_deliveries(request).await?;
    let answer = answer.into_inner();
    Ok((answer.deliveries, answer.next_page_token))
}

#[tokio::test]
async fn deliveries_are_listed_page_by_page() {
    let server = TestServer::start().await;
    for (guid, second) in [("a", 10), ("b", 30), ("c", 20), ("d", 30), ("e", 5)] {
        take(&server, delivery(guid, second), ReportSource::Webhook).await;
    }
    let mut request = ListDeliveriesRequest {
        page_size: 2,
        ..ListDeliveriesRequest::default()
    };
    let mut pages = Vec::new();
    loop {
        let (deliveries, token) = page(&server, request.clone()).await.unwrap();
        let guids = deliveries.into_iter().map(|it| it.guid);
        pages.push(guids.collect::<Vec<_>>().concat());
        if token.is_empty() {
            break;
        }
        request.page_token = token;
    }
    assert_eq!(pages, ["db", "ca", "e"]);

    let other = ListDeliveriesRequest {
        quarantined_only: true,
        ..request.clone()
    };
    assert_eq!(refused_fields(page(&server, other).await), ["page_token"]);
    request.page_token = String::new();
    request.page_size = -1;
    assert_eq!(refused_fields(page(&server, request).await), ["page_size"]);
}

#[tokio::test]
async fn a_delivery_is_told_with_all_that_became_of_it() {
    let server = TestServer::start().await;
    let odd = Delivery {
        problem: "no workflow_run in it".to_owned(),
        ..delivery("b", 20)
    };
    take(&server, delivery("a", 10), ReportSource::Reconcile).await;
    let other = Delivery {
        payload: Bytes::from_static(b"other"),
        ..delivery("a", 40)
    };
    take(&server, other, ReportSource::Webhook).await;
    take(&server, odd, ReportSource::Webhook).await;
    let all = page(&server, ListDeliveriesRequest::default()).await;
    let (all, _) = all.unwrap();
    let expected = DeliveryRecord {
        guid: "a".to_owned(),
        event: "workflow_run".to_owned(),
        action: "completed".to_owned(),
        repository: "acme/api".to_owned(),
        receive_time: time(10),
        recovered: true,
        receive_count: 2,
        conflict_count: 1,
        problem: String::new(),
    };
    assert_eq!((all.len(), &all[1]), (2, &expected));
    let quarantined = ListDeliveriesRequest {
        quarantined_only: true,
        ..ListDeliveriesRequest::default()
    };
    let (quarantined, _) = page(&server, quarantined).await.unwrap();
    assert_eq!(quarantined, all[..1]);
    assert_eq!(quarantined[0].problem, "no workflow_run in it");

    server.sync(50, &[]).await;
    let (all, _) = page(&server, ListDeliveriesRequest::default())
        .await
        .unwrap();
    assert_eq!(all[1].repository, "", "nobody sees it any more");
}

#[tokio::test]
async fn installations_come_back_field_by_field() {
    let server = TestServer::start().await;
    let mut request = sync(10, &[7, 8]);
    let installation = request.installation.as_mut().unwrap();
    installation.account_id = 77;
    installation.all_repositories = true;
    installation.missing_permissions = vec!["actions: read".to_owned()];
    installation.url = "https://github.com/organizations/acme/settings/installations/5".to_owned();
    let expected = v1::InstallationSummary {
        installation: request.installation.clone(),
        repository_count: 2,
    };
    server.ingest().sync_installation(request).await.unwrap();
    let mut system = server.system();
    let list = system.list_installations(ListInstallationsRequest {});
    let listed = list.await.unwrap().into_inner().installations;
    assert_eq!(listed, [expected]);
}

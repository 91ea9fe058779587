//! `IngestService`: who may report, what may be reported, and what comes of it.

use std::{convert::Infallible, task::Poll};

use bytes::Bytes;
use futures_util::stream;
use http_body_util::BodyExt as _;
use lampboard_proto::v1::{
    self, BuildConclusion, BuildKey, BuildStatus, Delivery, Installation, InstallationState,
    ReportRequest, Repository, SyncInstallationRequest, ingest_service_client::IngestServiceClient,
};
use tonic::{Code, Request, Status};
use tower::ServiceExt as _;

use crate::support::{
    TestServer, WRITE_KEY, code, ended, job, queued, refused_fields, report, repository, time,
};

fn key(run_id: i64, run_attempt: i32) -> BuildKey {
    BuildKey {
        repository_id: 7,
        run_id,
        run_attempt,
    }
}

fn delivery(guid: &str, payload: &'static [u8]) -> Option<Delivery> {
    Some(Delivery {
        guid: guid.to_owned(),
        event: "workflow_run".to_owned(),
        action: "requested".to_owned(),
        receive_time: time(1),
        payload: Bytes::from_static(payload),
        ..Delivery::default()
    })
}

async fn report_as(server: &TestServer, authorization: Option<&str>) -> Result<(), Status> {
    let mut request = Request::new(report(vec![queued(1, 1)]));
    if let Some(value) = authorization {
        let metadata = request.metadata_mut();
        metadata.insert("authorization", value.parse().unwrap());
    }
    let mut client = IngestServiceClient::new(server.transport());
    client.report(request).await.map(drop)
}

#[tokio::test]
async fn only_the_write_key_lets_a_report_in() {
    let server = TestServer::start().await;
    let short = &WRITE_KEY[..WRITE_KEY.len() - 1];
    let others = [
        None,
        Some(String::new()),
        Some("Bearer ".to_owned()),
        Some(WRITE_KEY.to_owned()),
        Some(format!("Basic {WRITE_KEY}")),
        Some(format!("bearer{WRITE_KEY}")),
        Some(format!("Bearer {short}")),
        Some(format!("Bearer {short}X")),
        Some(format!("Bearer {WRITE_KEY}X")),
        Some(format!("Bearer  {WRITE_KEY}")),
    ];
    for authorization in others {
        let answer = report_as(&server, authorization.as_deref()).await;
        let status = answer.expect_err("it must be refused");
        assert_eq!(status.code(), Code::Unauthenticated, "{authorization:?}");
        assert!(!status.message().contains(WRITE_KEY));
    }
    let sync = SyncInstallationRequest::default();
    let mut client = IngestServiceClient::new(server.transport());
    let answer = client.sync_installation(sync).await;
    assert_eq!(code(answer), Code::Unauthenticated);
    let list = v1::ListBuildsRequest::default();
    let listed = server.builds().list_builds(list).await.unwrap();
    assert_eq!(listed.into_inner().builds, []);

    let key = format!("Bearer {WRITE_KEY}");
    report_as(&server, Some(&key)).await.unwrap();
}

#[tokio::test]
async fn nothing_of_a_strangers_report_is_read() {
    let server = TestServer::start().await;
    let untouchable = stream::poll_fn(|_| -> Poll<Option<Result<Bytes, Infallible>>> {
        panic!("the body of a stranger is read");
    });
    let request = http::Request::post("/lampboard.v1.IngestService/Report")
        .version(http::Version::HTTP_2)
        .header("content-type", "application/grpc")
        .body(axum::body::Body::from_stream(untouchable))
        .unwrap();
    let response = server.server.router().oneshot(request).await.unwrap();
    let unauthenticated = i32::from(Code::Unauthenticated).to_string();
    assert_eq!(response.headers()["grpc-status"], unauthenticated);
    let body = response.into_body().collect().await.unwrap();
    assert!(body.to_bytes().is_empty());
}

#[tokio::test]
async fn reporting_again_changes_nothing() {
    let server = TestServer::start().await;
    let mut request = report(vec![queued(1, 1), queued(2, 1)]);
    request.jobs = vec![job(11, 32_410, 32_500), job(12, 32_420, 32_480)];
    request.delivery = delivery("a", b"{}");
    let first = server.send(request.clone()).await.unwrap();
    assert_eq!(first.build_ids, ["7-1-1", "7-2-1"], "each once");
    assert_eq!(first.changed_count, 5, "2 builds, 2 jobs, 1 repository");
    assert!(!first.delivery_known);

    let before = (server.get(1, 1).await, server.get(2, 1).await);
    let again = server.send(request).await.unwrap();
    assert_eq!(again.build_ids, first.build_ids);
    assert_eq!(again.changed_count, 0);
    assert!(again.delivery_known);
    assert_eq!((server.get(1, 1).await, server.get(2, 1).await), before);
}

#[tokio::test]
async fn a_job_gives_the_id_of_a_build_that_is_not_known() {
    let server = TestServer::start().await;
    let mut request = report(Vec::new());
    request.jobs = vec![job(11, 32_410, 32_500)];
    let answer = server.send(request).await.unwrap();
    assert_eq!(answer.build_ids, ["7-1-1"]);
}

#[tokio::test]
async fn what_is_reported_comes_back_field_by_field() {
    let server = TestServer::start().await;
    let reported = ended(1, 1, BuildConclusion::Failure, 90);
    let mut report = report(vec![v1::Build {
        // Worked out, and not read.
        id: "1-1-1".to_owned(),
        repository: "evil/other".to_owned(),
        end_time: time(0),
        counted: false,
        superseded: true,
        ..reported.clone()
    }]);
    let steps = vec![v1::job::Step {
        number: 1,
        name: "Run tests".to_owned(),
        status: BuildStatus::Completed.into(),
        conclusion: BuildConclusion::Failure.into(),
        start_time: time(32_410),
        end_time: time(32_470),
        ..v1::job::Step::default()
    }];
    let reported_job = v1::Job {
        steps,
        ..job(11, 32_410, 32_470)
    };
    report.jobs = vec![reported_job.clone()];
    server.send(report).await.unwrap();
    let expected = v1::Build {
        id: "7-1-1".to_owned(),
        repository: "acme/api".to_owned(),
        end_time: time(32_470),
        duration: crate::support::seconds(70),
        queue_duration: crate::support::seconds(10),
        run_duration: crate::support::seconds(60),
        latest_attempt: true,
        counted: true,
        end_time_approximate: true,
        ..reported
    };
    assert_eq!(server.get(1, 1).await.build, Some(expected));
    assert_eq!(server.jobs("7-1-1").await.unwrap(), [reported_job]);
}

#[tokio::test]
async fn unknown_words_come_back_as_they_came() {
    let server = TestServer::start().await;
    let odd_status = v1::Build {
        status: BuildStatus::Unknown.into(),
        status_text: "frozen".to_owned(),
        ..queued(1, 1)
    };
    let odd_conclusion = v1::Build {
        conclusion_text: "exploded".to_owned(),
        ..ended(2, 1, BuildConclusion::Unknown, 60)
    };
    server.report(vec![odd_status, odd_conclusion]).await;
    let first = server.get(1, 1).await.build.unwrap();
    assert_eq!(first.status(), BuildStatus::Unknown);
    assert_eq!(first.status_text, "frozen");
    let second = server.get(2, 1).await.build.unwrap();
    assert_eq!(second.conclusion(), BuildConclusion::Unknown);
    assert_eq!(second.conclusion_text, "exploded");
    assert!(second.counted);
}

/// Changes a good report for the worse; the field that is named for it.
type Spoil = (&'static str, fn(&mut ReportRequest));

#[tokio::test]
async fn every_bad_field_is_named() {
    let spoils: &[Spoil] = &[
        ("source", |r| r.source = 0),
        ("source", |r| r.source = 99),
        ("builds[0].repository_id", |r| r.builds[0].repository_id = 0),
        ("builds[0].repository_id", |r| r.builds[0].repository_id = 8),
        ("builds[0].run_id", |r| r.builds[0].run_id = -1),
        ("builds[0].run_attempt", |r| r.builds[0].run_attempt = 0),
        ("builds[0].provider", |r| r.builds[0].provider = 0),
        ("builds[0].status", |r| r.builds[0].status = 0),
        ("builds[0].status", |r| r.builds[0].status = 99),
        ("builds[0].status_text", |r| {
            r.builds[0].status = BuildStatus::Unknown.into();
            r.builds[0].status_text = "w".repeat(101);
        }),
        ("builds[0].conclusion", |r| r.builds[0].conclusion = 1),
        ("builds[0].conclusion", |r| {
            r.builds[0].status = BuildStatus::Completed.into();
        }),
        ("builds[0].update_time", |r| r.builds[0].update_time = None),
        ("builds[0].create_time", |r| r.builds[0].create_time = None),
        ("builds[0].start_time", |r| {
            r.builds[0].start_time.as_mut().unwrap().seconds = i64::MAX;
        }),
        ("builds[0].start_time", |r| {
            r.builds[0].start_time.as_mut().unwrap().nanos = i32::MIN;
        }),
        ("builds[0].branch", |r| r.builds[0].branch = "b".repeat(256)),
        ("builds[0].branch", |r| {
            r.builds[0].branch = "a\0b".to_owned();
        }),
        ("builds[0].title", |r| r.builds[0].title = "t".repeat(1001)),
        ("builds[0].url", |r| r.builds[0].url = "u".repeat(2001)),
        ("builds[0].commit_sha", |r| {
            r.builds[0].commit_sha = "4F8FDCC1C3A5A2A1FDF4B5B0F2F3C5E9D1A7B6C8".to_owned();
        }),
        ("builds[0].pull_requests[1]", |r| {
            r.builds[0].pull_requests = vec![1, 0];
        }),
        ("builds", |r| r.builds = vec![queued(1, 1); 501]),
        ("jobs[0].id", |r| r.jobs[0].id = 0),
        ("jobs[0].repository_id", |r| r.jobs[0].repository_id = 8),
        ("jobs[0].end_time", |r| r.jobs[0].end_time = None),
        ("jobs[0].end_time", |r| {
            r.jobs[0].status = BuildStatus::Queued.into();
            r.jobs[0].conclusion = 0;
        }),
        ("jobs[0].create_time", |r| r.jobs[0].create_time = None),
        ("jobs[0].labels[0]", |r| {
            r.jobs[0].labels[0] = "\0".to_owned();
        }),
        ("jobs[0].labels", |r| {
            r.jobs[0].labels = vec![String::new(); 101];
        }),
        ("jobs[0].steps[0].status", |r| {
            r.jobs[0].steps = vec![v1::job::Step::default()];
        }),
        ("jobs[0].steps", |r| {
            r.jobs[0].steps = vec![v1::job::Step::default(); 1001];
        }),
        ("jobs", |r| r.jobs = vec![job(11, 1, 2); 5001]),
        ("repositories[0].name", |r| r.repositories[0].name.clear()),
        ("repositories[0].installation_id", |r| {
            r.repositories[0].installation_id = -1;
        }),
        ("repositories[0].update_time", |r| {
            r.repositories[0].update_time = None;
        }),
        ("repositories[1].id", |r| {
            r.repositories.push(Repository {
                id: 0,
                ..repository()
            });
        }),
        ("delivery.guid", |r| r.delivery = delivery("", b"")),
        ("delivery.guid", |r| {
            r.delivery.as_mut().unwrap().guid = "g".repeat(101);
        }),
        ("delivery.receive_time", |r| {
            r.delivery.as_mut().unwrap().receive_time = None;
        }),
        ("delivery.problem", |r| {
            r.delivery.as_mut().unwrap().problem = "p".repeat(1001);
        }),
    ];
    let server = TestServer::start().await;
    let mut good = report(vec![queued(1, 1)]);
    good.jobs = vec![job(11, 32_410, 32_500)];
    good.delivery = delivery("a", b"{}");
    for (field, spoil) in spoils {
        let mut bad = good.clone();
        spoil(&mut bad);
        let mut fields = refused_fields(server.send(bad).await);
        // An id of zero is wrong in two ways.
        fields.dedup();
        assert_eq!(fields, [*field]);
    }
    let answer = server.send(good).await.unwrap();
    assert!(!answer.delivery_known, "no bad report left anything behind");
    assert_eq!(answer.changed_count, 3);
}

#[tokio::test]
async fn every_bad_field_of_a_key_is_named() {
    let spoils: &[Spoil] = &[
        ("complete_builds[0].run_id", |r| {
            r.complete_builds[0].run_id = 0;
        }),
        ("complete_builds[0].run_attempt", |r| {
            r.complete_builds[0].run_attempt = -1;
        }),
        ("complete_builds[0].repository_id", |r| {
            r.complete_builds[0].repository_id = 8;
        }),
        ("complete_builds", |r| {
            r.complete_builds = vec![BuildKey::default(); 501];
        }),
    ];
    let server = TestServer::start().await;
    let mut good = report(vec![queued(1, 1)]);
    good.complete_builds = vec![key(1, 1)];
    for (field, spoil) in spoils {
        let mut bad = good.clone();
        spoil(&mut bad);
        assert_eq!(refused_fields(server.send(bad).await), [*field]);
    }
    server.send(good).await.unwrap();
}

#[tokio::test]
async fn everything_wrong_is_named_at_once_up_to_a_limit() {
    let server = TestServer::start().await;
    let bad = v1::Build {
        run_id: 0,
        status: 0,
        update_time: None,
        ..queued(1, 1)
    };
    let two = report(vec![queued(1, 1), bad.clone()]);
    let fields = refused_fields(server.send(two).await);
    assert_eq!(
        fields,
        [
            "builds[1].run_id",
            "builds[1].status",
            "builds[1].update_time"
        ]
    );
    let many = report(vec![bad; 100]);
    assert_eq!(refused_fields(server.send(many).await).len(), 20);
}

#[tokio::test]
async fn a_report_says_which_builds_it_changed() {
    let server = TestServer::start().await;
    let first = server.report(vec![queued(1, 1), queued(2, 1)]).await;
    assert_eq!(first.changed_builds, [key(1, 1), key(2, 1)]);
    let over = ended(2, 1, BuildConclusion::Success, 60);
    let mut request = report(vec![queued(1, 1), over]);
    request.jobs = vec![job(11, 32_410, 32_500), job(12, 32_410, 32_500)];
    let second = server.send(request.clone()).await.unwrap();
    assert_eq!(second.changed_builds, [key(2, 1), key(1, 1)], "each once");
    let again = server.send(request).await.unwrap();
    assert_eq!(again.changed_builds, []);
    let mut strange = report(Vec::new());
    strange.jobs = vec![v1::Job {
        run_id: 3,
        ..job(13, 32_410, 32_500)
    }];
    let strange = server.send(strange).await.unwrap();
    assert_eq!(strange.changed_count, 1);
    assert_eq!(strange.changed_builds, [], "nobody knows the build");
}

#[tokio::test]
async fn the_end_is_exact_once_all_jobs_are_told() {
    let server = TestServer::start().await;
    let failed = ended(1, 1, BuildConclusion::Failure, 90);
    server.report(vec![failed, queued(2, 1)]).await;
    let is_approximate = async |run| {
        let build = server.get(run, 1).await.build.unwrap();
        build.end_time_approximate
    };
    assert!(is_approximate(1).await);
    assert!(!is_approximate(2).await, "it runs");
    let mut request = report(Vec::new());
    request.jobs = vec![job(11, 32_410, 32_470)];
    request.complete_builds = vec![key(1, 1)];
    let answer = server.send(request.clone()).await.unwrap();
    assert_eq!(answer.changed_builds, [key(1, 1)]);
    assert!(!is_approximate(1).await);
    let again = server.send(request).await.unwrap();
    assert_eq!((again.changed_count, again.changed_builds), (0, vec![]));
}

#[tokio::test]
async fn an_installation_is_synced() {
    let server = TestServer::start().await;
    let sync = |state: InstallationState, second, ids: &[i64]| SyncInstallationRequest {
        installation: Some(Installation {
            id: 5,
            account: "acme".to_owned(),
            state: state.into(),
            update_time: time(second),
            ..Installation::default()
        }),
        repositories: ids
            .iter()
            .map(|id| Repository {
                id: *id,
                name: format!("acme/r{id}"),
                ..repository()
            })
            .collect(),
        ..SyncInstallationRequest::default()
    };
    let seen = async || {
        let request = v1::ListRepositoriesRequest {
            installation_id: 5,
            ..v1::ListRepositoriesRequest::default()
        };
        let answer = server.repositories().list_repositories(request).await;
        let repositories = answer.unwrap().into_inner().repositories;
        repositories.iter().map(|r| r.id).collect::<Vec<_>>()
    };
    let mut ingest = server.ingest();
    let active = InstallationState::Active;
    ingest
        .sync_installation(sync(active, 10, &[1, 2]))
        .await
        .unwrap();
    assert_eq!(seen().await, [1, 2]);
    ingest
        .sync_installation(sync(active, 20, &[2, 3]))
        .await
        .unwrap();
    assert_eq!(seen().await, [2, 3]);
    let deleted = sync(InstallationState::Deleted, 30, &[]);
    ingest.sync_installation(deleted).await.unwrap();
    assert_eq!(seen().await, [] as [i64; 0]);
}

#[tokio::test]
async fn a_bad_installation_is_refused() {
    let server = TestServer::start().await;
    let mut ingest = server.ingest();
    let nothing = SyncInstallationRequest::default();
    let fields = refused_fields(ingest.sync_installation(nothing).await);
    let expected = ["id", "state", "update_time"].map(|field| format!("installation.{field}"));
    assert_eq!(fields, expected);
    let nameless = SyncInstallationRequest {
        installation: Some(Installation {
            id: 5,
            account: "acme".to_owned(),
            state: InstallationState::Active.into(),
            update_time: time(1),
            ..Installation::default()
        }),
        repositories: vec![Repository::default()],
        ..SyncInstallationRequest::default()
    };
    let late = |installation: fn(&mut Installation)| {
        let mut request = crate::support::sync(1, &[]);
        installation(request.installation.as_mut().unwrap());
        request
    };
    let spoiled = [
        (
            "installation.account",
            late(|it| it.account = "a".repeat(256)),
        ),
        ("installation.account_id", late(|it| it.account_id = -1)),
        ("installation.url", late(|it| it.url = "u".repeat(2001))),
        (
            "installation.missing_permissions",
            late(|it| it.missing_permissions = vec![String::new(); 101]),
        ),
    ];
    for (field, request) in spoiled {
        let fields = refused_fields(ingest.sync_installation(request).await);
        assert_eq!(fields, [field]);
    }
    let mut suspended = crate::support::sync(1, &[7]);
    let installation = suspended.installation.as_mut().unwrap();
    installation.state = InstallationState::Suspended.into();
    let fields = refused_fields(ingest.sync_installation(suspended).await);
    assert_eq!(fields, ["repositories"]);
    let fields = refused_fields(ingest.sync_installation(nameless).await);
    let expected = ["name", "update_time", "id"].map(|field| format!("repositories[0].{field}"));
    assert_eq!(fields, expected);
}

#[tokio::test]
async fn a_failing_database_is_told_and_nothing_acknowledged() {
    let server = TestServer::start().await;
    server.sabotage("DROP TABLE delivery").await;
    let mut request = report(vec![queued(1, 1)]);
    request.delivery = delivery("a", b"{}");
    let status = server.send(request).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(!status.message().contains("delivery"), "{status}");
    server.report(vec![queued(2, 1)]).await;
}

#[tokio::test]
async fn after_the_end_nothing_is_taken_in() {
    let server = TestServer::start().await;
    server.server.close().await;
    let late = server.send(report(vec![queued(1, 1)])).await;
    assert_eq!(code(late), Code::Unavailable);
    let list = v1::ListBuildsRequest::default();
    let read = server.builds().list_builds(list).await;
    assert_eq!(code(read), Code::Unavailable);
}

//! Every answer that the webhook gives, and what it told the server before.

use axum::body::Body;
use http::{Method, Request, StatusCode};
use lampboard_proto::v1::{ReportResponse, ReportSource};
use serde_json::json;
use tonic::{Code, Status};

use crate::{
    payloads,
    support::{App, GUID, Reaction, WRITE_KEY, delivery, now, refusal},
};

#[tokio::test]
async fn a_run_is_recorded_under_the_id_of_its_build() {
    let app = App::new();
    let answer = app.deliver("workflow_run", &payloads::workflow_run()).await;

    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        answer.json(),
        json!({ "message": "recorded", "build_id": "5001-2" })
    );
}

#[tokio::test]
async fn a_job_is_recorded_under_the_id_of_its_build() {
    let app = App::new();
    let answer = app.deliver("workflow_job", &payloads::workflow_job()).await;

    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        answer.json(),
        json!({ "message": "recorded", "build_id": "5001-2" })
    );
}

#[tokio::test]
async fn the_report_carries_the_delivery_and_the_write_key() {
    let app = App::new();
    let body = payloads::workflow_run().to_string();
    app.send(delivery("workflow_run", body.clone())).await;

    let report = app.report();
    assert_eq!(report.source(), ReportSource::Webhook);
    let kept = report.delivery.unwrap();
    assert_eq!(kept.guid, GUID);
    assert_eq!(kept.event, "workflow_run");
    assert_eq!(kept.action, "completed");
    assert_eq!(kept.payload, body.as_bytes());
    assert_eq!(kept.problem, "");
    let received = kept.receive_time.unwrap();
    assert_eq!(received.seconds, now().as_second());
    assert_eq!(received.nanos, 500_000_000);

    let headers = &app.report_headers()[0];
    assert_eq!(headers["authorization"], format!("Bearer {WRITE_KEY}"));
    assert!(headers.contains_key("grpc-timeout"));
}

#[tokio::test]
async fn a_delivery_that_came_before_is_answered_alike() {
    let response = ReportResponse {
        build_ids: vec!["b1".to_owned()],
        changed_count: 0,
        delivery_known: true,
        ..ReportResponse::default()
    };
    let app = App::new().will([Reaction::Record(response)]);
    let answer = app.deliver("workflow_run", &payloads::workflow_run()).await;

    assert_eq!(answer.status, StatusCode::OK);
    let message = "recorded; this delivery had been recorded before";
    assert_eq!(
        answer.json(),
        json!({ "message": message, "build_id": "b1" })
    );
}

#[tokio::test]
async fn events_of_the_app_itself_are_recorded() {
    let installation = json!({ "id": 44, "updated_at": 1_770_000_000 });
    let events = [
        ("installation", "created"),
        ("installation", "deleted"),
        ("installation", "suspend"),
        ("installation", "unsuspend"),
        ("installation", "new_permissions_accepted"),
        ("installation_repositories", "added"),
        ("installation_repositories", "removed"),
        ("installation_target", "renamed"),
        ("repository", "renamed"),
        ("repository", "deleted"),
        ("github_app_authorization", "revoked"),
    ];
    for (event, action) in events {
        let app = App::new();
        let payload = json!({
            "action": action,
            "installation": installation,
            "repository": payloads::repository(),
        });
        let answer = app.deliver(event, &payload).await;

        assert_eq!(answer.status, StatusCode::OK, "{event} {action}");
        assert_eq!(answer.json(), json!({ "message": "recorded" }));
        let kept = app.report().delivery.unwrap();
        assert_eq!((kept.event.as_str(), kept.action.as_str()), (event, action));
        assert_eq!(kept.problem, "", "{event} {action}");
    }
}

#[tokio::test]
async fn what_is_not_for_us_is_accepted_and_not_kept() {
    let app = App::new();
    let events = [
        (
            "ping",
            json!({ "zen": "Keep it logically awesome.", "hook_id": 1 }),
        ),
        ("push", json!({ "ref": "refs/heads/main" })),
        ("workflow_run_2", payloads::workflow_run()),
        ("other", json!([])),
        ("workflow_run", json!({ "action": "imagined" })),
        ("workflow_job", json!({ "action": "Completed" })),
        ("github_app_authorization", json!({ "action": "created" })),
    ];
    for (event, payload) in events {
        let answer = app.deliver(event, &payload).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{event}");
        assert!(answer.json()["message"].is_string());
    }
    assert!(app.reports().is_empty());
}

#[tokio::test]
async fn what_nothing_can_be_made_of_is_kept_with_its_problem() {
    let mut without_id = payloads::workflow_run();
    without_id["workflow_run"]["id"] = json!(null);
    let mut without_name = payloads::workflow_run();
    without_name["repository"]["full_name"] = json!(null);
    let mut odd_attempt = payloads::workflow_job();
    odd_attempt["workflow_job"]["run_attempt"] = json!("2");
    let mut no_job = payloads::workflow_job();
    no_job["workflow_job"] = json!([]);
    let cases = [
        ("workflow_run", without_id, "workflow_run.id is missing"),
        (
            "workflow_run",
            without_name,
            "repository.full_name is missing",
        ),
        (
            "workflow_job",
            odd_attempt,
            "workflow_job.run_attempt is not a positive integer",
        ),
        ("workflow_job", no_job, "workflow_job is missing"),
        (
            "workflow_run",
            json!({}),
            "action is missing or not a string",
        ),
        ("workflow_run", json!("text"), "the body is not an object"),
        (
            "installation",
            json!({ "action": "created", "installation": { "id": 0 } }),
            "installation.id is not a positive integer",
        ),
        (
            "repository",
            json!({ "action": "renamed" }),
            "repository is missing",
        ),
    ];
    for (event, payload, problem) in cases {
        let app = App::new();
        let answer = app.deliver(event, &payload).await;

        assert_eq!(answer.status, StatusCode::ACCEPTED, "{problem}");
        assert!(answer.json()["message"].is_string());
        let report = app.report();
        assert!(report.builds.is_empty() && report.jobs.is_empty());
        assert!(report.repositories.is_empty());
        let kept = report.delivery.unwrap();
        assert_eq!(kept.problem, problem);
        assert_eq!(kept.payload, payload.to_string().as_bytes());
        assert_eq!(kept.event, event);
    }
}

#[tokio::test]
async fn what_the_server_refuses_is_kept_with_its_problem() {
    let app = App::new().will([refusal(Code::InvalidArgument)]);
    let answer = app.deliver("workflow_run", &payloads::workflow_run()).await;

    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let reports = app.reports();
    assert_eq!(reports.len(), 2);
    assert_eq!((reports[0].builds.len(), reports[1].builds.len()), (1, 0));
    assert!(reports[1].repositories.is_empty());
    let kept = reports[1].delivery.as_ref().unwrap();
    assert_eq!(kept.problem, "the server refused it: as the test said");
    assert_eq!(kept.action, "completed");
}

#[tokio::test]
async fn a_problem_is_kept_within_bounds() {
    let status = Status::invalid_argument("ж".repeat(5000));
    let app = App::new().will([Reaction::Refuse(status)]);
    app.deliver("workflow_run", &payloads::workflow_run()).await;

    let kept = app.reports()[1].delivery.clone().unwrap();
    assert_eq!(kept.problem.chars().count(), 1000);
}

#[tokio::test]
async fn what_the_server_refuses_altogether_is_not_acknowledged() {
    let refuse = || refusal(Code::InvalidArgument);
    let app = App::new().will([refuse(), refuse()]);
    let answer = app.deliver("workflow_run", &payloads::workflow_run()).await;

    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(app.reports().len(), 2);
}

#[tokio::test]
async fn nothing_is_acknowledged_that_the_server_did_not_record() {
    let codes = [
        Code::Cancelled,
        Code::Unknown,
        Code::DeadlineExceeded,
        Code::NotFound,
        Code::PermissionDenied,
        Code::ResourceExhausted,
        Code::FailedPrecondition,
        Code::Aborted,
        Code::OutOfRange,
        Code::Unimplemented,
        Code::Internal,
        Code::Unavailable,
        Code::DataLoss,
        Code::Unauthenticated,
    ];
    for code in codes {
        let app = App::new().will([refusal(code)]);
        let answer = app.deliver("workflow_run", &payloads::workflow_run()).await;

        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{code:?}");
        assert!(answer.headers.contains_key("retry-after"));
        assert!(answer.json()["error"].is_string());
        assert_eq!(app.reports().len(), 1, "{code:?}");
    }
}

#[tokio::test]
async fn a_panic_is_not_acknowledged_and_not_shown() {
    let app = App::new().will([Reaction::Panic]);
    let answer = app.deliver("workflow_run", &payloads::workflow_run()).await;

    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers.contains_key("retry-after"));
    let after = app.deliver("workflow_run", &payloads::workflow_run()).await;
    assert_eq!(after.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_not_json_is_a_bad_request() {
    let app = App::new();
    let mut utf16 = vec![0xff, 0xfe];
    utf16.extend("{}".encode_utf16().flat_map(u16::to_le_bytes));
    let bodies: [&[u8]; 8] = [
        b"",
        b"payload=%7B%7D",
        b"{\"action\": \"completed\"",
        b"{} {}",
        b"{'action': 'completed'}",
        b"\xef\xbb\xbf{}",
        b"{\"a\": \"\xff\"}",
        &utf16,
    ];
    for event in ["workflow_run", "ping", "push"] {
        for body in bodies {
            let answer = app.send(delivery(event, body.to_vec())).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body:?}");
            let error = answer.json()["error"].as_str().unwrap().to_owned();
            assert!(error.starts_with("the body is not JSON: "), "{error}");
        }
    }
    assert!(app.reports().is_empty());
}

#[tokio::test]
async fn a_delivery_without_a_name_is_a_bad_request() {
    let app = App::new();
    for header in ["x-github-event", "x-github-delivery"] {
        let mut request = delivery("workflow_run", payloads::workflow_run().to_string());
        request.headers_mut().remove(header);
        let answer = app.send(request).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{header}");
        assert!(answer.json()["error"].is_string());
    }
    assert!(app.reports().is_empty());
}

#[tokio::test]
async fn a_form_or_a_compressed_body_is_an_unsupported_media_type() {
    let app = App::new();
    let cases = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("content-type", "text/plain"),
        ("content-encoding", "gzip"),
    ];
    for (name, value) in cases {
        let mut request = delivery("workflow_run", payloads::workflow_run().to_string());
        request.headers_mut().insert(name, value.parse().unwrap());
        let answer = app.send(request).await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{value}");
    }
    assert!(app.reports().is_empty());
}

#[tokio::test]
async fn nothing_but_post_is_served() {
    let app = App::new();
    for method in [
        Method::GET,
        Method::HEAD,
        Method::PUT,
        Method::DELETE,
        Method::OPTIONS,
    ] {
        let mut request = delivery("workflow_run", payloads::workflow_run().to_string());
        *request.method_mut() = method.clone();
        let answer = app.send(request).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
    let elsewhere = Request::post("/api/webhook/other")
        .body(Body::empty())
        .unwrap();
    assert_eq!(app.send(elsewhere).await.status, StatusCode::NOT_FOUND);
    assert!(app.reports().is_empty());
}

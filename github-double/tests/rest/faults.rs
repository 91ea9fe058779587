//! Faults: each makes the answer wrong in its own way, and only where it should.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use lampboard_github_double::{EtagLie, FaultKind, When};
use serde_json::Value;

use crate::support::Scene;

const RUNS: &str = "/repos/acme/api/actions/runs";

#[tokio::test]
async fn server_errors_come_in_json_or_as_a_page() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    let error = |status, html| FaultKind::ServerError { status, html };
    let faults = scene.double().faults();
    faults.add(error(502, true).when(When::default().path(RUNS).nth(1)));
    faults.add(error(503, false).when(When::default().path(RUNS).nth(2)));
    let page = scene.get(RUNS, &token).await;
    assert_eq!(
        (page.status.as_u16(), page.header("content-type")),
        (502, "text/html")
    );
    let json = scene.get(RUNS, &token).await;
    assert_eq!(json.message(), (503, "Server Error"));
    let good = scene.get(RUNS, &token).await;
    assert_eq!(
        (good.status.as_u16(), good.header("x-ratelimit-used")),
        (200, "1")
    );
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    let fault = FaultKind::Permission {
        accepted: "actions=read".to_owned(),
    };
    scene
        .double()
        .faults()
        .add(fault.when(When::default().path("**/actions/**")));
    let reply = scene.get(RUNS, &token).await;
    assert_eq!(
        reply.message(),
        (403, "Resource not accessible by integration")
    );
    assert_eq!(
        reply.header("x-accepted-github-permissions"),
        "actions=read"
    );
    assert_ne!(reply.header("x-ratelimit-remaining"), "0");
    assert_eq!(scene.get("/repos/acme/api", &token).await.status, 200);
}

#[tokio::test]
async fn other_installations_are_not_struck() {
    let scene = Scene::new().await;
    let other = scene.github(|github| {
        let owner = github.create_organization("globex");
        github.create_repository_of(&owner, "web");
        github.install(
            scene.stage.app,
            &owner,
            lampboard_github_double::Selection::All,
            &[],
        )
    });
    let fault = FaultKind::ServerError {
        status: 500,
        html: false,
    };
    let when = When::default().installation(scene.stage.installation.0);
    scene.double().faults().add(fault.when(when));
    let make = |id: u64| {
        let path = format!("/app/installations/{id}/access_tokens");
        let jwt = scene.jwt();
        let scene = &scene;
        async move { scene.post(&path, &jwt).await }
    };
    assert_eq!(make(scene.stage.installation.0).await.status, 500);
    let token = make(other.0).await.json["token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        scene.get("/installation/repositories", &token).await.status,
        200
    );
}

#[tokio::test]
async fn bodies_are_damaged_where_they_should_be() {
    let scene = Scene::new().await;
    let run = scene.stage.whole_run(true);
    let token = scene.token().await;
    let struck = async |kind: FaultKind| {
        let faults = scene.double().faults();
        faults.clear();
        faults.add(kind.when(When::default().path(RUNS)));
        scene.get(RUNS, &token).await
    };
    let pointer = || "/workflow_runs/0/conclusion".to_owned();
    let reply = struck(FaultKind::UnknownEnum { pointer: pointer() }).await;
    assert_eq!(
        reply.json["workflow_runs"][0]["conclusion"],
        "a_word_of_tomorrow"
    );
    let reply = struck(FaultKind::NullField { pointer: pointer() }).await;
    assert_eq!(reply.json["workflow_runs"][0]["conclusion"], Value::Null);
    let reply = struck(FaultKind::WrongType { pointer: pointer() }).await;
    assert_eq!(reply.json["workflow_runs"][0]["conclusion"], 42);
    let reply = struck(FaultKind::ExtraFields).await;
    assert!(reply.json["workflow_runs"][0]["field_of_tomorrow"].is_object());
    for kind in [FaultKind::Truncate, FaultKind::BadJson] {
        let reply = struck(kind).await;
        assert_eq!((reply.status.as_u16(), &reply.json), (200, &Value::Null));
        assert!(!reply.text.is_empty());
    }
    scene.double().faults().clear();
    assert_eq!(scene.get(RUNS, &token).await.ids("workflow_runs"), [run.0]);
}

#[tokio::test]
async fn a_page_shift_puts_a_run_on_two_pages() {
    let scene = Scene::new().await;
    for _ in 0..4 {
        scene.stage.push();
        scene.wait(1);
    }
    let token = scene.token().await;
    let shift = FaultKind::PageShift { runs: 1 };
    scene
        .double()
        .faults()
        .add(shift.when(When::default().count(1).path(RUNS)));
    let first = scene.get(&format!("{RUNS}?per_page=2"), &token).await;
    let second = scene.get(first.link("next").unwrap(), &token).await;
    let (first, second) = (first.ids("workflow_runs"), second.ids("workflow_runs"));
    assert_eq!(first[1], second[0]);
}

#[tokio::test]
async fn etags_lie_both_ways() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    let tag = scene.get(RUNS, &token).await.header("etag").to_owned();
    let condition = [("if-none-match", &*tag)];
    let faults = scene.double().faults();
    let never = faults.add(
        FaultKind::EtagLies {
            lie: EtagLie::NeverMatches,
        }
        .into(),
    );
    assert_eq!(scene.get_with(RUNS, &token, &condition).await.status, 200);
    faults.remove(never);
    faults.add(
        FaultKind::EtagLies {
            lie: EtagLie::AlwaysMatches,
        }
        .into(),
    );
    scene.stage.push();
    assert_eq!(scene.get_with(RUNS, &token, &condition).await.status, 304);
    assert_eq!(
        scene.get(RUNS, &token).await.status,
        200,
        "there was nothing to lie about"
    );
}

#[tokio::test]
async fn a_reset_breaks_the_body_in_the_middle() {
    let scene = Scene::new().await;
    scene.double().faults().add(FaultKind::Reset.into());
    let response = ask(&scene, "/meta").await;
    assert_eq!(response.status(), 200);
    assert!(response.into_body().collect().await.is_err());
}

#[tokio::test]
async fn a_hanging_answer_ends_with_the_double_only() {
    let scene = Scene::new().await;
    let hang = FaultKind::Hang.when(When::default().path("/meta"));
    scene.double().faults().add(hang);
    let hanging = tokio::spawn(ask_url(format!("{}/meta", scene.double().api_url())));
    while scene.double().requests().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(scene.last_request().status, 0);
    assert_eq!(
        scene.get("/app", &scene.jwt()).await.status,
        200,
        "others are answered"
    );
    assert!(!hanging.is_finished());
    scene.stage.double.clone().stop().await;
    assert_eq!(hanging.await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_dripping_body_arrives_whole_and_late() {
    let scene = Scene::new().await;
    let whole = scene.get("/meta", "").await.text;
    let rate = 2 * whole.len() as u64;
    scene.double().faults().add(
        FaultKind::Drip {
            bytes_per_second: rate,
        }
        .into(),
    );
    let start = tokio::time::Instant::now();
    assert_eq!(scene.get("/meta", "").await.text, whole);
    assert!(
        start.elapsed() > Duration::from_millis(400),
        "{:?}",
        start.elapsed()
    );
}

async fn ask(scene: &Scene, path: &str) -> Response<Body> {
    ask_url(format!("{}{path}", scene.double().api_url())).await
}

async fn ask_url(url: String) -> Response<Body> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let request = Request::get(url).header("user-agent", "test");
    let response = client.request(request.body(Full::default()).unwrap()).await;
    response.unwrap().map(Body::new)
}

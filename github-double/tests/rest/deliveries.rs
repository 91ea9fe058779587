//! The log of webhooks, paged by cursor, and webhooks asked for once more.

use axum::Router;
use axum::routing::post;
use http::StatusCode;
use lampboard_github_double::{FaultKind, When};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::support::Scene;

const LOG: &str = "/app/hook/deliveries";

#[tokio::test]
async fn pages_lead_on_by_cursor_from_the_newest() {
    let scene = scene().await;
    for _ in 0..7 {
        scene.github(|github| github.ping(scene.stage.app));
    }
    scene.double().deliver().await;
    let mut page = scene.get(&format!("{LOG}?per_page=3"), &scene.jwt()).await;
    let mut ids = Vec::new();
    let mut sizes = Vec::new();
    loop {
        let rows = page.json.as_array().unwrap();
        sizes.push(rows.len());
        ids.extend(rows.iter().map(|row| row["id"].as_i64().unwrap()));
        assert_eq!(page.link("last"), None, "there are no page numbers");
        let Some(next) = page.link("next").map(str::to_owned) else {
            break;
        };
        assert!(next.contains("cursor=v1_"), "{next}");
        page = scene.get(&next, &scene.jwt()).await;
    }
    assert_eq!(sizes, [3, 3, 2], "the installation is told of, too");
    assert!(ids.is_sorted_by(|a, b| a > b), "{ids:?}");
}

#[tokio::test]
async fn what_had_no_answer_is_no_failure_to_the_filter() {
    let scene = scene().await;
    let faults = scene.double().faults();
    let lost = |status_code, status: &str| FaultKind::HookDrop {
        status_code,
        status: status.to_owned(),
    };
    let of_pings = || When::default().event("ping");
    faults.add(lost(0, "timed out").when(of_pings().nth(1)));
    faults.add(lost(503, "Invalid HTTP Response: 503").when(of_pings().nth(2)));
    for _ in 0..3 {
        scene.github(|github| github.ping(scene.stage.app));
    }
    scene.double().deliver().await;
    let codes = async |filter: &str| {
        let reply = scene.get(&format!("{LOG}{filter}"), &scene.jwt()).await;
        let rows = reply.json.as_array().unwrap().iter();
        let pings = rows.filter(|row| row["event"] == "ping");
        pings
            .map(|row| row["status_code"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(codes("").await, [202, 503, 0]);
    assert_eq!(codes("?status=failure").await, [503]);
    assert_eq!(codes("?status=success").await, [202]);
    let reply = scene.get(&format!("{LOG}?status=odd"), &scene.jwt()).await;
    assert_eq!(reply.status, 422);
}

#[tokio::test]
async fn a_delivery_tells_what_was_sent_and_is_sent_again_under_its_guid() {
    let scene = scene().await;
    scene.stage.push();
    scene.double().deliver().await;
    let newest = async || {
        let list = scene.get(LOG, &scene.jwt()).await;
        list.json[0].clone()
    };
    let first = newest().await;
    assert_eq!(
        (&first["event"], &first["action"]),
        (&"workflow_run".into(), &"requested".into())
    );
    assert_eq!(first["repository_id"], scene.stage.repository.0);
    assert_eq!(first["installation_id"], scene.stage.installation.0);
    let path = format!("{LOG}/{}", first["id"]);
    let whole = scene.get(&path, &scene.jwt()).await;
    assert_eq!(whole.json["request"]["payload"]["action"], "requested");
    let guid = &whole.json["request"]["headers"]["X-GitHub-Delivery"];
    assert_eq!(guid, &first["guid"]);

    let again = scene.post(&format!("{path}/attempts"), &scene.jwt()).await;
    assert_eq!(again.status, 202);
    assert_eq!(newest().await["id"], first["id"], "it is posted later");
    scene.double().deliver().await;
    let second = newest().await;
    assert_ne!(second["id"], first["id"]);
    assert_eq!(
        (&second["guid"], &second["redelivery"]),
        (&first["guid"], &Value::Bool(true))
    );
}

#[tokio::test]
async fn deliveries_are_forgotten_after_three_days_and_are_the_apps_alone() {
    let scene = scene().await;
    scene.double().deliver().await;
    let list = scene.get(LOG, &scene.jwt()).await;
    let path = format!("{LOG}/{}", list.json[0]["id"]);
    let token = scene.token().await;
    assert_eq!(scene.get(LOG, &token).await.status, 401);
    assert_eq!(scene.get(&path, &scene.jwt()).await.status, 200);
    scene.wait(3 * 24 * 3_600 + 1);
    assert_eq!(scene.get(&path, &scene.jwt()).await.status, 404);
    let again = scene.post(&format!("{path}/attempts"), &scene.jwt()).await;
    assert_eq!(again.status, 404);
    assert_eq!(
        scene.get(LOG, &scene.jwt()).await.json,
        Value::Array(Vec::new())
    );
}

/// A scene whose App has a receiver that takes everything.
async fn scene() -> Scene {
    let router = Router::new().route("/hook", post(async || StatusCode::ACCEPTED));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let scene = Scene::new().await;
    scene.github(|github| {
        let app = github.app_mut(scene.stage.app).unwrap();
        app.hook.url = Some(url);
    });
    scene
}

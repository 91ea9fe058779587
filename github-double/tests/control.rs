//! The strings that move a double, pulled over HTTP.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use lampboard_github_double::{Double, Options};
use serde_json::{Value, json};

const NOON: Timestamp = Timestamp::constant(1_773_316_800, 0);

#[tokio::test]
async fn strangers_pull_no_strings() {
    let double = start().await;
    for token in ["", "wrong"] {
        let (status, _) = send(&double, Method::GET, "/clock", token, Value::Null).await;
        assert_eq!(status, 401);
    }
    assert_eq!(
        call(&double, Method::GET, "/clock", Value::Null).await.0,
        200
    );
}

#[tokio::test]
async fn the_clock_is_stepped_and_set() {
    let double = start().await;
    let (_, clock) = call(&double, Method::POST, "/clock", json!({"seconds": 90})).await;
    assert_eq!(clock["now"], "2026-03-12T12:01:30Z");
    let set = json!({"now": "2026-04-01T00:00:00Z"});
    call(&double, Method::PUT, "/clock", set).await;
    assert_eq!(double.clock().now().to_string(), "2026-04-01T00:00:00Z");
}

#[tokio::test]
async fn faults_are_added_listed_and_removed() {
    let double = start().await;
    let fault = json!({
        "fault": "secondary_limit",
        "status": 429,
        "retry_after": {"seconds": 30},
        "when": {"method": "GET", "path": "/repos/**", "count": 2},
    });
    let (status, added) = call(&double, Method::POST, "/faults", fault).await;
    assert_eq!((status.as_u16(), &added), (201, &json!({"id": 1})));
    let (_, list) = call(&double, Method::GET, "/faults", Value::Null).await;
    assert_eq!(list[0]["fault"], "secondary_limit");
    assert_eq!(
        (&list[0]["struck"], &list[0]["when"]["count"]),
        (&json!(0), &json!(2))
    );
    let unknown = json!({"fault": "meteor"});
    assert_eq!(call(&double, Method::POST, "/faults", unknown).await.0, 422);
    assert_eq!(
        call(&double, Method::DELETE, "/faults/1", Value::Null)
            .await
            .0,
        204
    );
    assert_eq!(
        call(&double, Method::DELETE, "/faults/1", Value::Null)
            .await
            .0,
        404
    );
    assert!(double.faults().list().is_empty());
}

#[tokio::test]
async fn stories_are_played_and_seen_and_forgotten() {
    let double = start().await;
    let (_, names) = call(&double, Method::GET, "/scenarios", Value::Null).await;
    assert!(names.as_array().unwrap().contains(&json!("s2-rerun")));
    assert_eq!(
        call(&double, Method::POST, "/scenarios/s2-rerun", Value::Null)
            .await
            .0,
        204
    );
    assert_eq!(
        call(&double, Method::POST, "/scenarios/s99", Value::Null)
            .await
            .0,
        404
    );
    let (_, state) = call(&double, Method::GET, "/state", Value::Null).await;
    let attempts = state["builds"].as_array().unwrap().iter();
    let conclusions: Vec<_> = attempts.map(|build| &build["conclusion"]).collect();
    assert_eq!(conclusions, ["failure", "success"]);
    assert_eq!(
        call(&double, Method::POST, "/reset", Value::Null).await.0,
        204
    );
    let (_, state) = call(&double, Method::GET, "/state", Value::Null).await;
    assert_eq!(state["builds"], json!([]));
}

#[tokio::test]
async fn requests_are_shown_and_forgotten() {
    let double = start().await;
    let url = format!("{}/meta", double.api_url());
    let request = Request::get(url).header("user-agent", "test");
    request_json(request.body(Full::default()).unwrap()).await;
    let (_, log) = call(&double, Method::GET, "/requests", Value::Null).await;
    assert_eq!(log["requests"][0]["path"], "/meta");
    assert_eq!(log["peaks"], json!({"none": 1}));
    call(&double, Method::DELETE, "/requests", Value::Null).await;
    assert!(double.requests().is_empty());
}

#[tokio::test]
async fn a_story_without_a_receiver_delivers_nothing() {
    let double = start().await;
    call(&double, Method::POST, "/scenarios/s1-happy", Value::Null).await;
    assert!(double.undelivered() > 0);
    let (_, line) = call(&double, Method::POST, "/emit", Value::Null).await;
    assert_eq!(line, json!({"undelivered": 0}));
    let (_, hooks) = call(&double, Method::GET, "/hooks", Value::Null).await;
    assert_eq!(hooks, json!([]));
}

async fn start() -> Double {
    Double::start(Options::frozen(7, NOON)).await.unwrap()
}

async fn call(double: &Double, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
    send(double, method, path, double.control_token(), body).await
}

async fn send(
    double: &Double,
    method: Method,
    path: &str,
    token: &str,
    body: Value,
) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(format!("{}{path}", double.control_url()))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json");
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    request_json(request.body(Full::from(body)).unwrap()).await
}

async fn request_json(request: Request<Full<Bytes>>) -> (StatusCode, Value) {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let (parts, body) = client.request(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (
        parts.status,
        serde_json::from_slice(&body).unwrap_or_default(),
    )
}

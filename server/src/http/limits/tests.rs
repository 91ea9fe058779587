//! Limits through the router that has them, in a time that the test moves.

use std::time::Duration;

use axum::{
    Router, middleware,
    routing::{get, post},
};
use tokio::time::advance;
use tonic_types::StatusExt as _;
use tower::ServiceExt as _;

use super::*;

const WATCH: &str = "/lampboard.v1.BuildService/WatchBuilds";
const KEY: &str = "a-key";

fn port(streams: u32) -> PortConfig {
    PortConfig {
        limits: CallLimits {
            calls_per_second: NonZeroU32::new(10),
            streams: NonZeroU32::new(streams),
        },
        ..PortConfig::new(KEY.to_owned().into())
    }
}

fn router(port: PortConfig) -> Router {
    let limits = Limits::new(&Arc::new(port));
    let endless =
        async || Body::from_stream(futures_util::stream::pending::<std::io::Result<&str>>());
    Router::new()
        .route("/", get(async || "answered"))
        .route("/call", post(async || "answered"))
        .route(WATCH, post(endless))
        .layer(middleware::from_fn_with_state(limits, hold))
}

fn from(address: &str) -> Request<Body> {
    let mut request = Request::get("/").body(Body::empty()).unwrap();
    request.extensions_mut().insert(Peer {
        address: address.parse().unwrap(),
        has_certificate: false,
    });
    request
}

fn call(address: &str, path: &str) -> Request<Body> {
    let mut request = from(address);
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = path.parse().unwrap();
    let grpc = HeaderValue::from_static("application/grpc");
    request.headers_mut().insert(CONTENT_TYPE, grpc);
    request
}

async fn answer(router: &Router, request: Request<Body>) -> Response<Body> {
    router.clone().oneshot(request).await.unwrap()
}

/// How many requests in a row are answered.
async fn answered(router: &Router, address: &str) -> usize {
    for count in 0..1000 {
        if !answer(router, from(address)).await.status().is_success() {
            return count;
        }
    }
    1000
}

#[tokio::test(start_paused = true)]
async fn an_address_has_its_burst_and_then_its_pace() {
    let router = router(port(1));
    assert_eq!(answered(&router, "192.0.2.1").await, 100);
    assert_eq!(answered(&router, "192.0.2.1").await, 0);
    assert_eq!(
        answered(&router, "192.0.2.2").await,
        100,
        "another one has his own"
    );
    advance(Duration::from_secs(2)).await;
    assert_eq!(answered(&router, "192.0.2.1").await, 20);
    advance(Duration::from_mins(1)).await;
    assert_eq!(answered(&router, "192.0.2.1").await, 100);
}

#[tokio::test(start_paused = true)]
async fn who_asks_too_much_is_told_when_to_come_again() {
    let router = router(port(1));
    answered(&router, "192.0.2.1").await;
    let refused = answer(&router, from("192.0.2.1")).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers()[RETRY_AFTER], "1");
    let refused = answer(&router, call("192.0.2.1", "/call")).await;
    let status = Status::from_header_map(refused.headers()).unwrap();
    assert_eq!(status.code(), Code::ResourceExhausted);
    let wait = status
        .get_details_retry_info()
        .unwrap()
        .retry_delay
        .unwrap();
    assert_eq!(wait, Duration::from_millis(100));
    advance(wait).await;
    let response = answer(&router, call("192.0.2.1", "/call")).await;
    assert!(!response.headers().contains_key("grpc-status"));
}

#[tokio::test(start_paused = true)]
async fn an_address_of_ipv6_is_the_network_that_it_is_in() {
    let router = router(port(1));
    assert_eq!(answered(&router, "2001:db8::1").await, 100);
    assert_eq!(answered(&router, "2001:db8::ffff:1").await, 0);
    assert_eq!(answered(&router, "2001:db8:0:1::1").await, 100);
    assert_eq!(answered(&router, "192.0.2.1").await, 100);
    assert_eq!(answered(&router, "::ffff:192.0.2.1").await, 0);
}

#[tokio::test(start_paused = true)]
async fn streams_are_counted_while_they_are_open() {
    let router = router(port(2));
    let open = async |address| {
        let response = answer(&router, call(address, WATCH)).await;
        let status = Status::from_header_map(response.headers());
        match status {
            None => Ok(response),
            Some(status) => Err(status),
        }
    };
    let first = open("192.0.2.1").await.unwrap();
    let _second = open("192.0.2.1").await.unwrap();
    let refused = open("192.0.2.1").await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(refused.get_details_retry_info().is_some());
    assert!(open("192.0.2.2").await.is_ok());
    drop(first);
    assert!(open("192.0.2.1").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_app_and_who_is_on_this_machine_are_not_held_up() {
    let router = router(port(1));
    for _ in 0..300 {
        let mut app = call("192.0.2.1", "/call");
        let key = HeaderValue::from_static("Bearer a-key");
        app.headers_mut().insert(AUTHORIZATION, key);
        assert!(
            !answer(&router, app)
                .await
                .headers()
                .contains_key("grpc-status")
        );
        let here = Request::get("/").body(Body::empty()).unwrap();
        assert_eq!(answer(&router, here).await.status(), StatusCode::OK);
    }
    assert_eq!(answered(&router, "192.0.2.1").await, 100);
    let mut forged = call("192.0.2.1", "/call");
    let key = HeaderValue::from_static("Bearer another");
    forged.headers_mut().insert(AUTHORIZATION, key);
    assert!(
        answer(&router, forged)
            .await
            .headers()
            .contains_key("grpc-status")
    );
}

#[tokio::test(start_paused = true)]
async fn many_addresses_take_no_more_memory() {
    let limits = Limits::new(&Arc::new(port(1)));
    for number in 0..200_000_u32 {
        let caller = Caller::Address(std::net::Ipv4Addr::from_bits(number).into());
        let _ = limits.count(caller);
        drop(limits.open(caller));
    }
    assert!(limits.streams().is_empty());
}

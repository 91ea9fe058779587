//! What one port serves beside calls, and what it refuses before any call is made.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderValue, Method, Request, Response, StatusCode, Version, request},
};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use lampboard_server::{Hosts, PortConfig};

use crate::support::{TestServer, pass, port};

const LIST: &str = "/lampboard.v1.BuildService/ListBuilds";
/// An empty message, framed.
const EMPTY: &[u8] = &[0, 0, 0, 0, 0];

async fn send(server: &TestServer, request: request::Builder) -> Response<Body> {
    let request = request.body(Body::from(EMPTY)).unwrap();
    server.server.router().oneshot(request).await.unwrap()
}

async fn status(server: &TestServer, request: request::Builder) -> StatusCode {
    send(server, request).await.status()
}

fn grpc() -> request::Builder {
    Request::post(LIST)
        .version(Version::HTTP_2)
        .header("content-type", "application/grpc")
        .header("host", "board.example.com")
}

/// Answers for names of this machine, and these.
fn named(hosts: &[&str]) -> PortConfig {
    let hosts = hosts.iter().map(|host| (*host).to_owned());
    PortConfig {
        hosts: Hosts::Named(hosts.collect()),
        ..port()
    }
}

async fn text(response: Response<Body>) -> String {
    let body = response.into_body().collect().await.unwrap();
    String::from_utf8(body.to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn only_calls_sent_as_grpc_are_made() {
    let server = TestServer::start().await;
    for version in [Version::HTTP_11, Version::HTTP_2] {
        let sent_as = |content_type: &str| {
            Request::post(LIST)
                .version(version)
                .header("content-type", content_type)
        };
        for content_type in [
            "text/plain",
            "text/plain;charset=UTF-8",
            "application/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/grpcx",
            "application/grpc-web+json",
            "application/grpc; charset=utf-8",
            "",
        ] {
            let status = status(&server, sent_as(content_type)).await;
            assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{content_type}");
        }
        let without = Request::post(LIST).version(version);
        let status = status(&server, without).await;
        assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    for version in [Version::HTTP_2, Version::HTTP_11] {
        for content_type in ["application/grpc-web", "application/grpc-web-text+proto"] {
            let request = Request::post(LIST)
                .version(version)
                .header("content-type", content_type);
            assert_eq!(status(&server, request).await, StatusCode::OK);
        }
    }
    let response = send(&server, grpc()).await;
    assert_eq!(response.status(), StatusCode::OK);
    let trailers = response.into_body().collect().await.unwrap();
    assert_eq!(trailers.trailers().unwrap()["grpc-status"], "0");
}

#[tokio::test]
async fn calls_are_made_by_post_alone() {
    let server = TestServer::start().await;
    let others = [
        Method::GET,
        Method::HEAD,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
    ];
    for method in others {
        for content_type in ["application/grpc", "text/plain"] {
            let request = Request::builder()
                .method(method.clone())
                .uri(LIST)
                .version(Version::HTTP_2)
                .header("content-type", content_type);
            let response = send(&server, request).await;
            assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
            assert_eq!(response.headers()["allow"], "POST");
        }
    }
}

#[tokio::test]
async fn pages_of_other_sites_can_not_call() {
    let server = TestServer::start().await;
    let foreign = [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", ""),
        ("origin", "https://board.example.com.evil.example"),
        ("origin", "https://sub.board.example.com"),
        ("origin", "https://board.example.com:8443"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", ""),
    ];
    for (name, value) in foreign {
        for version in [Version::HTTP_11, Version::HTTP_2] {
            let request = grpc().version(version).header(name, value);
            let status = status(&server, request).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{name}: {value}");
        }
        let preflight = Request::builder()
            .method(Method::OPTIONS)
            .uri(LIST)
            .header("host", "board.example.com")
            .header(name, value);
        assert_eq!(status(&server, preflight).await, StatusCode::FORBIDDEN);
    }
    let own = [
        ("origin", "https://board.example.com"),
        ("origin", "http://board.example.com"),
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-site", "none"),
    ];
    for (name, value) in own {
        let request = grpc().header(name, value);
        assert_eq!(status(&server, request).await, StatusCode::OK, "{value}");
    }
    // HTTP/2 names the host in the URI.
    let request = Request::post(format!("https://board.example.com{LIST}"))
        .version(Version::HTTP_2)
        .header("content-type", "application/grpc")
        .header("origin", "https://board.example.com");
    assert_eq!(status(&server, request).await, StatusCode::OK);
}

#[tokio::test]
async fn a_link_from_elsewhere_opens_the_page() {
    let server = TestServer::start().await;
    let link = Request::get("/builds").header("sec-fetch-site", "cross-site");
    assert_eq!(status(&server, link).await, StatusCode::OK);
}

#[tokio::test]
async fn without_sign_in_only_names_of_this_machine_are_answered() {
    let server = TestServer::start_with(named(&[])).await;
    for path in [LIST, "/", "/healthz"] {
        for host in ["evil.test", "localhost.evil.test", "10.0.0.1:8080", ""] {
            let request = Request::post(path).header("host", host);
            let status = status(&server, request).await;
            assert_eq!(status, StatusCode::MISDIRECTED_REQUEST, "{host} {path}");
        }
        let without = Request::get(path);
        let status = status(&server, without).await;
        assert_eq!(status, StatusCode::MISDIRECTED_REQUEST);
    }
    for host in ["localhost", "127.0.0.1:8080", "[::1]:8080"] {
        let request = Request::get("/healthz").header("host", host);
        assert_eq!(status(&server, request).await, StatusCode::OK, "{host}");
    }
    let rebound = Request::post(format!("http://evil.test{LIST}"))
        .version(Version::HTTP_2)
        .header("host", "localhost")
        .header("content-type", "application/grpc");
    let status = status(&server, rebound).await;
    assert_eq!(status, StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn the_hosts_of_the_settings_are_answered_for() {
    let server = TestServer::start_with(named(&["ci.example.org", "10.0.0.1"])).await;
    let status = async |host: &str| {
        let request = Request::get("/healthz").header("host", host);
        status(&server, request).await
    };
    for host in [
        "ci.example.org",
        "CI.example.org:8443",
        "10.0.0.1:80",
        "[::1]",
    ] {
        assert_eq!(status(host).await, StatusCode::OK, "{host}");
    }
    for host in [
        "example.org",
        "x.ci.example.org",
        "ci.example.org.",
        "10.0.0.2",
        "a:b:1",
    ] {
        let status = status(host).await;
        assert_eq!(status, StatusCode::MISDIRECTED_REQUEST, "{host}");
    }
}

/// A call by gRPC-Web from a page of another site, as a browser sends it.
fn call_from(origin: &str) -> request::Builder {
    Request::post(LIST)
        .header("host", "board.example.com")
        .header("content-type", "application/grpc-web+proto")
        .header("sec-fetch-site", "cross-site")
        .header("origin", origin)
}

fn preflight_from(origin: &str) -> request::Builder {
    Request::options(LIST)
        .header("host", "board.example.com")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type,x-grpc-web")
        .header("origin", origin)
}

#[tokio::test]
async fn only_the_sites_of_the_settings_may_call() {
    let server = TestServer::start_with(PortConfig {
        cors_origins: vec![HeaderValue::from_static("https://tools.example.com")],
        ..port()
    });
    let server = server.await;
    let own = "https://tools.example.com";
    let response = send(&server, preflight_from(own)).await;
    assert!(response.status().is_success());
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_lowercase();
    assert_eq!(header("access-control-allow-origin"), own);
    assert_eq!(header("access-control-allow-credentials"), "true");
    assert_eq!(header("access-control-allow-methods"), "post");
    for name in [
        "content-type",
        "x-grpc-web",
        "authorization",
        "grpc-timeout",
    ] {
        assert!(
            header("access-control-allow-headers").contains(name),
            "{name}"
        );
    }
    assert!(header("vary").contains("origin"));
    let response = send(&server, call_from(own)).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["access-control-allow-origin"], own);
    assert!(
        response
            .headers()
            .contains_key("access-control-expose-headers")
    );

    for other in [
        "https://evil.example",
        "http://tools.example.com",
        "https://tools.example.com:8443",
        "https://tools.example.com.evil.example",
        "null",
        "*",
    ] {
        for request in [preflight_from(other), call_from(other)] {
            let response = send(&server, request).await;
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{other}");
            assert!(
                !response
                    .headers()
                    .contains_key("access-control-allow-origin")
            );
        }
    }
    // What a form can send stays refused, and so does what is no call.
    let form = call_from(own).header("content-type", "text/plain");
    assert_eq!(status(&server, form).await, StatusCode::FORBIDDEN);
    let page = Request::post("/unsubscribe/x").header("origin", own);
    assert_eq!(status(&server, page).await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn without_the_setting_no_site_is_told_that_it_may_call() {
    let server = TestServer::start().await;
    for origin in ["https://tools.example.com", "null", "*"] {
        for request in [preflight_from(origin), call_from(origin)] {
            let response = send(&server, request).await;
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{origin}");
            let names = response.headers().keys();
            assert!(
                !names
                    .into_iter()
                    .any(|it| it.as_str().starts_with("access-control"))
            );
        }
    }
    // Nor is our own page, which need not ask.
    let own = preflight_from("https://board.example.com");
    assert_eq!(status(&server, own).await, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn unknown_methods_are_told_so_in_grpc() {
    let server = TestServer::start().await;
    for path in [
        "/lampboard.v1.BuildService/Nonsense",
        "/lampboard.v1.AlertService/Nonsense",
        "/nonsense.Service/Method",
        "/",
    ] {
        let request = Request::post(path)
            .version(Version::HTTP_2)
            .header("content-type", "application/grpc");
        let response = send(&server, request).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(response.headers()["grpc-status"], "12", "{path}");
    }
}

#[tokio::test]
async fn probes_tell_life_from_readiness() {
    let server = TestServer::start().await;
    let probe = async |path| {
        let response = send(&server, Request::get(path)).await;
        (response.status().as_u16(), text(response).await)
    };
    assert_eq!(probe("/healthz").await, (200, "ok\n".to_owned()));
    assert_eq!(probe("/readyz").await, (200, "ready\n".to_owned()));
    server.sabotage("DROP TABLE write_probe").await;
    assert_eq!(probe("/readyz").await.0, 200, "it was written just now");
    pass(Duration::from_secs(1)).await;
    assert_eq!(probe("/healthz").await.0, 200);
    let (code, problem) = probe("/readyz").await;
    assert_eq!(code, 503);
    assert!(problem.contains("can not be written"), "{problem}");
}

#[tokio::test]
async fn a_server_that_stops_is_alive_and_not_ready() {
    let server = TestServer::start().await;
    server.server.end_streams().await;
    let alive = Request::get("/healthz");
    assert_eq!(status(&server, alive).await, StatusCode::OK);
    let ready = Request::get("/readyz");
    let ready = status(&server, ready).await;
    assert_eq!(ready, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn every_page_is_the_ui_under_a_strict_policy() {
    let server = TestServer::start().await;
    for path in ["/", "/builds", "/builds/7-1-1?tab=jobs", "/a/b/c"] {
        let response = send(&server, Request::get(path)).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let header = |name: &str| response.headers()[name].to_str().unwrap();
        assert!(header("content-type").starts_with("text/html"));
        let policy = header("content-security-policy");
        for rule in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        ] {
            assert!(policy.contains(rule), "{rule} is not in {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(header("cache-control"), "no-cache");
        assert!(
            !response
                .headers()
                .contains_key("access-control-allow-origin")
        );
        assert!(text(response).await.contains("<title>"));
    }
}

#[tokio::test]
async fn a_page_is_only_read() {
    let server = TestServer::start().await;
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let request = Request::builder().method(method.clone()).uri("/builds");
        let response = send(&server, request).await;
        assert_eq!(
            response.status(),
            StatusCode::METHOD_NOT_ALLOWED,
            "{method}"
        );
        assert_eq!(response.headers()["allow"], "GET, HEAD");
    }
}

#[tokio::test]
async fn an_unchanged_page_is_not_sent_again() {
    let server = TestServer::start().await;
    let first = send(&server, Request::get("/")).await;
    let etag = first.headers()["etag"].clone();
    let again = send(&server, Request::get("/").header("if-none-match", etag)).await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(text(again).await, "");
}

#[tokio::test]
async fn a_file_of_an_older_page_is_not_found() {
    let server = TestServer::start().await;
    let old = Request::get("/assets/index-0ld.js");
    assert_eq!(status(&server, old).await, StatusCode::NOT_FOUND);
}

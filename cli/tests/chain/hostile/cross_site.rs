//! Calls that another site's page makes a browser send.

use http::{Request, StatusCode, request::Builder};
use http_body_util::Full;
use tonic::Code;

use crate::support::{lampboard::Lampboard, webhook::Answer};

/// An empty request in gRPC's frame.
const EMPTY: &[u8] = &[0; 5];

fn call() -> Builder {
    Request::post("/lampboard.v1.BuildService/ListBuilds")
}

async fn answer_to(lampboard: &Lampboard, request: Builder) -> Answer {
    let request = request.body(Full::from(EMPTY)).unwrap();
    lampboard.hook().send(request).await.unwrap()
}

#[tokio::test]
async fn only_grpc_from_the_same_site_is_answered() {
    const GRPC_WEB: &str = "application/grpc-web+proto";
    let lampboard = Lampboard::serve().await;
    let own = format!("http://{}", lampboard.server.address());
    let typed = |content_type| call().header("content-type", content_type);
    let from = |name, value: &str| typed(GRPC_WEB).header(name, value);
    let cases = [
        (typed(GRPC_WEB), StatusCode::OK),
        (from("origin", &own), StatusCode::OK),
        (from("sec-fetch-site", "same-origin"), StatusCode::OK),
        (typed("text/plain"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (call(), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (
            typed("application/x-www-form-urlencoded"),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ),
        (
            from("origin", "https://evil.example"),
            StatusCode::FORBIDDEN,
        ),
        (from("origin", "null"), StatusCode::FORBIDDEN),
        (from("sec-fetch-site", "cross-site"), StatusCode::FORBIDDEN),
        (from("sec-fetch-site", "same-site"), StatusCode::FORBIDDEN),
        (from("host", "evil.test"), StatusCode::MISDIRECTED_REQUEST),
    ];
    for (request, expected) in cases {
        let shown = format!("{:?}", request.headers_ref());
        let answer = answer_to(&lampboard, request).await;
        assert_eq!(answer.status, expected, "{shown}");
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
    }
}

#[tokio::test]
async fn reports_need_the_write_key() {
    let lampboard = Lampboard::serve().await;
    for key in [None, Some("Bearer "), Some("Bearer wrong"), Some("Basic x")] {
        let mut request = Request::post("/lampboard.v1.IngestService/Report")
            .header("content-type", "application/grpc-web+proto");
        if let Some(key) = key {
            request = request.header("authorization", key);
        }
        let answer = answer_to(&lampboard, request).await;
        assert_eq!(code(&answer), Code::Unauthenticated, "{key:?}");
    }
}

#[tokio::test]
async fn messages_that_claim_too_much_are_refused_before_they_are_read() {
    let lampboard = Lampboard::serve().await;
    let grpc = || call().header("content-type", "application/grpc-web+proto");
    let four_gigabytes = [&[0, 0xff, 0xff, 0xff, 0xff][..], &[0; 100]].concat();
    let compressed = [&[1, 0, 0, 0, 4][..], &[0x1f, 0x8b, 8, 0]].concat();
    let gzip = grpc().header("grpc-encoding", "gzip");
    let cases = [
        (grpc(), four_gigabytes, Code::OutOfRange),
        (gzip, compressed.clone(), Code::Unimplemented),
        (grpc(), compressed, Code::Internal),
    ];
    for (request, body, expected) in cases {
        let request = request.body(Full::from(body)).unwrap();
        let answer = lampboard.hook().send(request).await.unwrap();
        assert_eq!(code(&answer), expected, "{answer:?}");
    }
}

/// How a call ended: gRPC-Web says so in the head or, once there is a body, at its end.
fn code(answer: &Answer) -> Code {
    if let Some(code) = answer.headers.get("grpc-status") {
        return Code::from_bytes(code.as_bytes());
    }
    let body = String::from_utf8_lossy(&answer.body);
    let (_, code) = body.split_once("grpc-status:").unwrap();
    Code::from_bytes(code.lines().next().unwrap().trim().as_bytes())
}

//! Webhooks that come through the port, to a server that knows what they are signed with.

use axum::{
    body::Body,
    http::{Request, Version},
};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use lampboard_proto::v1::{Delivery, ReportRequest, ReportSource};
use lampboard_server::PortConfig;
use prost::Message as _;
use tonic::Code;
use tower::ServiceExt as _;

use crate::support::{TestServer, WRITE_KEY, port};

/// GitHub's documented example.
const SECRET: &str = "It's a Secret to Everybody";
const BODY: &[u8] = b"Hello, World!";
const SIGNED: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

fn report(source: ReportSource, payload: impl Into<Bytes>, signature: &str) -> ReportRequest {
    ReportRequest {
        source: source.into(),
        delivery: Some(Delivery {
            guid: format!("guid-{signature}"),
            event: "ping".to_owned(),
            receive_time: Some(prost_types::Timestamp::default()),
            payload: payload.into(),
            signature: signature.to_owned(),
            ..Delivery::default()
        }),
        ..ReportRequest::default()
    }
}

/// Sends a report through the port.
async fn send(server: &TestServer, report: &ReportRequest) -> Code {
    let mut frame = vec![0];
    frame.extend(u32::try_from(report.encoded_len()).unwrap().to_be_bytes());
    report.encode(&mut frame).unwrap();
    let request = Request::post("/lampboard.v1.IngestService/Report")
        .version(Version::HTTP_2)
        .header("content-type", "application/grpc")
        .header("authorization", format!("Bearer {WRITE_KEY}"))
        .body(Body::from(frame))
        .unwrap();
    let response = server.server.router().oneshot(request).await.unwrap();
    let of_head = response.headers().get("grpc-status").cloned();
    let body = response.into_body().collect().await.unwrap();
    let of_end = body
        .trailers()
        .and_then(|it| it.get("grpc-status").cloned());
    Code::from_bytes(of_head.or(of_end).unwrap().as_bytes())
}

async fn knowing(secrets: &[&str]) -> TestServer {
    let secrets = secrets.iter().map(|secret| (*secret).to_owned().into());
    TestServer::start_with(PortConfig {
        webhook_secrets: secrets.collect(),
        ..port()
    })
    .await
}

#[tokio::test]
async fn a_webhook_is_taken_with_githubs_signature_alone() {
    let server = knowing(&["another secret", SECRET]).await;
    let webhook =
        |payload: &'static [u8], signature: &str| report(ReportSource::Webhook, payload, signature);
    assert_eq!(send(&server, &webhook(BODY, SIGNED)).await, Code::Ok);
    let hex = SIGNED.trim_start_matches("sha256=");
    let zeros = format!("sha256={}", "0".repeat(64));
    for (payload, signature) in [
        (&b"Hello, World?"[..], SIGNED),
        (b"", SIGNED),
        (BODY, ""),
        (BODY, hex),
        (BODY, zeros.as_str()),
        (BODY, &SIGNED[..70]),
    ] {
        let code = send(&server, &webhook(payload, signature)).await;
        assert_eq!(code, Code::PermissionDenied, "{signature}");
    }
    let without = ReportRequest {
        delivery: None,
        ..webhook(BODY, SIGNED)
    };
    assert_eq!(send(&server, &without).await, Code::PermissionDenied);
    // What GitHub was asked for is signed by nobody.
    let asked = report(ReportSource::Reconcile, BODY, "");
    assert_eq!(send(&server, &asked).await, Code::Ok);
}

#[tokio::test]
async fn a_large_body_is_checked_as_well() {
    let server = knowing(&[SECRET]).await;
    let large = vec![b'x'; 1 << 20];
    let forged = report(ReportSource::Webhook, large, SIGNED);
    assert_eq!(send(&server, &forged).await, Code::PermissionDenied);
}

#[tokio::test]
async fn who_knows_no_secret_goes_by_the_write_key() {
    let server = knowing(&[]).await;
    let unsigned = report(ReportSource::Webhook, BODY, "");
    assert_eq!(send(&server, &unsigned).await, Code::Ok);
}

//! How much a call may carry.

use axum::{body::Body, http};
use bytes::Bytes;
use lampboard_proto::v1::{self, Delivery, ListBuildsRequest};
use tonic::Code;
use tower::ServiceExt as _;

use crate::support::{TestServer, code, queued, report, time};

const MIB: usize = 1 << 20;

fn with_payload(size: usize) -> v1::ReportRequest {
    let mut request = report(vec![queued(1, 1)]);
    request.delivery = Some(Delivery {
        guid: "a".to_owned(),
        event: "workflow_run".to_owned(),
        receive_time: time(1),
        payload: Bytes::from(vec![b'x'; size]),
        ..Delivery::default()
    });
    request
}

#[tokio::test]
async fn a_payload_of_25_mib_fits_into_a_report() {
    let server = TestServer::start().await;
    let answer = server.send(with_payload(25 * MIB)).await.unwrap();
    assert_eq!(answer.build_ids, ["7-1-1"]);
}

#[tokio::test]
async fn a_report_of_more_than_27_mib_is_refused() {
    let server = TestServer::start().await;
    let answer = server.send(with_payload(27 * MIB)).await;
    assert_eq!(code(answer), Code::OutOfRange);
    let answer = server.send(with_payload(1)).await.unwrap();
    assert!(!answer.delivery_known, "nothing of it stayed");
}

#[tokio::test]
async fn any_other_request_holds_a_mebibyte() {
    let server = TestServer::start().await;
    let request = ListBuildsRequest {
        page_token: "x".repeat(MIB),
        ..ListBuildsRequest::default()
    };
    let answer = server.builds().list_builds(request).await;
    assert_eq!(code(answer), Code::OutOfRange);
}

#[tokio::test]
async fn a_compressed_call_is_not_unpacked() {
    let server = TestServer::start().await;
    let request = http::Request::post("/lampboard.v1.BuildService/ListBuilds")
        .version(http::Version::HTTP_2)
        .header("content-type", "application/grpc")
        .header("grpc-encoding", "gzip")
        .body(Body::from(&[1, 0, 0, 0, 1, 0][..]))
        .unwrap();
    let response = server.server.router().oneshot(request).await.unwrap();
    let unimplemented = i32::from(Code::Unimplemented).to_string();
    assert_eq!(response.headers()["grpc-status"], unimplemented);
}

//! The memory that messages may take: taken before they are read, and given back.

use std::convert::Infallible;

use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::{
    StreamExt as _,
    future::{BoxFuture, poll_immediate},
    stream,
};
use tonic::Code;
use tower::ServiceExt as _;

use crate::support::{TestServer, WRITE_KEY, queued, report};

/// Begins a call whose message is announced, and does not come.
fn announce(server: &TestServer, method: &str, size: u32) -> BoxFuture<'static, Option<String>> {
    let mut prefix = BytesMut::new();
    prefix.put_u8(0);
    prefix.put_u32(size);
    // In two parts, as they may come.
    let parts = [prefix.split_to(3).freeze(), prefix.freeze()];
    let parts = stream::iter(parts.map(Ok::<Bytes, Infallible>));
    let request = http::Request::post(format!("/lampboard.v1.{method}"))
        .version(http::Version::HTTP_2)
        .header("content-type", "application/grpc")
        .header("authorization", format!("Bearer {WRITE_KEY}"))
        .body(axum::body::Body::from_stream(
            parts.chain(stream::pending()),
        ))
        .unwrap();
    let router = server.server.router();
    Box::pin(async move {
        let response = router.oneshot(request).await.unwrap();
        let status = response.headers().get("grpc-status")?;
        Some(status.to_str().unwrap().to_owned())
    })
}

#[tokio::test]
async fn what_is_too_much_together_is_refused_before_it_is_read() {
    let server = TestServer::start().await;
    let large = 26 << 20;
    let mut first = announce(&server, "IngestService/Report", large);
    let mut second = announce(&server, "AppService/ReportStatus", large);
    for waiting in [&mut first, &mut second] {
        assert_eq!(poll_immediate(waiting).await, None, "the rest is to come");
    }
    let exhausted = i32::from(Code::ResourceExhausted).to_string();
    for method in ["IngestService/Report", "AppService/CloseGaps"] {
        let refused = announce(&server, method, large).await;
        assert_eq!(refused.as_ref(), Some(&exhausted), "{method}");
    }
    // Ordinary ones have room, and leave nothing behind.
    for run in 1..=3 {
        server.send(report(vec![queued(run, 1)])).await.unwrap();
    }
    drop(first);
    let mut third = announce(&server, "IngestService/Report", large);
    assert_eq!(poll_immediate(&mut third).await, None, "it was given back");
}

#[tokio::test]
async fn what_is_too_large_by_itself_is_refused_as_such() {
    let server = TestServer::start().await;
    let refused = announce(&server, "IngestService/Report", 28 << 20).await;
    let too_large = i32::from(Code::OutOfRange).to_string();
    assert_eq!(refused, Some(too_large));
}

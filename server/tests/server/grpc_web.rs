//! gRPC-Web over HTTP/1.1, as browsers speak it: byte by byte.

use axum::{body::Body, http};
use bytes::{Buf as _, Bytes, BytesMut};
use http_body_util::BodyExt as _;
use lampboard_proto::v1::{
    ListBuildsRequest, ListBuildsResponse, WatchBuildsRequest, WatchBuildsResponse,
    watch_builds_response::Event,
};
use lampboard_server::{Hosts, PortConfig};
use prost::Message;
use tower::ServiceExt as _;

use crate::support::{TestServer, port, queued};

const TRAILERS: u8 = 0x80;

/// The prefix of five bytes, and the message.
fn framed(message: &impl Message) -> Vec<u8> {
    let length = u32::try_from(message.encoded_len()).unwrap();
    let mut frame = vec![0];
    frame.extend(length.to_be_bytes());
    frame.extend(message.encode_to_vec());
    frame
}

async fn call(server: &TestServer, method: &str, body: Vec<u8>) -> http::Response<Body> {
    let request = http::Request::post(format!("http://localhost/lampboard.v1.{method}"))
        .version(http::Version::HTTP_11)
        .header("content-type", "application/grpc-web+proto")
        .header("origin", "http://localhost")
        .header("sec-fetch-site", "same-origin")
        .body(Body::from(body))
        .unwrap();
    server.server.router().oneshot(request).await.unwrap()
}

/// Reads frame after frame of a body, as they come.
struct Frames {
    body: Body,
    read: BytesMut,
}

impl Frames {
    fn of(response: http::Response<Body>) -> Self {
        assert_eq!(response.status(), http::StatusCode::OK);
        let content_type = &response.headers()["content-type"];
        assert_eq!(content_type, "application/grpc-web+proto");
        Self {
            body: response.into_body(),
            read: BytesMut::new(),
        }
    }

    async fn next(&mut self) -> Option<(u8, Bytes)> {
        loop {
            if let Some(length) = self.read.get(1..5) {
                let length = u32::from_be_bytes(length.try_into().unwrap()) as usize;
                if self.read.len() >= 5 + length {
                    let mut frame = self.read.split_to(5 + length);
                    let flags = frame.get_u8();
                    frame.advance(4);
                    return Some((flags, frame.freeze()));
                }
            }
            let more = self.body.frame().await?.unwrap();
            self.read
                .extend(more.into_data().expect("HTTP/1.1 carries data"));
        }
    }

    async fn message<M: Message + Default>(&mut self) -> M {
        let (flags, message) = self.next().await.expect("a frame comes");
        assert_eq!(flags, 0, "it is a message");
        M::decode(message).unwrap()
    }

    /// The trailers, which are the last frame.
    async fn trailers(&mut self) -> String {
        let (flags, trailers) = self.next().await.expect("a frame comes");
        assert_eq!(flags, TRAILERS);
        assert!(self.next().await.is_none());
        String::from_utf8(trailers.to_vec()).unwrap()
    }
}

#[tokio::test]
async fn a_unary_call_is_answered() {
    let server = TestServer::start_with(PortConfig {
        hosts: Hosts::Named(Vec::new()),
        ..port()
    })
    .await;
    server.report(vec![queued(1, 1)]).await;
    let request = framed(&ListBuildsRequest::default());
    let response = call(&server, "BuildService/ListBuilds", request).await;
    let mut frames = Frames::of(response);
    let list: ListBuildsResponse = frames.message().await;
    assert_eq!(list.builds[0].id, "7-1-1");
    let trailers = frames.trailers().await;
    assert!(trailers.contains("grpc-status:0"), "{trailers}");
}

#[tokio::test]
async fn a_refusal_is_told_in_grpc() {
    let server = TestServer::start().await;
    let request = framed(&ListBuildsRequest {
        page_size: -1,
        ..ListBuildsRequest::default()
    });
    let response = call(&server, "BuildService/ListBuilds", request).await;
    let in_headers = response.headers().get("grpc-status").cloned();
    let told = match in_headers {
        Some(status) => format!("grpc-status:{}", status.to_str().unwrap()),
        None => Frames::of(response).trailers().await,
    };
    assert!(told.contains("grpc-status:3"), "{told}");
}

#[tokio::test]
async fn a_stream_comes_event_by_event() {
    let server = TestServer::start().await;
    let request = framed(&WatchBuildsRequest::default());
    let response = call(&server, "BuildService/WatchBuilds", request).await;
    let mut frames = Frames::of(response);
    let first: WatchBuildsResponse = frames.message().await;
    assert!(matches!(first.event, Some(Event::Sync(_))));
    server.report(vec![queued(1, 1)]).await;
    let second: WatchBuildsResponse = frames.message().await;
    let Some(Event::Build(build)) = second.event else {
        panic!("not a build: {second:?}");
    };
    assert_eq!(build.id, "7-1-1");
    server.server.end_streams().await;
    let trailers = frames.trailers().await;
    assert!(trailers.contains("grpc-status:14"), "{trailers}");
}

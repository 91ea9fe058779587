//! HTTP/2 as no client speaks it.

use std::slice;

use crate::support::{
    http2::{
        CONTINUATION, Connection, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, Frame, GOAWAY,
        HEADERS, RST_STREAM, SETTINGS, header_block,
    },
    lampboard::Lampboard,
};

const MAX_CONCURRENT_STREAMS: u16 = 3;
const MAX_HEADER_LIST_SIZE: u16 = 6;
const CANCEL: &[u8] = &8_u32.to_be_bytes();
/// What no flood of frames may take the process beyond, in MiB.
const MOST_MEMORY: u64 = 128;

/// The ids of a client's streams.
fn streams(count: u32) -> impl Iterator<Item = u32> {
    (0..count).map(|number| number * 2 + 1)
}

fn get(stream: u32) -> Frame {
    let block = header_block("GET", "/healthz", &[]);
    Frame::new(HEADERS, END_HEADERS | END_STREAM, stream, &block)
}

fn call(stream: u32) -> Frame {
    let path = "/lampboard.v1.BuildService/GetBuild";
    let further: [(&str, &[u8]); 1] = [("content-type", b"application/grpc")];
    let block = header_block("POST", path, &further);
    Frame::new(HEADERS, END_HEADERS, stream, &block)
}

async fn assert_unmoved(mut lampboard: Lampboard) {
    lampboard.server.assert_serving().await;
    let peak = lampboard.server.peak_memory();
    assert!(peak <= MOST_MEMORY, "{peak} MiB");
}

#[tokio::test]
async fn a_connection_is_told_its_limits() {
    let lampboard = Lampboard::serve().await;
    let mut connection = Connection::open(lampboard.server.address()).await;
    let settings = connection.next_of(SETTINGS).await.unwrap();
    assert_eq!(settings.setting(MAX_CONCURRENT_STREAMS), Some(100));
    let size = settings.setting(MAX_HEADER_LIST_SIZE).unwrap();
    assert!(size <= 64 << 10, "{size}");
}

#[tokio::test]
async fn a_rapid_reset_is_sent_away() {
    let lampboard = Lampboard::serve().await;
    let mut connection = Connection::open(lampboard.server.address()).await;
    for stream in streams(10_000) {
        let reset = Frame::new(RST_STREAM, 0, stream, CANCEL);
        if !connection.send(&[get(stream), reset]).await {
            break;
        }
    }
    let farewell = connection.next_of(GOAWAY).await.unwrap();
    assert_eq!(farewell.error_code(), ENHANCE_YOUR_CALM);
    assert_unmoved(lampboard).await;
}

#[tokio::test]
async fn more_streams_than_allowed_are_refused() {
    let lampboard = Lampboard::serve().await;
    let mut connection = Connection::open(lampboard.server.address()).await;
    for stream in streams(10_000) {
        if !connection.send(&[call(stream)]).await {
            break;
        }
    }
    let mut refused = 0;
    while let Some(frame) = connection.next().await {
        match frame.kind {
            RST_STREAM => refused += 1,
            GOAWAY => break,
            _ => {}
        }
        if refused == 9_900 {
            break;
        }
    }
    assert!(refused > 0);
    assert_unmoved(lampboard).await;
}

#[tokio::test]
async fn endless_continuations_are_cut() {
    let lampboard = Lampboard::serve().await;
    let mut connection = Connection::open(lampboard.server.address()).await;
    let start = Frame::new(HEADERS, END_STREAM, 1, &header_block("GET", "/", &[]));
    let more = header_block("GET", "/", &[]).repeat(100);
    let more = Frame::new(CONTINUATION, 0, 1, &more);
    assert!(connection.send(&[start]).await);
    let mut sent = 0;
    while sent < 100_000 && connection.send(slice::from_ref(&more)).await {
        sent += 1;
    }
    assert!(sent < 100_000, "it took everything");
    assert_unmoved(lampboard).await;
}

#[tokio::test]
async fn endless_empty_data_moves_nobody() {
    let lampboard = Lampboard::serve().await;
    let mut connection = Connection::open(lampboard.server.address()).await;
    assert!(connection.send(&[call(1)]).await);
    let nothing = vec![Frame::new(DATA, 0, 1, &[]); 1000];
    for _ in 0..100 {
        if !connection.send(&nothing).await {
            break;
        }
    }
    assert_unmoved(lampboard).await;
}

#[tokio::test]
async fn line_ends_in_a_header_are_refused() {
    let lampboard = Lampboard::serve().await;
    let mut connection = Connection::open(lampboard.server.address()).await;
    let hidden: [(&str, &[u8]); 1] = [("x-a", b"1\r\nx-hidden: 2")];
    let block = header_block("GET", "/healthz", &hidden);
    let request = Frame::new(HEADERS, END_HEADERS | END_STREAM, 1, &block);
    assert!(connection.send(&[request]).await);
    while let Some(frame) = connection.next().await {
        assert_ne!(frame.kind, HEADERS, "it was answered");
        if matches!(frame.kind, RST_STREAM | GOAWAY) {
            break;
        }
    }
    assert_unmoved(lampboard).await;
}

//! Requests byte by byte, for those that no HTTP client would send.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::{WEBHOOK, webhook};

/// How long any connection may last.
const PATIENCE: Duration = Duration::from_secs(30);

/// Opens a connection.
pub(crate) async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

/// Writes all, and reads until the other side closes.
pub(crate) async fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut connection = connect(address).await;
    let (mut reader, mut writer) = connection.split();
    // Whoever refuses a request early stops reading it; that is no failure.
    let write = writer.write_all(request);
    let (answer, _) = tokio::join!(read_to_end(&mut reader), write);
    answer
}

/// Writes all and nothing more ever, and reads until the other side closes.
pub(crate) async fn break_off(address: SocketAddr, request: &[u8]) -> String {
    let mut connection = connect(address).await;
    connection.write_all(request).await.unwrap();
    connection.shutdown().await.unwrap();
    read_to_end(&mut connection).await
}

/// Reads until the other side closes, in good order or not.
pub(crate) async fn read_to_end(reader: &mut (impl AsyncRead + Unpin)) -> String {
    let mut answer = Vec::new();
    timeout(PATIENCE, async {
        let _ = reader.read_to_end(&mut answer).await;
    })
    .await
    .expect("the connection was not closed in time");
    String::from_utf8(answer).unwrap()
}

/// The head of a signed delivery of `body`, the last on its connection, with
/// one more header line, such as its length.
pub(crate) fn signed_head(event: &str, guid: &str, body: &[u8], line: &str) -> String {
    format!(
        "POST {WEBHOOK} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Type: application/json\r\n\
         X-GitHub-Event: {event}\r\nX-GitHub-Delivery: {guid}\r\n\
         X-Hub-Signature-256: {}\r\n{line}\r\n\r\n",
        webhook::sign(body)
    )
}

/// A body as chunks.
pub(crate) fn chunked(body: &[u8]) -> Vec<u8> {
    let mut chunks = Vec::with_capacity(body.len() + body.len() / 1000);
    for chunk in body.chunks(64 << 10) {
        chunks.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        chunks.extend_from_slice(chunk);
        chunks.extend_from_slice(b"\r\n");
    }
    chunks.extend_from_slice(b"0\r\n\r\n");
    chunks
}

/// The status codes of all answers on one connection.
pub(crate) fn statuses(answers: &str) -> Vec<u16> {
    let mut codes = Vec::new();
    for (position, _) in answers.match_indices("HTTP/1.1 ") {
        codes.push(answers[position + 9..position + 12].parse().unwrap());
    }
    codes
}

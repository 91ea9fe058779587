//! Requests that another server on the way may read otherwise.

use crate::support::{WEBHOOK, lampboard::Lampboard, raw};

const HIDDEN: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn a_request_hidden_behind_two_lengths_is_not_answered() {
    let mut lampboard = Lampboard::serve().await;
    let hidden = format!("0\r\n\r\n{HIDDEN}");
    let length = format!("Content-Length: {}", hidden.len());
    let chunked = "Transfer-Encoding: chunked";
    for lines in [
        format!("{length}\r\n{chunked}"),
        format!("{chunked}\r\n{length}"),
        format!("Content-Length: 0\r\n{chunked}"),
        format!("{chunked}\r\nContent-Length: 0"),
        format!("{length}\r\nTransfer-Encoding: identity"),
        format!("{length}\r\nTransfer-Encoding: chunked, identity"),
        format!("{length}\r\nTransfer-Encoding : chunked"),
        format!("{length}\r\n Transfer-Encoding: chunked"),
    ] {
        for (path, content_type) in [
            (WEBHOOK, "application/json"),
            (
                "/lampboard.v1.BuildService/GetBuild",
                "application/grpc-web",
            ),
            ("/", "text/plain"),
        ] {
            let request = format!(
                "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n\
                 {lines}\r\n\r\n{hidden}"
            );
            let answer = raw::exchange(lampboard.webhook_address(), request.as_bytes()).await;
            let statuses = raw::statuses(&answer);
            assert_eq!(statuses.len(), 1, "{path} {lines:?}: {answer}");
        }
    }
    lampboard.server.assert_serving().await;
}

#[tokio::test]
async fn odd_request_lines_are_refused() {
    let mut lampboard = Lampboard::serve().await;
    let local = "Host: localhost\r\nConnection: close";
    let cases = [
        ("TRACE / HTTP/1.1", local, 405),
        (&format!("TRACE {WEBHOOK} HTTP/1.1"), local, 405),
        (&format!("GET {WEBHOOK} HTTP/1.1"), local, 405),
        (&format!("PUT {WEBHOOK} HTTP/1.1"), local, 405),
        ("CONNECT evil.test:80 HTTP/1.1", local, 405),
        ("GET http://evil.test/ HTTP/1.1", local, 421),
        (
            "GET / HTTP/1.1",
            "Host: evil.test\r\nConnection: close",
            421,
        ),
        (
            "GET / HTTP/1.1",
            "Host: localhost.evil.test\r\nConnection: close",
            421,
        ),
        ("GET / HTTP/1.1", "Connection: close", 421),
        ("GET /\0 HTTP/1.1", local, 400),
        ("GET / HTTP/9.9", local, 400),
        ("GET  / HTTP/1.1", local, 400),
        ("GET / HTTP/1.1", "Host: localhost\r\nX-\0: 1", 400),
    ];
    for (line, headers, expected) in cases {
        let request = format!("{line}\r\n{headers}\r\n\r\n");
        let answer = raw::exchange(lampboard.webhook_address(), request.as_bytes()).await;
        assert_eq!(
            raw::statuses(&answer),
            [expected],
            "{line} {headers}: {answer}"
        );
    }
    lampboard.server.assert_serving().await;
}

#[tokio::test]
async fn heads_without_end_are_refused() {
    let mut lampboard = Lampboard::serve().await;
    let line = format!("X-Long: {}\r\n", "x".repeat(1000));
    let endless = format!(
        "GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n",
        line.repeat(2000)
    );
    let many = format!(
        "GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n",
        "X: 1\r\n".repeat(1000)
    );
    let long = format!(
        "GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "x".repeat(1 << 20)
    );
    for request in [endless, many, long] {
        let answer = raw::exchange(lampboard.webhook_address(), request.as_bytes()).await;
        let statuses = raw::statuses(&answer);
        assert!(matches!(statuses[..], [414 | 431]), "{answer}");
    }
    lampboard.server.assert_serving().await;
}

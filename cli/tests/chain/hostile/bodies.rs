//! Bodies that are too large, too many, or not as long as they say.

use http::{
    Request, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use http_body_util::Full;
use tokio::task::JoinSet;

use crate::support::{
    LARGEST, alone_with_large_bodies,
    github::{a_run, a_run_of_size},
    lampboard::Lampboard,
    raw,
    webhook::signed,
};

/// What no load of bodies may take the process beyond, in MiB.
const MOST_MEMORY: u64 = 256;

#[tokio::test]
async fn a_body_may_have_25_mib_and_no_byte_more() {
    let _alone = alone_with_large_bodies().await;
    let lampboard = Lampboard::serve().await;
    for (size, expected) in [(LARGEST, 200), (LARGEST + 1, 413)] {
        let (_, event) = a_run_of_size(size);
        for (line, body) in [
            (format!("Content-Length: {size}"), event.body.to_vec()),
            (
                "Transfer-Encoding: chunked".to_owned(),
                raw::chunked(&event.body),
            ),
        ] {
            let head = raw::signed_head(&event.name, &event.guid, &event.body, &line);
            let request = [head.as_bytes(), &body].concat();
            let answer = raw::exchange(lampboard.webhook_address(), &request).await;
            assert_eq!(raw::statuses(&answer), [expected], "{line}: {answer}");
        }
    }
    let builds = lampboard.board().await.builds().await;
    assert_eq!(builds.len(), 1);
}

#[tokio::test]
async fn a_length_that_lies_records_nothing() {
    let mut lampboard = Lampboard::serve().await;
    let (_, event) = a_run();
    let size = event.body.len();
    let lies = [
        // The body is cut short.
        (format!("Content-Length: {}", size - 1), 401),
        ("Content-Length: 30000000000".to_owned(), 413),
        (format!("Content-Length: 1{}", u64::MAX), 400),
        ("Content-Length: -1".to_owned(), 400),
        ("Content-Length: +10".to_owned(), 400),
        (format!("Content-Length: {size}\r\nContent-Length: 1"), 400),
    ];
    for (line, expected) in lies {
        let head = raw::signed_head(&event.name, &event.guid, &event.body, &line);
        let request = [head.as_bytes(), &event.body].concat();
        let answer = raw::exchange(lampboard.webhook_address(), &request).await;
        assert_eq!(raw::statuses(&answer), [expected], "{line}: {answer}");
        lampboard.server.assert_serving().await;
    }
    // Longer than what comes.
    let length = format!("Content-Length: {}", size + 1);
    let head = raw::signed_head(&event.name, &event.guid, &event.body, &length);
    let request = [head.as_bytes(), &event.body].concat();
    let answer = raw::break_off(lampboard.webhook_address(), &request).await;
    assert_eq!(raw::statuses(&answer), [400], "{answer}");
    lampboard.server.assert_serving().await;
    assert!(lampboard.database().await.guids().await.is_empty());
}

#[tokio::test]
async fn fifty_of_the_largest_bodies_at_once_are_shed_and_do_not_fill_the_memory() {
    let _alone = alone_with_large_bodies().await;
    let mut lampboard = Lampboard::serve().await;
    let (_, event) = a_run_of_size(LARGEST);
    let length = format!("Content-Length: {LARGEST}");
    let head = raw::signed_head(&event.name, &event.guid, &event.body, &length);
    let request: std::sync::Arc<[u8]> = [head.as_bytes(), &event.body].concat().into();
    let mut bodies = JoinSet::new();
    for _ in 0..50 {
        let (address, request) = (lampboard.webhook_address(), request.clone());
        bodies.spawn(async move { raw::exchange(address, &request).await });
    }
    let (mut recorded, mut shed) = (0, 0);
    for answer in bodies.join_all().await {
        match raw::statuses(&answer)[..] {
            [200] => recorded += 1,
            [503] => {
                assert!(answer.contains("retry-after: "), "{answer}");
                shed += 1;
            }
            _ => panic!("{answer:?}"),
        }
    }
    assert!(recorded > 0 && shed > 0, "{recorded} recorded, {shed} shed");
    let peak = lampboard.server.peak_memory();
    println!("{recorded} recorded, {shed} shed; at most {peak} MiB");
    assert!(peak <= MOST_MEMORY, "{peak} MiB");

    lampboard.server.assert_serving().await;
    let answer = lampboard.hook().deliver_event(&event).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);
    assert!(!answer.headers.contains_key(RETRY_AFTER));
}

#[tokio::test]
async fn forms_and_compressed_bodies_are_refused_with_a_hint_in_the_log() {
    let lampboard = Lampboard::serve().await;
    let (client, (_, event)) = (lampboard.hook(), a_run());
    let form = [b"payload=", &event.body[..]].concat();
    let mut request = signed(&event.name, &event.guid, form);
    let form_type = "application/x-www-form-urlencoded".parse().unwrap();
    request.headers_mut().insert(CONTENT_TYPE, form_type);
    let answer = client.send(request).await.unwrap();
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let log = lampboard.server.log();
    assert!(
        log.contains("set the content type to application/json"),
        "{log}"
    );

    for encoding in ["gzip", "deflate", "br", "zstd"] {
        let mut request: Request<Full<_>> = signed(&event.name, &event.guid, event.body.clone());
        let encoding = encoding.parse().unwrap();
        request.headers_mut().insert("content-encoding", encoding);
        let answer = client.send(request).await.unwrap();
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    assert!(lampboard.database().await.guids().await.is_empty());
}

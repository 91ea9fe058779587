//! Bodies that are too large, too many or too slow, and servers that are too slow.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use http::{Request, StatusCode};
use lampboard_github_app::Limits;
use serde_json::json;
use tokio::time::{Instant, sleep};
use tokio_stream::{self as stream, StreamExt as _};

use crate::{
    payloads,
    support::{App, Reaction, delivery},
};

/// A signed event, filled up with spaces to exactly this size.
fn body_of(size: usize) -> Vec<u8> {
    let mut body = payloads::workflow_run().to_string().into_bytes();
    assert!(body.len() <= size, "the event alone is larger");
    body.resize(size, b' ');
    body
}

/// The same delivery, sent in chunks and without its length.
fn chunked(body: &[u8]) -> Request<Body> {
    let mut request = delivery("workflow_run", body.to_vec());
    request.headers_mut().remove("content-length");
    let chunks: Vec<_> = body
        .chunks(64 * 1024)
        .map(|chunk| Ok::<_, Infallible>(Bytes::copy_from_slice(chunk)))
        .collect();
    *request.body_mut() = Body::from_stream(stream::iter(chunks));
    request
}

/// The same delivery, of which only so many bytes ever come.
fn stuck(body: &[u8], sent: usize) -> Request<Body> {
    let mut request = delivery("workflow_run", body.to_vec());
    let sent = Bytes::copy_from_slice(&body[..sent]);
    let parts = stream::once(sent).chain(stream::pending());
    *request.body_mut() = Body::from_stream(parts.map(Ok::<_, Infallible>));
    request
}

/// The same delivery, of which the last byte takes some time.
fn slow(body: &[u8], delay: Duration) -> Request<Body> {
    let mut request = delivery("workflow_run", body.to_vec());
    let (most, last) = body.split_at(body.len() - 1);
    let most = Bytes::copy_from_slice(most);
    let last = Bytes::copy_from_slice(last);
    let parts = stream::once(most).chain(stream::once(last).then(move |last| async move {
        sleep(delay).await;
        last
    }));
    *request.body_mut() = Body::from_stream(parts.map(Ok::<_, Infallible>));
    request
}

/// A sender that is cut off in the middle never sees why.
#[tokio::test]
async fn the_rest_of_a_refused_body_runs_through() {
    let app = App::with_limits(Limits {
        body_size: 64 * 1024,
        ..Limits::default()
    });
    let pulled = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&pulled);
    let chunks = stream::iter([0_u8; 5]).map(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        Ok::<_, Infallible>(Bytes::from(vec![b' '; 20 * 1024]))
    });
    let mut request = delivery("workflow_run", Bytes::new());
    request.headers_mut().remove("content-length");
    *request.body_mut() = Body::from_stream(chunks);

    let answer = app.send(request).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(pulled.load(Ordering::Relaxed), 5, "the fourth was too much");
}

#[tokio::test]
async fn the_largest_body_is_taken_and_not_one_byte_more() {
    let size = Limits::default().body_size;
    assert_eq!(size, 25 * 1024 * 1024);
    let app = App::new();

    let largest = app.send(delivery("workflow_run", body_of(size))).await;
    assert_eq!(largest.status, StatusCode::OK);
    assert_eq!(app.report().delivery.unwrap().payload.len(), size);

    let larger = app.send(delivery("workflow_run", body_of(size + 1))).await;
    assert_eq!(larger.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(app.reports().len(), 1);
}

#[tokio::test]
async fn a_body_without_a_length_is_counted_as_it_comes() {
    let limits = Limits {
        body_size: 256 * 1024,
        bodies_in_flight: 300 * 1024,
        ..Limits::default()
    };
    let app = App::with_limits(limits);
    let largest = app.send(chunked(&body_of(limits.body_size))).await;
    assert_eq!(largest.status, StatusCode::OK);
    let larger = app.send(chunked(&body_of(limits.body_size + 1))).await;
    assert_eq!(larger.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(app.reports().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_announced_too_large_is_not_waited_for_long() {
    let app = App::new();
    let start = Instant::now();
    let mut request = delivery("workflow_run", "{}");
    let length = (Limits::default().body_size + 1).into();
    request.headers_mut().insert("content-length", length);
    *request.body_mut() = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
    let answer = app.send(request).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(start.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn a_length_that_lies_is_a_bad_request() {
    let app = App::new();
    for length in ["1", "3", "-1", "2 ", "two"] {
        let mut request = delivery("ping", "{}");
        request
            .headers_mut()
            .insert("content-length", length.parse().unwrap());
        let answer = app.send(request).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{length:?}");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_a_bad_request() {
    let app = App::new();
    let mut request = delivery("ping", "{}");
    let parts = [Ok(Bytes::from_static(b"{")), Err("connection reset")];
    *request.body_mut() = Body::from_stream(stream::iter(parts));
    let answer = app.send(request).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(start_paused = true)]
async fn a_body_must_be_complete_in_time() {
    let app = App::new();
    let body = payloads::workflow_run().to_string();

    let in_time = slow(body.as_bytes(), Duration::from_millis(5900));
    assert_eq!(app.send(in_time).await.status, StatusCode::OK);

    let start = Instant::now();
    let too_late = slow(body.as_bytes(), Duration::from_millis(6100));
    let answer = app.send(too_late).await;
    assert_eq!(answer.status, StatusCode::REQUEST_TIMEOUT);
    assert!(start.elapsed() < Duration::from_millis(6050));
    assert_eq!(app.reports().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_must_answer_in_time() {
    let app = App::new().will([Reaction::Hang]);
    let start = Instant::now();
    let answer = app.deliver("workflow_run", &payloads::workflow_run()).await;

    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers.contains_key("retry-after"));
    let took = start.elapsed();
    assert!((7000..7050).contains(&took.as_millis()), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_slow_body_and_a_slow_server_together_stay_within_githubs_patience() {
    let app = App::new().will([Reaction::Hang]);
    let start = Instant::now();
    let body = payloads::workflow_run().to_string();
    let answer = app
        .send(slow(body.as_bytes(), Duration::from_millis(5900)))
        .await;

    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    let took = start.elapsed();
    assert!((8000..8050).contains(&took.as_millis()), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn room_is_taken_by_what_came_and_given_back_after_the_answer() {
    let body = payloads::workflow_run().to_string();
    let limits = Limits {
        bodies_in_flight: body.len() + 10,
        ..Limits::default()
    };
    let app = App::with_limits(limits);

    let first = app.send(slow(body.as_bytes(), Duration::from_secs(5)));
    let second = async {
        // By now the first one is there but for a byte, and little room is left.
        sleep(Duration::from_secs(1)).await;
        let small = json!({ "zen": "Design" }).to_string();
        assert!(small.len() > 10);
        let announced = app.send(delivery("ping", small.clone())).await;
        let mut request = delivery("ping", small);
        request.headers_mut().remove("content-length");
        (announced, app.send(request).await)
    };
    let (first, (announced, unannounced)) = tokio::join!(first, second);

    assert_eq!(first.status, StatusCode::OK);
    for refused in [announced, unannounced] {
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(refused.headers.contains_key("retry-after"));
        assert!(refused.json()["error"].is_string());
    }
    let after = app.send(delivery("workflow_run", body)).await;
    assert_eq!(after.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn who_announces_much_and_sends_little_keeps_nobody_out() {
    let app = App::new();
    let body = body_of(Limits::default().body_size);
    let announced = || app.send(stuck(&body, 1000));
    let others = async {
        // By now the others are being read.
        sleep(Duration::from_secs(1)).await;
        let ordinary = app.deliver("workflow_run", &payloads::workflow_run()).await;
        (
            ordinary,
            app.send(delivery("workflow_run", body.clone())).await,
        )
    };
    let (one, two, three, (ordinary, large)) =
        tokio::join!(announced(), announced(), announced(), others);

    for stuck in [one, two, three] {
        assert_eq!(stuck.status, StatusCode::REQUEST_TIMEOUT);
    }
    assert_eq!(ordinary.status, StatusCode::OK);
    assert_eq!(large.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn large_bodies_leave_room_for_ordinary_ones() {
    const MIB: usize = 1024 * 1024;
    let limits = Limits {
        bodies_in_flight: 8 * MIB,
        ..Limits::default()
    };
    let app = App::with_limits(limits);
    let body = body_of(8 * MIB);
    let slow = app.send(stuck(&body, 7 * MIB));
    let others = async {
        // By now the slow one has nearly all that large bodies get.
        sleep(Duration::from_secs(1)).await;
        let large = delivery("workflow_run", body_of(MIB));
        let ordinary = delivery("workflow_run", body_of(256 * 1024));
        (app.send(large).await, app.send(ordinary).await)
    };
    let (slow, (large, ordinary)) = tokio::join!(slow, others);

    assert_eq!(slow.status, StatusCode::REQUEST_TIMEOUT);
    assert_eq!(large.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ordinary.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn room_is_given_back_whatever_the_answer() {
    let body = payloads::workflow_run().to_string();
    let limits = Limits {
        bodies_in_flight: body.len(),
        ..Limits::default()
    };
    let app = App::with_limits(limits).will([Reaction::Hang]);
    let hung = app.send(delivery("workflow_run", body.clone())).await;
    assert_eq!(hung.status, StatusCode::SERVICE_UNAVAILABLE);

    let late = app
        .send(slow(body.as_bytes(), Duration::from_mins(1)))
        .await;
    assert_eq!(late.status, StatusCode::REQUEST_TIMEOUT);

    let mut unsigned = delivery("workflow_run", body.clone());
    unsigned.headers_mut().remove("x-hub-signature-256");
    assert_eq!(app.send(unsigned).await.status, StatusCode::UNAUTHORIZED);

    let abandoned = app.send(slow(body.as_bytes(), Duration::from_secs(5)));
    let abandoned = tokio::time::timeout(Duration::from_secs(1), abandoned).await;
    assert!(abandoned.is_err(), "GitHub hung up");

    let after = app.send(delivery("workflow_run", body)).await;
    assert_eq!(after.status, StatusCode::OK);
}

//! What a connection may take, in a time that stands still until all wait for it.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{Request, StatusCode},
    routing::{get, post},
};
use http_body_util::BodyExt as _;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
    sync::watch,
    task::JoinHandle,
    time::{Instant, interval, sleep, timeout},
};
use tokio_stream::{self as stream, StreamExt as _};

use super::{
    connection::{self, Answerer},
    limits::Limits,
};

const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
const HALF: &str = "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf";
const FIVE_MINUTES: Duration = Duration::from_mins(5);

/// A served connection.
struct Connection {
    start: Instant,
    serving: JoinHandle<()>,
    _stop: watch::Sender<bool>,
}

impl Connection {
    fn open() -> (DuplexStream, Self) {
        let (client, server) = duplex(64 << 10);
        let (stop, stopped) = watch::channel(false);
        let serving = connection::serve(server, answerer(), Limits::default(), stopped);
        let connection = Self {
            start: Instant::now(),
            serving: tokio::spawn(serving),
            _stop: stop,
        };
        (client, connection)
    }

    /// Opens one of HTTP/2, with a client that answers every ping.
    async fn open_http2() -> (SendRequest<Body>, Self) {
        let (stream, connection) = Self::open();
        let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
        let (client, answering) = handshake.await.unwrap();
        tokio::spawn(answering);
        (client, connection)
    }

    /// Waits for the end, and tells how many seconds it took from the start.
    async fn seconds(self) -> u64 {
        in_the_end(self.serving).await.unwrap();
        self.start.elapsed().as_secs()
    }
}

/// Waits for what must come at some time.
async fn in_the_end<T>(event: impl Future<Output = T>) -> T {
    let event = timeout(Duration::from_hours(1), event).await;
    event.expect("it did not come within an hour")
}

fn answerer() -> Answerer {
    Answerer::new(router(), None, &Arc::default())
}

fn router() -> Router {
    let late_answer = async || {
        sleep(FIVE_MINUTES).await;
        "late"
    };
    let late_frame = async || Body::from_stream(late_frame());
    Router::new()
        .route("/", get(async || "at once"))
        .route("/echo", post(async |body: Bytes| body))
        .route("/late-answer", get(late_answer))
        .route("/late-frame", get(late_frame))
}

fn late_frame() -> impl stream::Stream<Item = Result<&'static str, Infallible>> {
    stream::once("late").then(async |frame| {
        sleep(FIVE_MINUTES).await;
        Ok(frame)
    })
}

async fn fetch(client: &mut SendRequest<Body>, path: &str) -> Bytes {
    let request = Request::get(format!("http://localhost{path}"));
    let request = request.body(Body::empty()).unwrap();
    let response = client.send_request(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    response.into_body().collect().await.unwrap().to_bytes()
}

#[tokio::test(start_paused = true)]
async fn half_a_body_is_not_waited_for() {
    let (mut client, connection) = Connection::open();
    client.write_all(HALF.as_bytes()).await.unwrap();
    let mut answer = String::new();
    in_the_end(client.read_to_string(&mut answer))
        .await
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert_eq!(connection.seconds().await, 10);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_drips_is_not_waited_for() {
    let (mut client, connection) = Connection::open();
    client.write_all(HALF.as_bytes()).await.unwrap();
    let drip = async {
        let mut seconds = interval(Duration::from_secs(1));
        while client.write_all(b".").await.is_ok() {
            seconds.tick().await;
        }
    };
    let (seconds, ()) = tokio::join!(connection.seconds(), drip);
    assert_eq!(seconds, 10);
}

#[tokio::test(start_paused = true)]
async fn half_a_body_does_not_stay_on_http2() {
    let (mut client, connection) = Connection::open_http2().await;
    let half = stream::once(Ok::<_, Infallible>("half")).chain(stream::pending());
    let request = Request::post("http://localhost/echo");
    let request = request.body(Body::from_stream(half)).unwrap();
    let response = in_the_end(client.send_request(request)).await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(connection.start.elapsed().as_secs(), 10);
    assert_eq!(fetch(&mut client, "/").await, "at once");
}

#[tokio::test(start_paused = true)]
async fn a_whole_body_is_taken() {
    let (mut client, _connection) = Connection::open_http2().await;
    let body = stream::once("in ").chain(stream::once("time").then(async |part| {
        sleep(Duration::from_secs(9)).await;
        part
    }));
    let request = Request::post("http://localhost/echo");
    let body = Body::from_stream(body.map(Ok::<_, Infallible>));
    let response = client.send_request(request.body(body).unwrap());
    let body = response.await.unwrap().into_body().collect().await;
    assert_eq!(body.unwrap().to_bytes(), "in time");
}

#[tokio::test(start_paused = true)]
async fn who_asks_for_nothing_is_sent_away() {
    for start in [&b""[..], b"G", &HTTP2[..10]] {
        let (mut client, connection) = Connection::open();
        client.write_all(start).await.unwrap();
        assert_eq!(connection.seconds().await, 10, "{start:?}");
    }
    let (_client, connection) = Connection::open_http2().await;
    assert_eq!(connection.seconds().await, 10);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_go_when_sent_away_is_cut() {
    let (mut client, connection) = Connection::open();
    client.write_all(HTTP2).await.unwrap();
    assert_eq!(connection.seconds().await, 15);
}

#[tokio::test(start_paused = true)]
async fn who_only_answers_pings_is_sent_away() {
    let (mut client, connection) = Connection::open_http2().await;
    assert_eq!(fetch(&mut client, "/").await, "at once");
    assert_eq!(connection.seconds().await, 60);
}

#[tokio::test(start_paused = true)]
async fn who_asks_now_and_then_stays() {
    let (mut client, connection) = Connection::open_http2().await;
    for _ in 0..6 {
        assert_eq!(fetch(&mut client, "/").await, "at once");
        sleep(Duration::from_secs(50)).await;
    }
    assert_eq!(connection.seconds().await, 5 * 50 + 60);
}

#[tokio::test(start_paused = true)]
async fn an_open_request_keeps_its_connection() {
    for path in ["/late-answer", "/late-frame"] {
        let (mut client, connection) = Connection::open_http2().await;
        assert_eq!(fetch(&mut client, path).await, "late");
        assert_eq!(connection.seconds().await, 300 + 60, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn http1_does_not_wait_as_long() {
    let (mut client, connection) = Connection::open();
    let request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    client.write_all(request).await.unwrap();
    assert_eq!(connection.seconds().await, 10);
}

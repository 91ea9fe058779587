//! Deliveries are posted, signed and logged as GitHub does.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use lampboard_github_double::{Event, Hook, NoAnswer, signature};
use tokio::net::TcpListener;

const SECRET: &str = "It's a Secret to Everybody";

#[tokio::test]
async fn a_delivery_has_github_s_headers_and_is_signed() {
    let receiver = Receiver::start(StatusCode::OK).await;
    let delivery = receiver.hook().deliver(&event("1")).await;
    assert!(delivery.is_success());
    let (headers, body) = receiver.received().remove(0);
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    assert_eq!(body, "Hello, World!");
    assert_eq!(
        header("x-hub-signature-256"),
        signature(SECRET.as_bytes(), b"Hello, World!")
    );
    assert_eq!(header("x-github-event"), "workflow_run");
    assert_eq!(header("x-github-delivery"), "1");
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(
        header("x-github-hook-installation-target-type"),
        "integration"
    );
    assert!(header("user-agent").starts_with("GitHub-Hookshot/"));
    for number in ["x-github-hook-id", "x-github-hook-installation-target-id"] {
        assert!(header(number).parse::<u64>().is_ok(), "{number}");
    }
}

#[tokio::test]
async fn nothing_is_delivered_twice_unless_asked_for() {
    let receiver = Receiver::start(StatusCode::SERVICE_UNAVAILABLE).await;
    let hook = receiver.hook();
    let first = hook.deliver(&event("1")).await;
    assert_eq!(first.status(), Some(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(receiver.received().len(), 1);

    let second = hook.redeliver(&first.event).await;
    let posts = receiver.received();
    assert_eq!(posts.len(), 2);
    assert_eq!(posts[0].1, posts[1].1);
    for header in ["x-github-delivery", "x-hub-signature-256"] {
        assert_eq!(posts[0].0[header], posts[1].0[header], "{header}");
    }
    let logged: Vec<_> = hook
        .deliveries()
        .iter()
        .map(|it| (it.id, it.redelivery))
        .collect();
    assert_eq!(logged, [(second.id, true), (first.id, false)]);
    assert_ne!(first.id, second.id);
}

#[tokio::test]
async fn what_the_receiver_says_is_kept() {
    let receiver = Receiver::start(StatusCode::ACCEPTED).await;
    let delivery = receiver.hook().deliver(&event("1")).await;
    assert_eq!(delivery.answer.unwrap().body, "seen");
}

#[tokio::test]
async fn a_receiver_that_does_not_answer_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let hook = Hook::with_time_limit(&url, SECRET.into(), Duration::from_millis(20)).unwrap();
    let delivery = hook.deliver(&event("1")).await;
    assert_eq!(delivery.answer.unwrap_err(), NoAnswer::TimedOut);
}

#[tokio::test]
async fn a_receiver_that_is_not_there_gives_no_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let delivery = Hook::new(&url, SECRET.into())
        .unwrap()
        .deliver(&event("1"))
        .await;
    assert_eq!(delivery.answer.unwrap_err(), NoAnswer::NotConnected);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let receiver = Receiver::start(StatusCode::TEMPORARY_REDIRECT).await;
    let delivery = receiver.hook().deliver(&event("1")).await;
    assert_eq!(delivery.status(), Some(StatusCode::TEMPORARY_REDIRECT));
    assert_eq!(receiver.received().len(), 1);
}

#[test]
fn another_machine_is_refused() {
    let error = Hook::new("http://10.0.0.1:8080/", SECRET.into()).unwrap_err();
    assert_eq!(error.to_string(), "\"10.0.0.1\" is not a loopback address");
}

fn event(guid: &str) -> Event {
    Event {
        name: "workflow_run".into(),
        action: "completed".into(),
        guid: guid.to_owned(),
        body: "Hello, World!".into(),
        time: jiff::Timestamp::UNIX_EPOCH,
    }
}

/// Answers every request with the same status, and remembers it.
struct Receiver {
    address: SocketAddr,
    received: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
}

impl Receiver {
    async fn start(status: StatusCode) -> Self {
        let received = Arc::new(Mutex::new(Vec::new()));
        let memory = Arc::clone(&received);
        let receive = post(move |headers: HeaderMap, body: Bytes| async move {
            memory
                .lock()
                .expect("no test panics in here")
                .push((headers, body));
            (status, [("location", "/elsewhere")], "seen")
        });
        let router = Router::new()
            .route("/hook", receive.clone())
            .route("/elsewhere", receive);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, received }
    }

    fn hook(&self) -> Hook {
        let url = format!("http://{}/hook", self.address);
        Hook::new(&url, SECRET.into()).expect("it listens on loopback")
    }

    fn received(&self) -> Vec<(HeaderMap, Bytes)> {
        self.received
            .lock()
            .expect("no test panics in here")
            .clone()
    }
}

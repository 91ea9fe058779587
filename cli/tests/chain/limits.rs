//! How much one address may ask for, and whose word for an address counts.

use http::{Request, StatusCode, request::Builder};
use http_body_util::Full;
use tonic::Code;

use crate::support::{
    github::a_run,
    lampboard::{Lampboard, Mode},
    webhook::{Answer, Client},
};

/// A call without an answer of any size, as often as one likes.
fn call() -> Builder {
    Request::post("/lampboard.v1.BuildService/ListBuilds")
        .header("content-type", "application/grpc-web+proto")
}

async fn send(client: &Client, request: Builder) -> Answer {
    let request = request.body(Full::from(&[0; 5][..])).unwrap();
    client.send(request).await.unwrap()
}

fn is_refused(answer: &Answer) -> bool {
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let code = answer.headers.get("grpc-status");
    code.is_some_and(|code| Code::from_bytes(code.as_bytes()) == Code::ResourceExhausted)
}

/// How many of a thousand calls in a row are answered. A second of waiting allows one more.
async fn answered(client: &Client, mut call: impl FnMut() -> Builder) -> usize {
    for count in 0..1000 {
        if is_refused(&send(client, call()).await) {
            return count;
        }
    }
    1000
}

async fn serve(further: &[(&'static str, &str)]) -> Lampboard {
    let mut settings = vec![("LAMPBOARD_CALLS_PER_SECOND", "1".to_owned())];
    let further = further.iter();
    settings.extend(further.map(|(name, value)| (*name, (*value).to_owned())));
    Lampboard::start_with(Mode::OneProcess, settings).await
}

#[tokio::test]
async fn a_forged_address_helps_nobody_and_webhooks_are_not_held_up() {
    let lampboard = serve(&[]).await;
    let client = lampboard.hook();
    let mut number = 0;
    let forged = || {
        number += 1;
        let address = format!("192.0.2.{}", number % 250);
        call()
            .header("x-forwarded-for", &address)
            .header("x-real-ip", &address)
            .header("forwarded", format!("for={address}"))
    };
    let answered = answered(&client, forged).await;
    assert!((100..1000).contains(&answered), "{answered} were answered");
    let refused = send(&client, call()).await;
    assert!(is_refused(&refused));
    let details = refused.headers.get("grpc-status-details-bin");
    assert!(details.is_some(), "it does not say when to come again");

    let (_, event) = a_run();
    let taken = client.deliver_event(&event).await.unwrap();
    assert_eq!(taken.status, StatusCode::OK);
    for path in ["/healthz", "/readyz", "/"] {
        assert_eq!(client.try_get(path).await.unwrap().status, StatusCode::OK);
    }
    let form = Request::post("/unsubscribe/x").header("origin", "http://localhost");
    let form = send(&client, form.header("host", "localhost")).await;
    assert_eq!(form.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(form.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn behind_a_proxy_that_is_named_each_client_has_his_own() {
    let lampboard = serve(&[("LAMPBOARD_TRUSTED_PROXIES", "10.0.0.0/8,127.0.0.1")]).await;
    let client = lampboard.hook();
    let by = |hops: &'static str| move || call().header("x-forwarded-for", hops);
    assert!(answered(&client, by("192.0.2.1")).await >= 100);
    // What the client wrote himself stands before what the proxy saw.
    let once = async |hops| is_refused(&send(&client, by(hops)()).await);
    assert!(once("198.51.100.1, 192.0.2.1").await);
    assert!(once("192.0.2.1, 10.1.2.3").await);
    assert!(!once("192.0.2.2").await);
}

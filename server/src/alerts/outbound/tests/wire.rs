//! Receivers that answer badly, or not at all.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use secrecy::SecretString;

use super::double::{Act, Double};
use crate::{
    alerts::outbound::{
        ANSWER_SIZE, Answer, Failure, Outbound, OutboundConfig, Post, system_resolver,
    },
    fixtures::at,
};

async fn post(double: &Double, limit: Duration) -> Result<Answer, Failure> {
    post_to(&double.origin(), limit).await
}

async fn post_to(url: &str, limit: Duration) -> Result<Answer, Failure> {
    let config = OutboundConfig {
        slack_hosts: Vec::new(),
        allow: vec!["127.0.0.0/8".to_owned()],
    };
    let outbound = Outbound::with(&config, Arc::new(system_resolver), limit).unwrap();
    let post = Post {
        url: &SecretString::from(url),
        headers: HeaderMap::new(),
        body: Bytes::from_static(b"{\"a\":1}"),
    };
    outbound.post(post, at(0)).await
}

const LONG: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(300);

#[tokio::test]
async fn a_request_arrives_whole_and_its_answer_comes_back() {
    let act = Act::Answer(
        StatusCode::TOO_MANY_REQUESTS,
        "retry-after: 30\r\n",
        "slow down",
    );
    let double = Double::start(act).await;
    let answer = post(&double, LONG).await.unwrap();
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.retry_after, Some(Duration::from_secs(30)));
    assert_eq!(answer.body, b"slow down");
    let asked = &double.asked()[0];
    assert_eq!(asked.body, "{\"a\":1}");
    assert!(asked.head.starts_with("POST / HTTP/1.1"), "{}", asked.head);
    assert_eq!(asked.header("content-type"), Some("application/json"));
    assert!(
        asked
            .header("user-agent")
            .unwrap()
            .starts_with("lampboard/")
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let target = Double::start(Act::Answer(StatusCode::OK, "", "")).await;
    let location: &'static str =
        Box::leak(format!("location: {}/\r\n", target.origin()).into_boxed_str());
    for status in [StatusCode::FOUND, StatusCode::TEMPORARY_REDIRECT] {
        let double = Double::start(Act::Answer(status, location, "")).await;
        assert_eq!(post(&double, LONG).await.unwrap().status, status);
    }
    assert_eq!(target.requests(), 0);
}

#[tokio::test]
async fn little_is_read_of_an_endless_answer() {
    let mut double = Double::start(Act::Endless(StatusCode::OK)).await;
    let answer = post(&double, LONG).await.unwrap();
    assert_eq!(answer.body.len(), ANSWER_SIZE);
    double.closed().await;
}

#[tokio::test]
async fn headers_without_end_are_no_answer() {
    let mut double = Double::start(Act::EndlessHeaders).await;
    assert!(matches!(
        post(&double, LONG).await,
        Err(Failure::Unanswered(_))
    ));
    double.closed().await;
}

#[tokio::test]
async fn who_does_not_answer_in_time_is_left() {
    for act in [Act::Hang, Act::Stall] {
        let mut double = Double::start(act).await;
        let error = post(&double, SHORT).await.unwrap_err();
        let silent = "it did not answer in time".to_owned();
        assert_eq!(error, Failure::Unanswered(silent));
        double.closed().await;
        assert!(double.requests() <= 1, "it is asked once");
    }
}

#[tokio::test]
async fn who_is_asked_and_does_not_answer_is_told_from_who_is_not_asked() {
    let double = Double::start(Act::Cut).await;
    assert!(matches!(
        post(&double, LONG).await,
        Err(Failure::Unanswered(_))
    ));
    assert_eq!(double.requests(), 1, "it is asked once");
    let url = double.origin();
    drop(double);
    assert!(matches!(
        post_to(&url, LONG).await,
        Err(Failure::Unavailable(_))
    ));
    let tls = Double::start(Act::Hang).await;
    let url = format!("https://127.0.0.1:{}/", tls.port());
    assert!(matches!(
        post_to(&url, SHORT).await,
        Err(Failure::Unavailable(_))
    ));
    assert_eq!(tls.requests(), 0);
}

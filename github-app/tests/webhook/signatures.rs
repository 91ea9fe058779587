//! What is not signed gets in nowhere, and learns nothing.

use http::{HeaderValue, StatusCode};

use crate::{
    payloads,
    support::{Answer, App, delivery, sign},
};

fn assert_bare(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.body.is_empty());
    let names: Vec<_> = answer
        .headers
        .keys()
        .map(http::HeaderName::as_str)
        .collect();
    assert!(
        names.iter().all(|name| *name == "content-length"),
        "an answer that says more than its status: {names:?}"
    );
}

#[tokio::test]
async fn a_signature_that_is_missing_malformed_or_wrong_is_refused() {
    let body = payloads::workflow_run().to_string();
    let right = sign(body.as_bytes());
    let hex = right.strip_prefix("sha256=").unwrap();
    let refused = [
        String::new(),
        "sha256=".to_owned(),
        hex.to_owned(),
        format!("sha1={}", &hex[..40]),
        format!("sha256={}", hex.to_uppercase()),
        format!("sha256={}", &hex[..63]),
        format!("{right}0"),
        format!("{right} "),
        format!(" {right}"),
        format!("{right},{right}"),
        format!("sha256={}", "0".repeat(64)),
        sign(b"another body"),
    ];
    let app = App::new();
    for value in refused {
        let mut request = delivery("workflow_run", body.clone());
        let header = HeaderValue::from_str(&value).unwrap();
        request.headers_mut().insert("x-hub-signature-256", header);
        assert_bare(&app.send(request).await);
    }

    let mut missing = delivery("workflow_run", body.clone());
    missing.headers_mut().remove("x-hub-signature-256");
    missing
        .headers_mut()
        .insert("x-hub-signature", HeaderValue::from_static("sha1=00"));
    assert_bare(&app.send(missing).await);

    let mut twice = delivery("workflow_run", body.clone());
    let header = HeaderValue::from_str(&right).unwrap();
    twice.headers_mut().append("x-hub-signature-256", header);
    assert_bare(&app.send(twice).await);

    assert!(app.reports().is_empty());
}

#[tokio::test]
async fn an_unsigned_body_is_not_parsed() {
    let app = App::new();
    for body in ["", "not json", "{}"] {
        let mut request = delivery("", body);
        request.headers_mut().remove("x-github-delivery");
        request.headers_mut().remove("x-hub-signature-256");
        assert_bare(&app.send(request).await);
    }
}

#[tokio::test]
async fn the_same_json_in_other_bytes_is_refused() {
    let payload = payloads::workflow_run();
    let mut request = delivery("workflow_run", payload.to_string());
    let pretty = serde_json::to_string_pretty(&payload).unwrap();
    request.headers_mut().remove("content-length");
    *request.body_mut() = pretty.into();

    let app = App::new();
    assert_bare(&app.send(request).await);
    assert!(app.reports().is_empty());
}

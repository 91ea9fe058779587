//! Signatures that are missing, malformed or of something else: 401, and not a word more.

use bytes::Bytes;
use fastrand::Rng;
use http::{Request, StatusCode};
use http_body_util::Full;
use serde_json::Value;

use crate::support::{
    github::a_run,
    lampboard::Lampboard,
    webhook::{Answer, sign, unsigned},
};

const NAME: &str = "X-Hub-Signature-256";

/// A delivery with these signature headers.
fn with_signatures(body: &[u8], headers: &[(&str, &str)]) -> Request<Full<Bytes>> {
    let mut request = unsigned("workflow_run", "forged");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Bytes::copy_from_slice(body).into()).unwrap()
}

fn assert_refused(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.body.is_empty(), "{:?}", answer.body);
    let length = answer.headers.get("content-length").unwrap();
    assert_eq!(length, "0");
    // The length, the date and the eight of every answer, which say nothing of the delivery.
    assert_eq!(answer.headers.len(), 10, "{:?}", answer.headers);
}

#[tokio::test]
async fn malformed_signatures_are_all_answered_alike() {
    let lampboard = Lampboard::serve().await;
    let (client, (_, event)) = (lampboard.hook(), a_run());
    let good = sign(&event.body);
    let digits = good.strip_prefix("sha256=").unwrap();
    let upper = format!("sha256={}", digits.to_uppercase());
    let (short, long) = (&good[..good.len() - 1], &format!("{good}0"));
    let sha1 = format!("sha1={}", &digits[..40]);
    let (twice, other) = (format!("{good}, {good}"), good.replace("sha256", "sha512"));
    let cases: [&[(&str, &str)]; 13] = [
        &[],
        &[(NAME, "")],
        &[(NAME, "sha256=")],
        &[(NAME, &sha1)],
        &[("X-Hub-Signature", &sha1)],
        &[("X-Hub-Signature", &good)],
        &[(NAME, &upper)],
        &[(NAME, short)],
        &[(NAME, long)],
        &[(NAME, digits)],
        &[(NAME, &twice)],
        &[(NAME, &good), (NAME, &good)],
        &[(NAME, &other)],
    ];
    for headers in cases {
        let request = with_signatures(&event.body, headers);
        assert_refused(&client.send(request).await.unwrap());
    }
    assert!(lampboard.database().await.guids().await.is_empty());

    let request = with_signatures(&event.body, &[(NAME, &good)]);
    let answer = client.send(request).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK, "the good one is good");
}

#[tokio::test]
async fn one_changed_bit_is_enough_to_be_refused() {
    let lampboard = Lampboard::serve().await;
    let (client, (_, event)) = (lampboard.hook(), a_run());
    let good = sign(&event.body);
    let mut rng = Rng::with_seed(13);
    for number in 0..3000 {
        let (mut body, mut signature) = (event.body.to_vec(), good.clone().into_bytes());
        if number % 2 == 0 {
            let place = rng.usize(..body.len());
            body[place] ^= 1 << rng.u8(..8);
        } else {
            // Another digit: not every bit makes a character that a header may have.
            let place = rng.usize("sha256=".len()..signature.len());
            signature[place] = if signature[place] == b'0' { b'1' } else { b'0' };
        }
        let signature = String::from_utf8(signature).unwrap();
        let request = with_signatures(&body, &[(NAME, &signature)]);
        assert_refused(&client.send(request).await.unwrap());
    }
    assert!(lampboard.database().await.guids().await.is_empty());
    // Anybody can cause these lines.
    let lines = lampboard.server.log();
    let lines = lines.lines().filter(|line| line.contains("signature"));
    assert_eq!(lines.count(), 1);
}

#[tokio::test]
async fn the_same_json_in_other_bytes_is_refused() {
    let lampboard = Lampboard::serve().await;
    let (client, (_, event)) = (lampboard.hook(), a_run());
    let value: Value = serde_json::from_slice(&event.body).unwrap();
    let pretty = serde_json::to_vec_pretty(&value).unwrap();
    let with_line_end = [&event.body[..], b"\n"].concat();
    for body in [pretty, with_line_end] {
        let request = with_signatures(&body, &[(NAME, &sign(&event.body))]);
        assert_refused(&client.send(request).await.unwrap());
    }
}

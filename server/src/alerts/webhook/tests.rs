use std::{collections::BTreeSet, sync::Arc, time::Duration};

use http::StatusCode;
use secrecy::SecretString;
use serde_json::Value;

use super::{Webhook, payload, preview, secret::SigningSecret};
use crate::{
    alerts::{
        examples::{HOSTILE, KINDS, all_of, lines, links, message, one, parcel, test},
        outbound::{
            Outbound, OutboundConfig, system_resolver,
            tests::double::{Act, Double},
        },
        provider::{ChannelFault, Content, Handed, Parcel, Verdict},
    },
    fixtures::at,
    model::AlertKind,
};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

async fn hand(double: &Double, secret: &str) -> Handed {
    let config = OutboundConfig {
        slack_hosts: Vec::new(),
        allow: vec!["127.0.0.0/8".to_owned()],
    };
    let limit = Duration::from_secs(10);
    let outbound = Outbound::with(&config, Arc::new(system_resolver), limit).unwrap();
    let url = SecretString::from(format!("{}/canary", double.origin()));
    let secret = SecretString::from(secret);
    let parcel = one(message(AlertKind::Failure));
    let webhook = Webhook::new(outbound);
    webhook
        .hand((&url, &secret), &parcel, &links(), at(900))
        .await
}

#[test]
fn each_kind_looks_as_agreed() {
    for (name, kind) in KINDS {
        insta::assert_snapshot!(name, preview(&one(message(kind)), &links(), at(900)));
    }
    insta::assert_snapshot!("test", preview(&test(), &links(), at(900)));
    let digest = parcel(Content::Digest(lines(12)));
    insta::assert_snapshot!("digest", preview(&digest, &links(), at(900)));
    let hostile = one(all_of(AlertKind::StaysRed, HOSTILE));
    insta::assert_snapshot!("hostile", preview(&hostile, &links(), at(900)));
}

#[test]
fn tries_of_one_alert_look_the_same() {
    let parcel = one(message(AlertKind::Failure));
    let first = payload::json(&parcel, &links(), at(900));
    assert_eq!(first, payload::json(&parcel, &links(), at(5000)));
}

#[test]
fn a_digest_names_so_many_and_counts_all() {
    let digest = parcel(Content::Digest(lines(5000)));
    let json: Value = serde_json::from_slice(&payload::json(&digest, &links(), at(0))).unwrap();
    assert_eq!(json["data"]["alert_count"], 5000);
    assert_eq!(json["data"]["possible_repeat"], false);
    let repeat = Parcel {
        possible_repeat: true,
        ..digest.clone()
    };
    let repeat: Value = serde_json::from_slice(&payload::json(&repeat, &links(), at(0))).unwrap();
    assert_eq!(repeat["data"]["possible_repeat"], true);
    assert_eq!(json["data"]["alerts"].as_array().unwrap().len(), 500);
}

#[test]
fn long_texts_are_cut_and_odd_links_left_out() {
    let mut message = all_of(AlertKind::Failure, &"x".repeat(5000));
    "javascript:alert(1)".clone_into(&mut message.build.record.facts.url);
    let json = preview(&one(message), &links(), at(0));
    assert!(!json.contains(&"x".repeat(1001)));
    assert!(!json.contains("javascript"));
}

/// Every field is explained to those who write receivers.
#[test]
fn every_field_is_documented() {
    let documentation = include_str!("../../../../docs/WEBHOOKS.md");
    let mut parcels: Vec<_> = KINDS.iter().map(|(_, kind)| one(message(*kind))).collect();
    parcels.extend([test(), parcel(Content::Digest(lines(2)))]);
    let mut names = BTreeSet::new();
    for parcel in parcels {
        let json = payload::json(&parcel, &links(), at(0));
        let json: Value = serde_json::from_slice(&json).unwrap();
        names.insert(json["type"].as_str().unwrap().to_owned());
        collect(&json, &mut names);
    }
    for name in names {
        assert!(documentation.contains(&format!("`{name}`")), "{name}");
    }
}

fn collect(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            names.extend(fields.keys().cloned());
            fields.values().for_each(|value| collect(value, names));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, names)),
        _ => {}
    }
}

#[tokio::test]
async fn a_request_is_signed_so_that_its_receiver_can_tell() {
    let double = Double::start(Act::Answer(StatusCode::NO_CONTENT, "", "")).await;
    let handed = hand(&double, SECRET).await;
    assert_eq!(
        (handed.verdict, handed.answer.as_str()),
        (Verdict::Sent, "204")
    );
    let asked = &double.asked()[0];
    assert!(asked.head.starts_with("POST /canary HTTP/1.1"));
    let id = asked.header("webhook-id").unwrap();
    assert_eq!(id, "0198f3b4-7c1e-7a53-9d0e-3f6a2b1c4d5e");
    let second = asked.header("webhook-timestamp").unwrap().parse().unwrap();
    assert_eq!(second, at(900).as_second());
    let secret = SigningSecret::parse(SECRET).unwrap();
    let expected = secret.sign(id, second, asked.body.as_bytes());
    assert_eq!(asked.header("webhook-signature"), Some(expected.as_str()));
    assert_eq!(asked.json()["type"], "alert.failure");
}

#[tokio::test]
async fn what_a_receiver_answers_decides() {
    let gone = |answer: &Handed| match &answer.verdict {
        Verdict::Refused { channel, .. } => Some(*channel == ChannelFault::Gone),
        _ => None,
    };
    for (status, expected) in [
        (410, Some(true)),
        (404, Some(true)),
        (400, Some(false)),
        (401, Some(false)),
        (422, Some(false)),
        (302, Some(false)),
        (408, None),
        (429, None),
        (500, None),
        (503, None),
    ] {
        let status = StatusCode::from_u16(status).unwrap();
        let act = Act::Answer(status, "retry-after: 30\r\n", "canary body");
        let handed = hand(&Double::start(act).await, SECRET).await;
        assert_eq!(gone(&handed), expected, "{status}");
        assert_eq!(handed.answer, status.as_str());
        assert!(!format!("{handed:?}").contains("canary"));
        if let Verdict::Later { after, .. } = handed.verdict {
            assert_eq!(after, Some(Duration::from_secs(30)), "{status}");
        }
    }
}

#[tokio::test]
async fn nothing_is_sent_unsigned() {
    let double = Double::start(Act::Answer(StatusCode::OK, "", "")).await;
    let handed = hand(&double, "hunter2").await;
    assert!(matches!(handed.verdict, Verdict::Refused { .. }));
    assert!(!format!("{handed:?}").contains("hunter2"));
    assert_eq!(double.requests(), 0);
}

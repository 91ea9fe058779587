//! Calls of a Slack on loopback, which acts out what Slack may answer.

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use secrecy::SecretString;
use serde_json::Value;

use crate::{
    alerts::{
        examples::{lines, links, message, one, test},
        outbound::{
            Outbound, OutboundConfig, system_resolver,
            tests::double::{Act, Double},
        },
        provider::{ChannelFault, Content, Handed, Parcel, Verdict},
        slack::Slack,
    },
    fixtures::at,
    model::AlertKind,
};

fn slack(host: &str, limit: Duration) -> Slack {
    let config = OutboundConfig {
        slack_hosts: vec![host.to_owned()],
        allow: vec!["127.0.0.0/8".to_owned()],
    };
    let outbound = Outbound::with(&config, Arc::new(system_resolver), limit).unwrap();
    Slack::new(outbound, &config.slack_hosts).unwrap()
}

const LONG: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(300);

async fn hand_webhook(double: &Double, limit: Duration) -> Handed {
    let url = SecretString::from(format!("{}/services/T0/B0/canary", double.origin()));
    let slack = slack(&double.origin(), limit);
    slack.hand_webhook(&url, &test(), &links(), at(0)).await
}

async fn hand_bot(double: &Double, parcel: &Parcel) -> Handed {
    let slack = slack(&double.origin(), LONG);
    let token = SecretString::from("xoxb-canary");
    slack.hand_bot(&token, "C1", parcel, &links(), at(0)).await
}

fn fault(handed: &Handed) -> Option<ChannelFault> {
    match &handed.verdict {
        Verdict::Refused { channel, .. } => Some(*channel),
        _ => None,
    }
}

/// Whether it is tried again, and after how many seconds if that is said.
#[expect(
    clippy::option_option,
    reason = "a wait that is not said is still a wait"
)]
fn later(handed: &Handed) -> Option<Option<u64>> {
    match &handed.verdict {
        Verdict::Later { after, .. } => Some(after.map(|after| after.as_secs())),
        _ => None,
    }
}

fn may_be_there(handed: &Handed) -> bool {
    matches!(
        handed.verdict,
        Verdict::Later {
            may_be_there: true,
            ..
        }
    )
}

/// A message that is brought up to date once more does no harm; a post would be a second one.
#[tokio::test]
async fn a_bot_is_in_doubt_of_posts_alone() {
    for (thread, expected) in [(Some("C1:1.5"), false), (None, true)] {
        let parcel = Parcel {
            thread: thread.map(str::to_owned),
            ..one(message(AlertKind::Recovery))
        };
        let double = Double::start(Act::Hang).await;
        let slack = slack(&double.origin(), SHORT);
        let token = SecretString::from("xoxb-canary");
        let links = links();
        let handed = slack.hand_bot(&token, "C1", &parcel, &links, at(0)).await;
        assert_eq!(may_be_there(&handed), expected, "{thread:?}");
    }
}

#[tokio::test]
async fn what_an_incoming_webhook_answers_decides() {
    let gone = Some(ChannelFault::Gone);
    let doubtful = Some(ChannelFault::Doubtful);
    let cases = [
        (404, "no_service", gone, "404 no_service"),
        (404, "<html>", gone, "404"),
        (410, "channel_is_archived", gone, "410 channel_is_archived"),
        (400, "invalid_payload", doubtful, "400 invalid_payload"),
        (400, "no_active_hooks", gone, "400 no_active_hooks"),
        (403, "action_prohibited", doubtful, "403 action_prohibited"),
        (403, "invalid_auth", gone, "403 invalid_auth"),
        (401, "", doubtful, "401"),
        (302, "", doubtful, "302"),
    ];
    for (status, body, channel, told) in cases {
        let act = Act::Answer(StatusCode::from_u16(status).unwrap(), "", body);
        let handed = hand_webhook(&Double::start(act).await, LONG).await;
        assert_eq!(fault(&handed), channel, "{told}: {handed:?}");
        assert_eq!(handed.answer, told);
    }
    let act = Act::Answer(StatusCode::OK, "", "ok");
    let double = Double::start(act).await;
    let handed = hand_webhook(&double, LONG).await;
    assert_eq!(
        (handed.verdict, handed.answer.as_str()),
        (Verdict::Sent, "200")
    );
    assert!(
        double.asked()[0]
            .head
            .starts_with("POST /services/T0/B0/canary HTTP/1.1")
    );
    assert!(double.asked()[0].json()["blocks"].is_array());
}

#[tokio::test]
async fn what_passes_is_tried_again_when_slack_says() {
    let cases = [
        (429, "retry-after: 30\r\n", Some(30)),
        (429, "retry-after: 90000\r\n", Some(3600)),
        (429, "", None),
        (500, "", None),
        (503, "retry-after: 7\r\n", Some(7)),
    ];
    for (status, headers, after) in cases {
        let act = Act::Answer(
            StatusCode::from_u16(status).unwrap(),
            headers,
            "rollup_error",
        );
        let handed = hand_webhook(&Double::start(act).await, LONG).await;
        assert_eq!(later(&handed), Some(after), "{status} {headers}");
    }
}

#[tokio::test]
async fn a_slack_that_does_not_answer_takes_bounded_time() {
    for act in [Act::Hang, Act::Stall, Act::EndlessHeaders, Act::Cut] {
        let handed = hand_webhook(&Double::start(act.clone()).await, SHORT).await;
        assert_eq!(later(&handed), Some(None), "{act:?}");
        assert!(may_be_there(&handed), "{act:?}");
    }
    let handed = hand_webhook(&Double::start(Act::Endless(StatusCode::OK)).await, LONG).await;
    assert_eq!(handed.verdict, Verdict::Sent);
    let act = Act::Endless(StatusCode::BAD_GATEWAY);
    let handed = hand_webhook(&Double::start(act).await, LONG).await;
    assert_eq!(later(&handed), Some(None));
}

#[tokio::test]
async fn what_slack_writes_and_what_is_secret_are_not_told() {
    for status in [
        StatusCode::BAD_REQUEST,
        StatusCode::NOT_FOUND,
        StatusCode::OK,
    ] {
        let double = Double::start(Act::Answer(status, "", "written by whoever")).await;
        let bot = hand_bot(&double, &test()).await;
        let webhook = hand_webhook(&double, LONG).await;
        for told in [format!("{bot:?}"), format!("{webhook:?}")] {
            assert!(
                !told.contains("whoever") && !told.contains("canary"),
                "{told}"
            );
        }
    }
}

#[tokio::test]
async fn another_host_is_refused_without_asking_it() {
    let double = Double::start(Act::Answer(StatusCode::OK, "", "ok")).await;
    let url = SecretString::from(format!("{}/services/x", double.origin()));
    let slack = slack("hooks.example.com", LONG);
    let handed = slack.hand_webhook(&url, &test(), &links(), at(0)).await;
    assert_eq!(fault(&handed), Some(ChannelFault::Gone));
    assert_eq!(double.requests(), 0);
}

const POSTED: Act = Act::Answer(
    StatusCode::OK,
    "",
    r#"{"ok":true,"channel":"C9","ts":"1503435956.000247","message":{"text":"x"}}"#,
);
const NO_PARENT: Act = Act::Answer(
    StatusCode::OK,
    "",
    r#"{"ok":false,"error":"message_not_found"}"#,
);

#[tokio::test]
async fn a_bot_posts_and_remembers_where() {
    let double = Double::start(POSTED).await;
    let handed = hand_bot(&double, &one(message(AlertKind::Failure))).await;
    assert_eq!(handed.verdict, Verdict::Sent);
    assert_eq!(handed.thread.as_deref(), Some("C9:1503435956.000247"));
    let asked = &double.asked()[0];
    assert!(
        asked
            .head
            .starts_with("POST /api/chat.postMessage HTTP/1.1")
    );
    assert_eq!(asked.header("authorization"), Some("Bearer xoxb-canary"));
    assert_eq!(asked.json()["channel"], "C1");
    assert_eq!(asked.json()["thread_ts"], Value::Null);
}

#[tokio::test]
async fn where_a_digest_went_is_not_remembered() {
    let double = Double::start(POSTED).await;
    let digest = Parcel {
        content: Content::Digest(lines(40)),
        ..test()
    };
    let handed = hand_bot(&double, &digest).await;
    assert_eq!(handed.verdict, Verdict::Sent);
    assert_eq!(handed.thread, None, "a recovery would overwrite all of it");
}

fn recovery() -> Parcel {
    Parcel {
        thread: Some("C9:1503435956.000247".to_owned()),
        ..one(message(AlertKind::Recovery))
    }
}

#[tokio::test]
async fn a_recovery_updates_the_failure_and_goes_into_its_thread() {
    let double = Double::start(POSTED).await;
    let handed = hand_bot(&double, &recovery()).await;
    assert_eq!(handed.verdict, Verdict::Sent);
    assert_eq!(handed.thread.as_deref(), Some("C9:1503435956.000247"));
    let [update, post] = double.asked().try_into().unwrap();
    assert!(update.head.starts_with("POST /api/chat.update HTTP/1.1"));
    let (update, post) = (update.json(), post.json());
    assert_eq!(update["channel"], "C9");
    assert_eq!(update["ts"], "1503435956.000247");
    let header = &update["blocks"][0]["text"]["text"];
    assert_eq!(header, "FAILED, since recovered: acme/web CI on main");
    assert_eq!(post["thread_ts"], "1503435956.000247");
    assert_eq!(post["reply_broadcast"], true);
}

#[tokio::test]
async fn a_recovery_is_told_although_its_failure_was_deleted() {
    let double = Double::start_with([NO_PARENT, NO_PARENT, POSTED]).await;
    let handed = hand_bot(&double, &recovery()).await;
    assert_eq!(handed.verdict, Verdict::Sent);
    let asked = double.asked();
    assert_eq!(asked.len(), 3);
    assert_eq!(asked[1].json()["thread_ts"], "1503435956.000247");
    assert_eq!(asked[2].json()["thread_ts"], Value::Null);
}

#[tokio::test]
async fn a_recovery_that_has_to_wait_is_not_posted_twice() {
    let limited = Act::Answer(StatusCode::TOO_MANY_REQUESTS, "retry-after: 30\r\n", "");
    let double = Double::start(limited).await;
    let handed = hand_bot(&double, &recovery()).await;
    assert_eq!(later(&handed), Some(Some(30)));
    assert_eq!(double.requests(), 1);
}

#[tokio::test]
async fn what_is_wrong_with_a_bot_is_told_in_slacks_word() {
    let cases = [
        ("invalid_auth", Some(ChannelFault::Gone)),
        ("account_inactive", Some(ChannelFault::Gone)),
        ("channel_not_found", Some(ChannelFault::Gone)),
        ("is_archived", Some(ChannelFault::Gone)),
        ("invalid_blocks", Some(ChannelFault::Doubtful)),
        ("internal_error", None),
    ];
    for (word, channel) in cases {
        let body = format!(r#"{{"ok":false,"error":"{word}"}}"#).leak();
        let double = Double::start(Act::Answer(StatusCode::OK, "", body)).await;
        let handed = hand_bot(&double, &test()).await;
        assert_eq!(fault(&handed), channel, "{word}");
        assert_eq!(handed.answer, format!("200 {word}"));
    }
    let unknown = Act::Answer(StatusCode::OK, "", r#"{"ok":false,"error":"new_word"}"#);
    let handed = hand_bot(&Double::start(unknown).await, &test()).await;
    assert_eq!(fault(&handed), Some(ChannelFault::Doubtful));
    assert_eq!(handed.answer, "200");
}

#[tokio::test]
async fn what_is_not_slacks_api_is_no_success() {
    for body in ["ok", "", "<html>", "{}"] {
        let double = Double::start(Act::Answer(StatusCode::OK, "", body)).await;
        assert_eq!(
            later(&hand_bot(&double, &test()).await),
            Some(None),
            "{body}"
        );
    }
}

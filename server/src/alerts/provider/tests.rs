use std::{sync::Arc, time::Duration};

use http::StatusCode;
use secrecy::SecretString;
use url::Url;

use super::{AlertConfig, ChannelFault, Handed, Outbound, Providers, Target, Verdict, caught};
use crate::{
    alerts::{
        OutboundConfig,
        examples::{links, message, one, test},
        outbound::{
            system_resolver,
            tests::double::{Act, Double},
        },
    },
    fixtures::at,
    model::AlertKind,
};

fn providers(slack_host: &str) -> Providers {
    let config = AlertConfig {
        public_url: Url::parse("https://ci.acme.example/").unwrap(),
        master_keys: Vec::new(),
        mail: None,
        outbound: OutboundConfig {
            slack_hosts: vec![slack_host.to_owned()],
            allow: vec!["127.0.0.0/8".to_owned()],
        },
        outbox: None,
    };
    let limit = Duration::from_secs(10);
    let outbound = Outbound::with(&config.outbound, Arc::new(system_resolver), limit).unwrap();
    Providers::through(outbound, &config).unwrap()
}

#[tokio::test]
async fn each_target_gets_it_in_its_own_way() {
    let body = r#"{"ok":true,"channel":"C1","ts":"1.5"}"#;
    let double = Double::start(Act::Answer(StatusCode::OK, "", body)).await;
    let providers = providers(&double.origin());
    let secret = |text: &str| SecretString::from(text);
    let targets = [
        Target::SlackWebhook {
            url: secret(&format!("{}/hook", double.origin())),
        },
        Target::SlackBot {
            token: secret("xoxb-1"),
            slack_channel: "C1".to_owned(),
        },
        Target::Webhook {
            url: secret(&format!("{}/receiver", double.origin())),
            secret: secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        },
    ];
    for target in &targets {
        let parcel = one(message(AlertKind::Failure));
        let handed = providers.hand(target, &parcel, &links(), at(900)).await;
        assert_eq!(handed.verdict, Verdict::Sent, "{target:?}");
    }
    let asked = double.asked();
    let paths: Vec<_> = asked
        .iter()
        .map(|asked| asked.head.split(' ').nth(1).unwrap())
        .collect();
    assert_eq!(paths, ["/hook", "/api/chat.postMessage", "/receiver"]);
}

#[tokio::test]
async fn e_mail_that_is_not_set_up_says_so() {
    let target = Target::Email {
        addresses: vec!["ada@example.com".to_owned()],
    };
    let providers = providers("hooks.example.com");
    let handed = providers.hand(&target, &test(), &links(), at(0)).await;
    let Verdict::Refused { error, .. } = handed.verdict else {
        panic!("{handed:?}");
    };
    assert!(error.contains("LAMPBOARD_SMTP_URL"), "{error}");
}

#[tokio::test]
async fn a_panic_refuses_one_message() {
    let handed = caught(async { panic!("canary") }).await;
    let Verdict::Refused { error, channel } = &handed.verdict else {
        panic!("{handed:?}");
    };
    assert_eq!(*channel, ChannelFault::Doubtful);
    assert!(!error.contains("canary"));
    let fine = caught(async { Handed::sent("200".to_owned()) }).await;
    assert_eq!(fine.verdict, Verdict::Sent);
}

#[test]
fn urls_are_looked_at_before_they_are_saved() {
    let providers = providers("hooks.example.com");
    let slack = |url| providers.check_slack_webhook(url).is_ok();
    assert!(slack("https://hooks.slack.com/services/T0/B0/x"));
    assert!(slack("https://hooks.example.com/x"));
    assert!(!slack("https://evil.example/services/T0/B0/x"));
    assert!(!slack("https://user@hooks.slack.com/services/x"));
    assert!(providers.check_webhook("https://evil.example/x").is_ok());
    assert!(providers.check_webhook("https://10.0.0.1/x").is_err());
}

#[test]
fn targets_show_no_secrets() {
    let canary = || SecretString::from("canary");
    let targets = [
        Target::SlackWebhook { url: canary() },
        Target::SlackBot {
            token: canary(),
            slack_channel: "C1".to_owned(),
        },
        Target::Webhook {
            url: canary(),
            secret: canary(),
        },
    ];
    assert!(!format!("{targets:?}").contains("canary"));
}

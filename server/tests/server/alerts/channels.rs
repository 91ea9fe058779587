//! Channels: what is set of them, what comes back, and their tests.

use std::{fs, time::Duration};

use lampboard_proto::v1::{
    self, AlertChannel, AlertRepeatPolicy, BuildConclusion, DeleteAlertChannelRequest,
    GetAlertChannelRequest, ListAlertChannelsRequest, TestAlertChannelRequest,
    TestAlertChannelResponse, UpdateAlertChannelRequest, alert_channel::Target,
};
use prost_types::FieldMask;
use tokio::time::{sleep, timeout};
use tonic::{Code, Status};

use super::{Client, change, channel, create, create_rule, created, email, webhook};
use crate::{
    alerts::receiver::Receiver,
    support::{TestServer, code, ended, refused_fields},
};

const SECRETS: [&str; 4] = [
    "https://hooks.slack.com/services/T0/B0/a-secret-path-of-slack",
    "xoxb-a-secret-token-of-a-bot",
    "http://127.0.0.1:9/a-secret-path-of-a-webhook",
    "whsec_YS1zZWNyZXQtb2YtYS13ZWJob29rLTAxMjM0NTY3ODk=",
];

fn one_of_each() -> [AlertChannel; 4] {
    let [url, token, hook, secret] = SECRETS.map(str::to_owned);
    let slack = Target::SlackWebhook(v1::SlackWebhookTarget {
        url,
        ..Default::default()
    });
    let bot = Target::SlackBot(v1::SlackBotTarget {
        token,
        slack_channel: "C0123456789".to_owned(),
        ..Default::default()
    });
    let signed = Target::Webhook(v1::WebhookTarget {
        url: hook,
        secret,
        ..Default::default()
    });
    [
        channel("b slack", slack),
        channel("a bot", bot),
        email("d mail", &["ada@acme.example", "ADA@acme.example"]),
        channel("c signed", signed),
    ]
}

async fn get(client: &mut Client, id: &str) -> Result<AlertChannel, Status> {
    let request = GetAlertChannelRequest { id: id.to_owned() };
    let answer = client.get_alert_channel(request).await;
    answer.map(|answer| answer.into_inner().channel.unwrap())
}

async fn all(client: &mut Client) -> Vec<AlertChannel> {
    let request = ListAlertChannelsRequest::default();
    let answer = client.list_alert_channels(request).await;
    answer.unwrap().into_inner().channels
}

async fn update(
    client: &mut Client,
    channel: AlertChannel,
    mask: &[&str],
) -> Result<AlertChannel, Status> {
    let paths: Vec<String> = mask.iter().map(|path| (*path).to_owned()).collect();
    let request = UpdateAlertChannelRequest {
        channel: Some(channel),
        update_mask: (!paths.is_empty()).then_some(FieldMask { paths }),
    };
    let answer = client.update_alert_channel(request).await;
    answer.map(|answer| answer.into_inner().channel.unwrap())
}

async fn test(client: &mut Client, id: &str) -> TestAlertChannelResponse {
    let request = TestAlertChannelRequest { id: id.to_owned() };
    let answer = client.test_alert_channel(request).await;
    answer.unwrap().into_inner()
}

#[tokio::test]
async fn channels_come_back_without_what_is_secret_of_them() {
    let server = super::start().await;
    let mut client = server.alerts();
    let mut told = Vec::new();
    for channel in one_of_each() {
        let answer = create(&mut client, channel).await.unwrap();
        assert_eq!(answer.webhook_secret, "", "it was given");
        let channel = answer.channel.clone().unwrap();
        let got = get(&mut client, &channel.id).await.unwrap();
        assert_eq!(got, channel);
        let renamed = AlertChannel {
            display_name: channel.display_name.clone(),
            ..AlertChannel {
                id: channel.id.clone(),
                ..AlertChannel::default()
            }
        };
        let updated = update(&mut client, renamed, &[]).await.unwrap();
        assert_eq!(updated.target, channel.target);
        told.push(format!("{answer:?}{got:?}{updated:?}"));
    }
    let channels = all(&mut client).await;
    let names: Vec<_> = channels.iter().map(|it| it.display_name.as_str()).collect();
    assert_eq!(names, ["a bot", "b slack", "c signed", "d mail"]);
    told.push(format!("{channels:?}"));
    let told = told.concat();
    for end in ["lack", "-bot", "hook", "ODk="] {
        assert!(told.contains(end), "{end} is not in {told}");
    }
    let Some(Target::Email(mail)) = &channels[3].target else {
        panic!("{channels:?}");
    };
    assert_eq!(mail.addresses, ["ada@acme.example"], "each once");
    assert_secret(&server, &told);
}

/// No secret is in a text, nor in the database.
fn assert_secret(server: &TestServer, told: &str) {
    let mut all = told.as_bytes().to_vec();
    for entry in fs::read_dir(server.folder.path()).unwrap() {
        all.extend(fs::read(entry.unwrap().path()).unwrap_or_default());
    }
    for secret in ["a-secret-", "YS1zZWNyZXQ"] {
        let mut windows = all.windows(secret.len());
        assert!(!windows.any(|it| it == secret.as_bytes()), "{secret}");
    }
}

#[tokio::test]
async fn a_webhook_without_a_secret_is_given_one_and_told_it_once() {
    let server = super::start().await;
    let mut client = server.alerts();
    let receiver = Receiver::start(&[]).await;
    let answer = create(&mut client, webhook("hook", &receiver.url)).await;
    let answer = answer.unwrap();
    assert!(answer.webhook_secret.starts_with("whsec_"), "{answer:?}");
    let channel = answer.channel.unwrap();
    let signature = async |client: &mut Client| {
        assert!(test(client, &channel.id).await.accepted);
        let (headers, _) = receiver.received().pop().unwrap();
        assert!(headers.contains_key("webhook-signature"));
    };
    signature(&mut client).await;

    // Another address keeps the secret, and another secret the address.
    let moved = AlertChannel {
        id: channel.id.clone(),
        ..webhook("hook", &format!("{}/moved", receiver.url))
    };
    let moved = update(&mut client, moved, &["webhook.url"]).await.unwrap();
    let redacted = |channel: &AlertChannel| match &channel.target {
        Some(Target::Webhook(it)) => (it.redacted_url.clone(), it.redacted_secret.clone()),
        _ => panic!("{channel:?}"),
    };
    assert_eq!(redacted(&moved).1, redacted(&channel).1);
    assert_ne!(redacted(&moved).0, redacted(&channel).0);
    signature(&mut client).await;
}

#[tokio::test]
async fn only_masked_fields_change_and_only_of_the_version_that_was_seen() {
    let server = super::start().await;
    let mut client = server.alerts();
    let first = created(&mut client, email("mail", &["ada@acme.example"])).await;
    let asked = AlertChannel {
        display_name: "renamed".to_owned(),
        disabled: true,
        repeat_policy: AlertRepeatPolicy::Hold.into(),
        ..first.clone()
    };
    server.set_time(crate::support::NOON + 1);
    let second = update(&mut client, asked.clone(), &["disabled"]).await;
    let second = second.unwrap();
    assert!(second.disabled);
    assert_eq!(second.display_name, "mail");
    assert_eq!(second.repeat_policy(), AlertRepeatPolicy::Repeat);
    assert_ne!(second.etag, first.etag);
    assert_ne!(second.update_time, first.update_time);
    assert_eq!(second.create_time, first.create_time);
    // The mask says what an empty field means; without one, only what is set counts.
    let unset = AlertChannel {
        id: first.id.clone(),
        ..AlertChannel::default()
    };
    let third = update(&mut client, unset.clone(), &["disabled"]).await;
    assert!(!third.unwrap().disabled);
    let same = update(&mut client, unset, &[]).await.unwrap();
    assert_eq!(same.display_name, "mail");

    // `asked` has the first etag.
    let stale = update(&mut client, asked, &["display_name"]).await;
    assert_eq!(code(stale), Code::Aborted);
    let delete = |etag: &str| DeleteAlertChannelRequest {
        id: first.id.clone(),
        etag: etag.to_owned(),
    };
    let stale = client.delete_alert_channel(delete(&first.etag)).await;
    assert_eq!(code(stale), Code::Aborted);
    let deleted = client.delete_alert_channel(delete(&same.etag)).await;
    deleted.unwrap();
    assert_eq!(code(get(&mut client, &first.id).await), Code::NotFound);
    assert_eq!(
        code(update(&mut client, first.clone(), &[]).await),
        Code::NotFound
    );
    let again = client.delete_alert_channel(delete("")).await;
    assert_eq!(code(again), Code::NotFound);
}

#[tokio::test]
async fn channels_are_listed_page_by_page() {
    let server = super::start().await;
    let mut client = server.alerts();
    for name in ["b", "a", "a", "é", "A"] {
        created(&mut client, email(name, &["ada@acme.example"])).await;
    }
    for page_size in 1..=6 {
        let mut request = ListAlertChannelsRequest {
            page_size,
            ..Default::default()
        };
        let mut found = Vec::new();
        loop {
            let page = client.list_alert_channels(request.clone()).await;
            let page = page.unwrap().into_inner();
            found.extend(page.channels.into_iter().map(|it| it.display_name));
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
        }
        assert_eq!(found, ["A", "a", "a", "b", "é"], "{page_size}");
    }
    for request in [(-1, ""), (0, "?"), (0, "AAAAAAAAAAAAAAAA")] {
        let (page_size, token) = request;
        let request = ListAlertChannelsRequest {
            page_size,
            page_token: token.to_owned(),
        };
        let field = if page_size < 0 {
            "page_size"
        } else {
            "page_token"
        };
        let answer = client.list_alert_channels(request).await;
        assert_eq!(refused_fields(answer), [field]);
    }
}

#[tokio::test]
async fn a_test_says_what_the_receiver_answered_and_never_its_words() {
    let server = super::start().await;
    let mut client = server.alerts();
    let receiver = Receiver::start(&[404, 503]).await;
    let channel = created(&mut client, webhook("hook", &receiver.url)).await;
    for status in ["404", "503"] {
        let told = test(&mut client, &channel.id).await;
        assert!(!told.accepted);
        assert!(told.answer.contains(status), "{told:?}");
        assert_ne!(told.error, "");
        assert!(!format!("{told:?}").contains("nobody is told"), "{told:?}");
    }
    let told = test(&mut client, &channel.id).await;
    assert!(told.accepted && told.error.is_empty(), "{told:?}");
    assert!(told.answer.contains("204"), "{told:?}");
    // A test that fails pauses nothing.
    assert_eq!(get(&mut client, &channel.id).await.unwrap().pause, None);
    // Nobody listens there.
    let mail = created(&mut client, email("mail", &["ada@acme.example"])).await;
    let told = test(&mut client, &mail.id).await;
    assert!(!told.accepted && !told.error.is_empty(), "{told:?}");
    let gone = TestAlertChannelRequest {
        id: "nowhere".to_owned(),
    };
    assert_eq!(code(client.test_alert_channel(gone).await), Code::NotFound);
}

#[tokio::test]
async fn a_channel_that_goes_leaves_its_rules_and_a_rule_without_one_is_disabled() {
    let server = super::start().await;
    let mut client = server.alerts();
    let one = created(&mut client, email("one", &["ada@acme.example"])).await;
    let two = created(&mut client, email("two", &["bob@acme.example"])).await;
    let mut both = change("both", &one.id);
    both.channel_ids.push(two.id.clone());
    create_rule(&mut client, both).await.unwrap();
    create_rule(&mut client, change("alone", &one.id))
        .await
        .unwrap();
    let delete = DeleteAlertChannelRequest {
        id: one.id,
        etag: String::new(),
    };
    client.delete_alert_channel(delete).await.unwrap();
    let rules = client
        .list_alert_rules(v1::ListAlertRulesRequest::default())
        .await;
    let rules = rules.unwrap().into_inner().rules;
    let [alone, both] = &rules[..] else {
        panic!("two rules: {rules:?}");
    };
    assert_eq!((alone.channel_ids.len(), alone.disabled), (0, true));
    assert_eq!(both.channel_ids, [two.id]);
    assert!(!both.disabled);
}

#[tokio::test]
async fn without_a_key_or_a_mail_server_it_is_said_what_to_set() {
    let server = TestServer::start().await;
    let mut client = server.alerts();
    for (channel, setting) in [
        (one_of_each()[0].clone(), "LAMPBOARD_MASTER_KEY"),
        (email("mail", &["ada@acme.example"]), "LAMPBOARD_SMTP_URL"),
    ] {
        let status = create(&mut client, channel).await.unwrap_err();
        assert_eq!(status.code(), Code::FailedPrecondition);
        assert!(status.message().contains(setting), "{status}");
    }
}

#[tokio::test]
async fn who_has_unsubscribed_is_sent_no_test_either() {
    let server = super::start().await;
    let mut client = server.alerts();
    let both = ["ada@acme.example", "bob@acme.example"];
    let channel = created(&mut client, email("mail", &both)).await;
    let unsubscribe = "INSERT INTO alert_recipient
        SELECT id, 'bob@acme.example', 'unsubscribed', '', 0 FROM alert_channel";
    server.sabotage(unsubscribe).await;
    let told = test(&mut client, &channel.id).await;
    let sent = told.recipients.iter().map(|it| it.address.as_str());
    assert_eq!(sent.collect::<Vec<_>>(), ["ada@acme.example"]);
    let unsubscribe = "INSERT INTO alert_recipient
        SELECT id, 'ada@acme.example', 'unsubscribed', '', 0 FROM alert_channel";
    server.sabotage(unsubscribe).await;
    let told = test(&mut client, &channel.id).await;
    assert!(
        !told.accepted && told.error.contains("unsubscribed"),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_channel_that_nobody_reads_any_more_is_paused_and_says_why() {
    let server = super::start().await;
    let mut client = server.alerts();
    let channel = created(&mut client, email("mail", &["ada@acme.example"])).await;
    let unsubscribe = "INSERT INTO alert_recipient
        SELECT id, 'ada@acme.example', 'unsubscribed', '', 0 FROM alert_channel";
    server.sabotage(unsubscribe).await;
    create_rule(&mut client, change("main breaks", &channel.id))
        .await
        .unwrap();
    server
        .report(vec![ended(1, 1, BuildConclusion::Failure, 60)])
        .await;
    let looking = async {
        loop {
            if let Some(pause) = get(&mut client, &channel.id).await.unwrap().pause {
                return pause;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    let pause = timeout(Duration::from_secs(30), looking).await.unwrap();
    assert_eq!(pause.end_time, None, "until somebody sees to it");
    assert!(pause.reason.contains("have unsubscribed"), "{pause:?}");
}

#[tokio::test]
async fn a_webhook_the_key_of_which_is_lost_is_given_url_and_secret_anew() {
    let server = super::start().await;
    let mut client = server.alerts();
    let receiver = Receiver::start(&[]).await;
    let channel = created(&mut client, webhook("hook", &receiver.url)).await;
    server
        .sabotage("UPDATE alert_channel SET secret = X'00'")
        .await;
    let renamed = AlertChannel {
        display_name: "renamed".to_owned(),
        ..channel.clone()
    };
    let renamed = update(&mut client, renamed, &["display_name"]).await;
    assert_eq!(renamed.unwrap().display_name, "renamed");
    let set = |url: &str, secret: &str| AlertChannel {
        id: channel.id.clone(),
        target: Some(Target::Webhook(v1::WebhookTarget {
            url: url.to_owned(),
            secret: secret.to_owned(),
            ..Default::default()
        })),
        ..AlertChannel::default()
    };
    let moved = update(&mut client, set(&receiver.url, ""), &["webhook.url"]).await;
    assert_eq!(refused_fields(moved), ["channel.webhook.secret"]);
    let signed = update(&mut client, set("", SECRETS[3]), &["webhook.secret"]).await;
    assert_eq!(refused_fields(signed), ["channel.webhook.url"]);
    let both = set(&receiver.url, SECRETS[3]);
    update(&mut client, both, &["webhook.url", "webhook.secret"])
        .await
        .unwrap();
    assert!(test(&mut client, &channel.id).await.accepted);
}

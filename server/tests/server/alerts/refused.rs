//! What is refused of a channel, by the name of the field.

use lampboard_proto::v1::{self, AlertChannel, alert_channel::Target};

use super::{channel, create, created, email, webhook};
use crate::support::refused_fields;

fn slack(url: &str) -> AlertChannel {
    let url = url.to_owned();
    let target = v1::SlackWebhookTarget {
        url,
        ..Default::default()
    };
    channel("slack", Target::SlackWebhook(target))
}

fn bot(token: &str, slack_channel: &str) -> AlertChannel {
    let target = v1::SlackBotTarget {
        token: token.to_owned(),
        slack_channel: slack_channel.to_owned(),
        ..Default::default()
    };
    channel("bot", Target::SlackBot(target))
}

fn signed(url: &str, secret: &str) -> AlertChannel {
    let target = v1::WebhookTarget {
        url: url.to_owned(),
        secret: secret.to_owned(),
        ..Default::default()
    };
    channel("hook", Target::Webhook(target))
}

#[tokio::test]
async fn each_bad_field_of_a_channel_is_named() {
    let server = super::start().await;
    let mut client = server.alerts();
    let any = ["ada@acme.example"];
    let long = "x".repeat(101);
    let nobody = AlertChannel {
        display_name: "nobody".to_owned(),
        ..AlertChannel::default()
    };
    let odd = AlertChannel {
        repeat_policy: 99,
        ..email("odd", &any)
    };
    for (field, channel) in [
        ("channel.display_name", email("", &any)),
        ("channel.display_name", email(" \t ", &any)),
        ("channel.display_name", email(&long, &any)),
        ("channel.display_name", email("a\nb", &any)),
        ("channel.target", nobody),
        ("channel.repeat_policy", odd),
        ("channel.slack_webhook.url", slack("")),
        ("channel.slack_webhook.url", slack("no url")),
        (
            "channel.slack_webhook.url",
            slack("https://example.com/services/x"),
        ),
        (
            "channel.slack_webhook.url",
            slack("http://hooks.slack.com/services/x"),
        ),
        (
            "channel.slack_webhook.url",
            slack("https://hooks.slack.com/other"),
        ),
        (
            "channel.slack_webhook.url",
            slack("https://a:b@hooks.slack.com/services/x"),
        ),
        ("channel.slack_bot.token", bot("", "C0123456789")),
        ("channel.slack_bot.token", bot("xoxp-1", "C0123456789")),
        ("channel.slack_bot.slack_channel", bot("xoxb-1", "#ci")),
        ("channel.slack_bot.slack_channel", bot("xoxb-1", "")),
        ("channel.email.addresses", email("mail", &[])),
        (
            "channel.email.addresses[1]",
            email("mail", &["ada@acme.example", "nobody"]),
        ),
        (
            "channel.email.addresses[0]",
            email("mail", &["a@b.example\r\nBcc: c@d.example"]),
        ),
        (
            "channel.email.addresses",
            email("mail", &["ada@acme.example"; 51]),
        ),
        ("channel.webhook.url", signed("", "")),
        (
            "channel.webhook.url",
            signed("https://169.254.169.254/latest", ""),
        ),
        ("channel.webhook.url", signed("ftp://127.0.0.1/", "")),
        ("channel.webhook.url", signed("http://10.1.2.3/", "")),
        (
            "channel.webhook.secret",
            signed("http://127.0.0.1:9/", "short"),
        ),
        (
            "channel.webhook.secret",
            signed("http://127.0.0.1:9/", "whsec_YQ=="),
        ),
    ] {
        let shown = format!("{channel:?}");
        let answer = create(&mut client, channel).await;
        assert_eq!(refused_fields(answer), [field], "{shown}");
    }
    // Several at once.
    let answer = create(&mut client, email("", &[])).await;
    let both = ["channel.display_name", "channel.email.addresses"];
    assert_eq!(refused_fields(answer), both);
}

#[tokio::test]
async fn each_bad_field_of_a_change_is_named() {
    let server = super::start().await;
    let mut client = server.alerts();
    let any = ["ada@acme.example"];
    let stored = created(&mut client, email("mail", &any)).await;
    for (field, channel, mask) in [
        ("update_mask", stored.clone(), "id"),
        ("update_mask", stored.clone(), "email.recipients"),
        ("update_mask", stored.clone(), "slack_webhook"),
        ("channel.email.addresses", email("mail", &[]), "email"),
        (
            "channel.target",
            webhook("mail", "http://127.0.0.1:9/"),
            "webhook",
        ),
        ("channel.display_name", email("", &any), "display_name"),
    ] {
        let channel = AlertChannel {
            id: stored.id.clone(),
            etag: String::new(),
            ..channel
        };
        let request = v1::UpdateAlertChannelRequest {
            channel: Some(channel),
            update_mask: Some(prost_types::FieldMask {
                paths: vec![mask.to_owned()],
            }),
        };
        let answer = client.update_alert_channel(request).await;
        assert_eq!(refused_fields(answer), [field], "{mask}");
    }
    let forged = AlertChannel {
        etag: "forged".to_owned(),
        ..stored
    };
    let request = v1::UpdateAlertChannelRequest {
        channel: Some(forged),
        update_mask: None,
    };
    let answer = client.update_alert_channel(request).await;
    assert_eq!(refused_fields(answer), ["channel.etag"]);
}

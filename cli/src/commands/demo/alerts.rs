//! Alerts of the demo: channels that end in its outbox, and rules that tell them.

use anyhow::{Context as _, ensure};
use lampboard_github_double::Outbox;
use lampboard_proto::{
    transport::Transport,
    v1::{
        AlertChannel, AlertRule, BuildFilter, ChangeTrigger, CreateAlertChannelRequest,
        CreateAlertRuleRequest, EmailTarget, FailureTrigger, SlackWebhookTarget,
        TestAlertChannelRequest, alert_channel::Target, alert_rule::Trigger,
        alert_service_client::AlertServiceClient,
    },
};
use lampboard_server::{AlertConfig, MailConfig, MasterKey, OutboundConfig};
use secrecy::ExposeSecret as _;
use url::Url;

use crate::commands::parts;

type Client = AlertServiceClient<Transport>;

/// How the demo sends: to its own outbox, over the network of this machine.
pub(super) fn config(public_url: Url, outbox: &Outbox) -> anyhow::Result<AlertConfig> {
    let key = parts::make_secret()?;
    // It offers no TLS.
    let mail_server = format!("{}?tls=none", outbox.mail_server()).into();
    Ok(AlertConfig {
        master_keys: vec![MasterKey::parse(key.expose_secret())?],
        mail: Some(MailConfig::new(
            &mail_server,
            "Lampboard <lampboard@demo.example>",
        )?),
        outbound: OutboundConfig {
            slack_hosts: vec![outbox.slack_host()],
            allow: vec!["127.0.0.1/32".to_owned()],
        },
        outbox: Some(Outbox::PATH.to_owned()),
        ..AlertConfig::new(public_url)
    })
}

/// Makes channels and rules, before anything happens that they could tell. A test to each
/// channel is there to be looked at from the start.
pub(super) async fn begin(transport: Transport, outbox: &Outbox) -> anyhow::Result<()> {
    let mut client = Client::new(transport);
    let slack = Target::SlackWebhook(SlackWebhookTarget {
        url: outbox.slack_url(),
        ..SlackWebhookTarget::default()
    });
    let mail = Target::Email(EmailTarget {
        addresses: vec!["team@demo.example".to_owned()],
        ..EmailTarget::default()
    });
    let slack = channel(&mut client, "#builds", slack).await?;
    let mail = channel(&mut client, "Team by e-mail", mail).await?;
    let change = Trigger::Change(ChangeTrigger::default());
    let channels = [&slack, &mail];
    rule(
        &mut client,
        "Default branch breaks or recovers",
        true,
        change,
        &channels,
    )
    .await?;
    let failure = Trigger::Failure(FailureTrigger {});
    rule(&mut client, "Every failure", false, failure, &[&slack]).await
}

async fn channel(client: &mut Client, name: &str, target: Target) -> anyhow::Result<String> {
    let request = CreateAlertChannelRequest {
        channel: Some(AlertChannel {
            display_name: name.to_owned(),
            target: Some(target),
            ..AlertChannel::default()
        }),
    };
    let created = client.create_alert_channel(request).await?.into_inner();
    let id = created.channel.context("a channel was created")?.id;
    let request = TestAlertChannelRequest { id: id.clone() };
    let test = client.test_alert_channel(request).await?.into_inner();
    ensure!(test.accepted, "the outbox takes nothing: {}", test.error);
    Ok(id)
}

async fn rule(
    client: &mut Client,
    name: &str,
    default_branch_only: bool,
    trigger: Trigger,
    channels: &[&String],
) -> anyhow::Result<()> {
    let request = CreateAlertRuleRequest {
        rule: Some(AlertRule {
            display_name: name.to_owned(),
            filter: Some(BuildFilter {
                default_branch_only,
                ..BuildFilter::default()
            }),
            trigger: Some(trigger),
            channel_ids: channels.iter().map(|id| (*id).clone()).collect(),
            ..AlertRule::default()
        }),
    };
    client.create_alert_rule(request).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::{body::to_bytes, extract::Request};
    use lampboard_proto::transport;
    use lampboard_server::{Clock, Config, Database, PortConfig, Retention, Server};
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn what_was_sent_is_in_the_outbox() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Outbox::start().await.unwrap();
        let server = Server::open(Config {
            database: Database::Sqlite(folder.path().join("lampboard.db")),
            port: PortConfig::new(parts::make_secret().unwrap()),
            retention: Retention::default(),
            alerts: config(Url::parse("http://127.0.0.1:8080").unwrap(), &outbox).unwrap(),
            clock: Clock::system(),
        });
        let server = server.await.unwrap();
        begin(transport::over(server.routes()), &outbox)
            .await
            .unwrap();
        let request = Request::get(Outbox::PATH).body(String::new()).unwrap();
        let response = outbox.router().oneshot(request).await.unwrap();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let html = String::from_utf8(body.to_vec()).unwrap();
        for shown in ["Slack: 1", "E-mail: 1", "To team@demo.example", "#builds"] {
            assert!(html.contains(shown), "{shown} in {html}");
        }
        server.close().await;
    }
}

//! `AlertService`: channels, rules, and what becomes of alerts.

mod channels;
mod history;
mod incidents;
mod receiver;
mod refused;
mod refused_questions;
mod refused_rules;
mod rules;
mod scene;

use lampboard_proto::{
    transport::Transport,
    v1::{
        self, Alert, AlertChannel, AlertRule, AlertState, ListAlertsRequest, alert_channel::Target,
        alert_rule::Trigger, alert_service_client::AlertServiceClient,
    },
};
use lampboard_server::{AlertConfig, MailConfig, MasterKey, OutboundConfig};
use tonic::Status;

use crate::support::TestServer;

/// Of no use elsewhere.
const MASTER_KEY: &str = "6f1d2b0c9a8e7d5f4c3b2a190817263544f3e2d1c0bfae9d8c7b6a5948372615";

type Client = AlertServiceClient<Transport>;

/// A server that seals secrets, has a mail server, and may reach receivers on loopback.
async fn start() -> TestServer {
    let mail = "smtp://127.0.0.1:9?tls=none".to_owned().into();
    TestServer::start_alerting(AlertConfig {
        master_keys: vec![MasterKey::parse(MASTER_KEY).unwrap()],
        mail: Some(MailConfig::new(&mail, "ci@acme.example").unwrap()),
        outbound: OutboundConfig {
            slack_hosts: Vec::new(),
            allow: vec!["127.0.0.0/8".to_owned()],
        },
        ..AlertConfig::new("http://localhost".parse().unwrap())
    })
    .await
}

fn channel(name: &str, target: Target) -> AlertChannel {
    AlertChannel {
        display_name: name.to_owned(),
        target: Some(target),
        ..AlertChannel::default()
    }
}

fn webhook(name: &str, url: &str) -> AlertChannel {
    let target = v1::WebhookTarget {
        url: url.to_owned(),
        ..v1::WebhookTarget::default()
    };
    channel(name, Target::Webhook(target))
}

fn email(name: &str, addresses: &[&str]) -> AlertChannel {
    let target = v1::EmailTarget {
        addresses: addresses.iter().map(|it| (*it).to_owned()).collect(),
        ..v1::EmailTarget::default()
    };
    channel(name, Target::Email(target))
}

async fn create(
    client: &mut Client,
    channel: AlertChannel,
) -> Result<v1::CreateAlertChannelResponse, Status> {
    let request = v1::CreateAlertChannelRequest {
        channel: Some(channel),
    };
    let answer = client.create_alert_channel(request).await;
    answer.map(tonic::Response::into_inner)
}

/// Creates a channel; gives it as it is kept.
async fn created(client: &mut Client, channel: AlertChannel) -> AlertChannel {
    create(client, channel).await.unwrap().channel.unwrap()
}

/// The first failure and the recovery of everything, to one channel.
fn change(name: &str, channel: &str) -> AlertRule {
    AlertRule {
        display_name: name.to_owned(),
        trigger: Some(Trigger::Change(v1::ChangeTrigger::default())),
        channel_ids: vec![channel.to_owned()],
        ..AlertRule::default()
    }
}

async fn create_rule(client: &mut Client, rule: AlertRule) -> Result<AlertRule, Status> {
    let request = v1::CreateAlertRuleRequest { rule: Some(rule) };
    let answer = client.create_alert_rule(request).await;
    answer.map(|answer| answer.into_inner().rule.unwrap())
}

async fn list(client: &mut Client, request: ListAlertsRequest) -> Vec<Alert> {
    let answer = client.list_alerts(request).await;
    answer.unwrap().into_inner().alerts
}

/// The alerts, newest first, as soon as none of them waits for a first try.
async fn settled(client: &mut Client, count: usize) -> Vec<Alert> {
    let looking = async {
        loop {
            let alerts = list(client, ListAlertsRequest::default()).await;
            let waits = |it: &Alert| it.state() == AlertState::Pending && it.error.is_empty();
            if alerts.len() >= count && !alerts.iter().any(waits) {
                return alerts;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    let looking = tokio::time::timeout(std::time::Duration::from_secs(30), looking);
    looking.await.expect("they are not settled in time")
}

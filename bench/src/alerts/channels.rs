//! The channels, each with a rule for the one repository that it is told of.

use anyhow::{Context as _, Result};
use lampboard_proto::v1::{
    AlertChannel, AlertRule, BuildFilter, ChangeTrigger, CreateAlertChannelRequest,
    CreateAlertRuleRequest, SlackWebhookTarget, WebhookTarget, alert_channel::Target,
    alert_rule::Trigger, alert_service_client::AlertServiceClient,
};
use tonic::transport::{Channel, Endpoint};

use super::receiver::Receiver;

/// Makes so many, Slack's and webhooks by turns.
pub(crate) async fn create(port: u16, receiver: &Receiver, count: usize) -> Result<()> {
    let server = Endpoint::from_shared(format!("http://127.0.0.1:{port}"))?;
    let mut alerts = AlertServiceClient::new(server.connect().await?);
    for number in 0..count {
        let id = channel(&mut alerts, number, receiver.url(number)).await?;
        rule(&mut alerts, number, id).await?;
    }
    Ok(())
}

/// The repository that a channel is told of.
pub(crate) fn repository(channel: usize) -> String {
    format!("service-{channel}")
}

async fn channel(
    alerts: &mut AlertServiceClient<Channel>,
    number: usize,
    url: String,
) -> Result<String> {
    let target = if number.is_multiple_of(2) {
        Target::SlackWebhook(SlackWebhookTarget {
            url,
            ..SlackWebhookTarget::default()
        })
    } else {
        Target::Webhook(WebhookTarget {
            url,
            ..WebhookTarget::default()
        })
    };
    let channel = Some(AlertChannel {
        display_name: format!("channel {number}"),
        target: Some(target),
        ..AlertChannel::default()
    });
    let request = CreateAlertChannelRequest { channel };
    let created = alerts.create_alert_channel(request).await?.into_inner();
    Ok(created.channel.context("no channel was made")?.id)
}

/// What breaks and recovers.
async fn rule(
    alerts: &mut AlertServiceClient<Channel>,
    number: usize,
    channel: String,
) -> Result<()> {
    let rule = Some(AlertRule {
        display_name: format!("rule {number}"),
        filter: Some(BuildFilter {
            repositories: vec![format!("*/{}", repository(number))],
            ..BuildFilter::default()
        }),
        trigger: Some(Trigger::Change(ChangeTrigger::default())),
        channel_ids: vec![channel],
        ..AlertRule::default()
    });
    alerts
        .create_alert_rule(CreateAlertRuleRequest { rule })
        .await?;
    Ok(())
}

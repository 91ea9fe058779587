//! A Lampboard with people behind it: its channels, its rule, and the GitHub that it hears of.

use std::time::Duration;

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use lampboard_github_double::{Conclusion, Event};
use lampboard_proto::v1::{
    Alert, AlertChannel, AlertRule, AlertState, ChangeTrigger, CreateAlertChannelRequest,
    CreateAlertRuleRequest, EmailTarget, GetAlertChannelRequest, ListAlertsRequest,
    SlackWebhookTarget, WebhookTarget, alert_channel::Target, alert_rule::Trigger,
    alert_service_client::AlertServiceClient,
};
use tokio::time::{sleep, timeout};
use tonic::transport::{Channel, Endpoint};

use super::{
    github::OneWorkflow,
    lampboard::{Lampboard, Mode, Settings},
    receiver::Receiver,
};

/// What the webhook channel is signed with.
pub(crate) const SIGNED_WITH: &str = "whsec_YS1zZWNyZXQtb2YtYS13ZWJob29rLTAxMjM0NTY3ODk=";
pub(crate) const MASTER_KEY: &str =
    "6f1d2b0c9a8e7d5f4c3b2a190817263544f3e2d1c0bfae9d8c7b6a5948372615";
const PATIENCE: Duration = Duration::from_mins(1);
const TICK: Duration = Duration::from_millis(10);

pub(crate) struct Crew {
    pub(crate) lampboard: Lampboard,
    pub(crate) receiver: Receiver,
    github: OneWorkflow,
}

/// How alerts are sent to a receiver.
pub(crate) fn settings(receiver: &Receiver) -> Settings {
    vec![
        ("LAMPBOARD_MASTER_KEY", MASTER_KEY.to_owned()),
        ("LAMPBOARD_OUTBOUND_ALLOW", "127.0.0.0/8".to_owned()),
        ("LAMPBOARD_SLACK_HOSTS", receiver.url("")),
    ]
}

/// So long ago by the machine's own clock, which is the one of the binary.
#[expect(clippy::disallowed_methods, reason = "the binary goes by it")]
pub(crate) fn ago(time: SignedDuration) -> Timestamp {
    Timestamp::now() - time
}

pub(crate) fn slack(url: String) -> Target {
    Target::SlackWebhook(SlackWebhookTarget {
        url,
        ..SlackWebhookTarget::default()
    })
}

pub(crate) fn webhook(url: String) -> Target {
    Target::Webhook(WebhookTarget {
        url,
        secret: SIGNED_WITH.to_owned(),
        ..WebhookTarget::default()
    })
}

pub(crate) fn email(address: &str) -> Target {
    Target::Email(EmailTarget {
        addresses: vec![address.to_owned()],
        ..EmailTarget::default()
    })
}

impl Crew {
    /// Starts a Lampboard that knows no channel yet.
    pub(crate) async fn start(mode: Mode, further: Settings) -> Self {
        let receiver = Receiver::start().await;
        let mut all = settings(&receiver);
        all.extend(further);
        Self {
            lampboard: Lampboard::start_with(mode, all).await,
            receiver,
            github: OneWorkflow::at(ago(SignedDuration::from_mins(30))),
        }
    }

    /// One with a Slack channel, which is told of changes.
    pub(crate) async fn with_slack(mode: Mode) -> (Self, AlertChannel) {
        let crew = Self::start(mode, Vec::new()).await;
        let channel = crew
            .channel("#ci", slack(crew.receiver.url("/slack")))
            .await;
        crew.rule(&[&channel]).await;
        (crew, channel)
    }

    pub(crate) fn client(&self) -> AlertServiceClient<Channel> {
        client(&self.lampboard)
    }

    pub(crate) async fn channel(&self, name: &str, target: Target) -> AlertChannel {
        let channel = AlertChannel {
            display_name: name.to_owned(),
            target: Some(target),
            ..AlertChannel::default()
        };
        self.channel_as(channel).await
    }

    pub(crate) async fn channel_as(&self, channel: AlertChannel) -> AlertChannel {
        let channel = Some(channel);
        let request = CreateAlertChannelRequest { channel };
        let created = self.client().create_alert_channel(request).await;
        created.unwrap().into_inner().channel.unwrap()
    }

    /// The channels are told what breaks and recovers.
    pub(crate) async fn rule(&self, channels: &[&AlertChannel]) {
        let rule = Some(AlertRule {
            display_name: "main".to_owned(),
            trigger: Some(Trigger::Change(ChangeTrigger::default())),
            channel_ids: channels.iter().map(|it| it.id.clone()).collect(),
            ..AlertRule::default()
        });
        let request = CreateAlertRuleRequest { rule };
        self.client().create_alert_rule(request).await.unwrap();
    }

    /// A run ends so; gives what GitHub says of it.
    pub(crate) fn run(&mut self, conclusion: Conclusion) -> Vec<Event> {
        self.github.whole_run(conclusion)
    }

    /// A run ends so, and all of it is delivered.
    pub(crate) async fn told(&mut self, conclusion: Conclusion) {
        for event in self.run(conclusion) {
            deliver(&self.lampboard, &event).await;
        }
    }

    /// After the server was killed: another one goes on, or the same one is started again. What
    /// it held is free, as if its leases had ended.
    pub(crate) async fn go_on(&mut self, heir: Option<Lampboard>) {
        self.end_leases().await;
        match heir {
            Some(heir) => self.lampboard = heir,
            None => self.lampboard.restart_server().await,
        }
    }

    /// Lets the time pass that leases have, where several servers may hold them.
    pub(crate) async fn end_leases(&self) {
        if self.lampboard.database_url().is_some() {
            let mut database = self.lampboard.database_to_change().await;
            let sql = "UPDATE alert_channel SET lease_until = 0";
            database.run(sql.to_owned()).await;
        }
    }

    /// Waits until the server says so in its log.
    pub(crate) async fn logged(&self, words: &str) {
        let looking = async {
            while !self.lampboard.server.log().contains(words) {
                sleep(TICK).await;
            }
        };
        timeout(PATIENCE, looking)
            .await
            .expect("it does not say so");
    }

    /// All alerts, the oldest first, as soon as so many were sent and none waits.
    pub(crate) async fn sent(&self, count: usize) -> Vec<Alert> {
        sent(&self.lampboard, count).await
    }

    /// Waits until the channel is paused; says why.
    pub(crate) async fn paused(&self, channel: &AlertChannel) -> String {
        let request = GetAlertChannelRequest {
            id: channel.id.clone(),
        };
        let looking = async {
            loop {
                let answer = self.client().get_alert_channel(request.clone()).await;
                match answer.unwrap().into_inner().channel.unwrap().pause {
                    Some(pause) => return pause.reason,
                    None => sleep(TICK).await,
                }
            }
        };
        timeout(PATIENCE, looking).await.expect("it is not paused")
    }
}

/// Delivers something; it is answered for.
pub(crate) async fn deliver(lampboard: &Lampboard, event: &Event) {
    let answer = lampboard.hook().deliver_event(event).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);
}

pub(crate) fn client(lampboard: &Lampboard) -> AlertServiceClient<Channel> {
    let url = format!("http://{}", lampboard.server.address());
    AlertServiceClient::new(Endpoint::from_shared(url).unwrap().connect_lazy())
}

/// All alerts of a Lampboard, the oldest first, as soon as so many were sent and none waits.
pub(crate) async fn sent(lampboard: &Lampboard, count: usize) -> Vec<Alert> {
    let looking = async {
        loop {
            let mut client = client(lampboard);
            let answer = client.list_alerts(ListAlertsRequest::default()).await;
            let mut alerts = answer.unwrap().into_inner().alerts;
            alerts.reverse();
            let are = |state| alerts.iter().filter(|it| it.state() == state).count();
            if are(AlertState::Sent) >= count && are(AlertState::Pending) == 0 {
                return alerts;
            }
            sleep(TICK).await;
        }
    };
    timeout(PATIENCE, looking).await.expect("they are not sent")
}

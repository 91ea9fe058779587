//! One channel on loopback, and one rule that tells it what breaks and recovers.

use std::time::Duration;

use lampboard_proto::v1::{
    Alert, AlertChannelPause, AlertState, BuildConclusion, GetAlertChannelRequest,
    ListAlertsRequest,
};
use tokio::time::{sleep, timeout};

use super::{Client, change, create_rule, created, list, receiver::Receiver, settled, webhook};
use crate::support::{NOON, TestServer, ended};

use BuildConclusion::{Failure, Success};

/// A channel that is told what breaks and recovers.
pub(super) struct Scene {
    pub(super) server: TestServer,
    pub(super) client: Client,
    pub(super) receiver: Receiver,
    pub(super) channel: String,
    pub(super) rule: String,
}

impl Scene {
    /// One channel, told by one rule of what breaks and recovers.
    pub(super) async fn set(answers: &[u16]) -> Self {
        let server = super::start().await;
        let mut client = server.alerts();
        let receiver = Receiver::start(answers).await;
        let channel = created(&mut client, webhook("hook", &receiver.url))
            .await
            .id;
        let rule = create_rule(&mut client, change("main breaks", &channel)).await;
        Self {
            rule: rule.unwrap().id,
            server,
            client,
            receiver,
            channel,
        }
    }

    pub(super) async fn break_and_mend(&mut self) -> Vec<Alert> {
        self.server.report(vec![ended(1, 1, Success, 60)]).await;
        self.server.report(vec![ended(2, 1, Failure, 120)]).await;
        settled(&mut self.client, 1).await;
        // What is raised at the same time has no order.
        self.server.set_time(NOON + 1);
        self.server.report(vec![ended(3, 1, Success, 180)]).await;
        settled(&mut self.client, 2).await
    }
    /// Why nothing is sent to the channel.
    pub(super) async fn pause(&mut self) -> Option<AlertChannelPause> {
        let id = self.channel.clone();
        let request = GetAlertChannelRequest { id };
        let answer = self.client.get_alert_channel(request).await;
        answer.unwrap().into_inner().channel.unwrap().pause
    }

    /// The only alert, as soon as it was sent.
    pub(super) async fn sent(&mut self) -> Alert {
        self.only(|alert| alert.state() == AlertState::Sent).await
    }

    /// Waits until the only alert failed for a reason that holds this.
    pub(super) async fn error_of(&mut self, reason: &str) {
        self.only(|alert| alert.error.contains(reason)).await;
    }

    async fn only(&mut self, is_it: impl Fn(&Alert) -> bool) -> Alert {
        let looking = async {
            loop {
                let alerts = list(&mut self.client, ListAlertsRequest::default()).await;
                match &alerts[..] {
                    [alert] if is_it(alert) => return alert.clone(),
                    _ => sleep(Duration::from_millis(10)).await,
                }
            }
        };
        let looking = timeout(Duration::from_secs(30), looking);
        looking.await.expect("it is not sent in time")
    }
}

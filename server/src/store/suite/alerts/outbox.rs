//! How alerts get out: one sender at a time, again after a failure, together in a storm.

mod failed;
mod held;
mod left;
mod sent;
mod turns;

use std::time::Duration;

use jiff::SignedDuration;

use super::{Team, build, rule};
use crate::{
    fixtures::{at, build_id},
    model::{AlertChannel, AlertState, BuildFacts, RuleFilter, Source, Trigger},
    store::{Back, Next, Outcome, Outgoing, Tried},
};

impl Team {
    pub(super) async fn next(&self, channel: &AlertChannel, tried: Option<Tried>) -> Next {
        let next = self.fixture.store.next_message(channel.id.clone(), tried);
        next.await.unwrap()
    }

    /// The next message, which there must be.
    async fn message(&self, channel: &AlertChannel, tried: Option<Tried>) -> Outgoing {
        match self.next(channel, tried).await {
            Next::Send(outgoing) => *outgoing,
            Next::Wait(time) => panic!("nothing before {time:?}"),
            Next::Held => panic!("another one has it"),
        }
    }

    /// Until when nothing is sent.
    async fn wait(&self, channel: &AlertChannel, tried: Option<Tried>) -> Option<i64> {
        match self.next(channel, tried).await {
            Next::Wait(time) => time.map(|time| time.duration_since(at(0)).as_secs()),
            Next::Send(outgoing) => panic!("{:?} is sent", outgoing.alerts),
            Next::Held => panic!("another one has it"),
        }
    }

    async fn pause(&self, channel: &AlertChannel) -> Option<(String, Option<i64>)> {
        let found = self
            .fixture
            .store
            .alert_channel(&channel.id)
            .await
            .unwrap()
            .unwrap();
        let seconds = |time: jiff::Timestamp| time.duration_since(at(0)).as_secs();
        found
            .pause
            .map(|pause| (pause.reason, pause.end_time.map(seconds)))
    }

    /// The runs of alerts that wait.
    async fn pending(&self) -> Vec<i64> {
        self.runs(|state| matches!(state, AlertState::Pending { .. }))
            .await
    }

    /// The runs of alerts that failed.
    async fn failed(&self) -> Vec<i64> {
        self.runs(|state| *state == AlertState::Failed).await
    }

    async fn runs(&self, is_one: impl Fn(&AlertState) -> bool) -> Vec<i64> {
        let alerts = self.alerts().await.into_iter();
        let of_state = alerts.filter(|alert| is_one(&alert.state));
        of_state.map(|alert| alert.build.run.0).collect()
    }

    /// Fails builds of branches of their own, each an incident.
    async fn break_branches(&self, runs: std::ops::Range<i32>, second: i64) {
        for run in runs {
            let facts = BuildFacts {
                branch: format!("b{run}"),
                update_time: at(second),
                ..build(run, 1, "failure")
            };
            self.report(build_id(i64::from(run), 1), facts, Source::Webhook)
                .await;
        }
    }
}

fn tried(outgoing: &Outgoing, outcome: Outcome) -> Tried {
    Tried {
        lease: outgoing.lease.clone(),
        message_id: outgoing.message_id.clone(),
        outcome,
        answer: "200".to_owned(),
        thread: String::new(),
        recipients: Vec::new(),
        left_out: Vec::new(),
    }
}

pub(super) fn sent(outgoing: &Outgoing) -> Tried {
    let pause = SignedDuration::ZERO;
    tried(outgoing, Outcome::Sent { pause })
}

fn later(outgoing: &Outgoing, asked: Option<u64>) -> Tried {
    let later = Outcome::Later {
        error: "500".to_owned(),
        asked: asked.map(Duration::from_secs),
        chance: 0.5,
        back: Back::Channel,
        may_be_there: false,
    };
    tried(outgoing, later)
}

/// It is about the message, or some of its readers.
fn put_off(outgoing: &Outgoing, back: Back) -> Tried {
    let later = Outcome::Later {
        error: "452".to_owned(),
        asked: None,
        chance: 0.5,
        back,
        may_be_there: false,
    };
    tried(outgoing, later)
}

fn refused(outgoing: &Outgoing, is_gone: bool) -> Tried {
    let error = "404".to_owned();
    tried(outgoing, Outcome::Refused { error, is_gone })
}

/// Tells of every branch.
pub(super) fn of_all(trigger: Trigger, channels: &[&AlertChannel]) -> crate::model::RuleContent {
    let mut all = rule(trigger, channels);
    all.filter = RuleFilter::default();
    all
}

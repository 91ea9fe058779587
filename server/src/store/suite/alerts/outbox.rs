//! How alerts get out: one sender at a time, again after a failure, together in a storm.

use std::time::Duration;

use jiff::SignedDuration;

use super::{CHANGE, Team, build, content, rule};
use crate::{
    Error,
    fixtures::{at, build_id},
    model::{
        AlertChannel, AlertState, BuildFacts, ChannelContent, QuietHours, RecipientOutcome,
        RecipientState, RuleFilter, SkipReason, Source, Trigger,
    },
    store::{Next, Outcome, Outgoing, Tried},
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

#[tokio::test]
async fn what_is_sent_is_sent_once_and_in_order() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule(CHANGE, &[&ci]).await;
    assert_eq!(
        team.fixture.store.due_channels(at(0)).await.unwrap(),
        Vec::<String>::new()
    );
    team.run(1, "failure").await;
    team.run(2, "success").await;
    team.set_clock(121);
    assert_eq!(
        team.fixture.store.due_channels(at(122)).await.unwrap(),
        std::slice::from_ref(&ci.id)
    );
    let failure = team.message(&ci, None).await;
    assert_eq!(failure.alerts[0].build, build_id(1, 1));
    assert_eq!(
        failure.alerts[0].delivery.attempt_count, 0,
        "as it was before"
    );
    let recovery = team.message(&ci, Some(sent(&failure))).await;
    assert_eq!(recovery.alerts[0].build, build_id(2, 1));
    assert_ne!(recovery.message_id, failure.message_id);
    assert_eq!(team.wait(&ci, Some(sent(&recovery))).await, None);
    for alert in team.alerts().await {
        let AlertState::Sent { send_time } = alert.state else {
            panic!("it was sent: {:?}", alert.state);
        };
        assert_eq!(send_time.as_second(), at(121).as_second());
        assert_eq!(alert.delivery.attempt_count, 1);
        assert_eq!(alert.delivery.answer, "200");
        assert!(!alert.delivery.possible_repeat);
    }
}

#[tokio::test]
async fn a_recovery_knows_where_its_failure_went() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule(CHANGE, &[&ci]).await;
    team.run(1, "failure").await;
    team.run(2, "success").await;
    let failure = team.message(&ci, None).await;
    assert_eq!(failure.thread, "");
    let mut outcome = sent(&failure);
    outcome.thread = "C1:17.42".to_owned();
    assert_eq!(team.message(&ci, Some(outcome)).await.thread, "C1:17.42");
}

#[tokio::test]
async fn a_failed_send_is_tried_again_after_longer_and_longer() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule(CHANGE, &[&ci]).await;
    team.run(1, "failure").await;
    let first = team.message(&ci, None).await;
    let mut now = 0;
    let mut outcome = Some(later(&first, None));
    for wait in [5, 30, 120, 600, 1800, 3600, 3600] {
        assert_eq!(team.wait(&ci, outcome).await, Some(now + wait));
        assert_eq!(
            team.pause(&ci).await,
            Some(("500".to_owned(), Some(now + wait)))
        );
        team.set_clock(now + wait - 1);
        assert_eq!(team.wait(&ci, None).await, Some(now + wait), "not before");
        now += wait;
        team.set_clock(now);
        let again = team.message(&ci, None).await;
        assert_eq!(again.message_id, first.message_id, "it is the same message");
        assert!(!again.possible_repeat);
        outcome = Some(later(&again, None));
    }
    // What the provider asks for is obeyed.
    assert_eq!(team.wait(&ci, outcome).await, Some(now + 3600));
    now += 3600;
    team.set_clock(now);
    let again = team.message(&ci, None).await;
    assert_eq!(
        team.wait(&ci, Some(later(&again, Some(30)))).await,
        Some(now + 30)
    );
    team.set_clock(now + 30);
    let again = team.message(&ci, None).await;
    assert_eq!(team.wait(&ci, Some(sent(&again))).await, None);
    assert_eq!(team.pause(&ci).await, None);
}

#[tokio::test]
async fn what_fails_for_a_day_is_given_up_and_may_be_retried() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule(CHANGE, &[&ci]).await;
    team.run(1, "failure").await;
    let first = team.message(&ci, None).await;
    team.wait(&ci, Some(later(&first, None))).await;
    team.set_clock(24 * 3600 + 1);
    assert_eq!(team.wait(&ci, None).await, None);
    let alerts = team.alerts().await;
    assert_eq!(alerts[0].state, AlertState::Failed);
    assert_eq!(alerts[0].delivery.error, "given up after 24 hours; 500");
    let store = &team.fixture.store;
    store.retry_alert(alerts[0].id.clone()).await.unwrap();
    let again = team.message(&ci, None).await;
    team.wait(&ci, Some(sent(&again))).await;
    let twice = store.retry_alert(alerts[0].id.clone()).await;
    assert!(matches!(twice, Err(Error::Precondition(_))));
}

#[tokio::test]
async fn a_channel_that_is_gone_is_left_alone_until_somebody_sees_to_it() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule_as(of_all(CHANGE, &[&ci])).await;
    team.break_branches(1..3, 0).await;
    let first = team.message(&ci, None).await;
    assert_eq!(team.wait(&ci, Some(refused(&first, true))).await, None);
    assert_eq!(team.pause(&ci).await, Some(("404".to_owned(), None)));
    assert_eq!(
        team.fixture.store.due_channels(at(0)).await.unwrap(),
        Vec::<String>::new()
    );
    team.fixture.store.end_pause(ci.id.clone()).await.unwrap();
    let again = team.message(&ci, None).await;
    assert_eq!(again.message_id, first.message_id, "it waited");
    assert!(!again.possible_repeat);
    let second = team.message(&ci, Some(sent(&again))).await;
    assert_eq!(second.alerts[0].build, build_id(2, 1));
}

#[tokio::test]
async fn a_channel_is_paused_after_three_refusals_in_a_row() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule_as(of_all(CHANGE, &[&ci])).await;
    team.break_branches(1..7, 0).await;
    let first = team.message(&ci, None).await;
    let second = team.message(&ci, Some(refused(&first, false))).await;
    let third = team.message(&ci, Some(sent(&second))).await;
    let fourth = team.message(&ci, Some(refused(&third, false))).await;
    let fifth = team.message(&ci, Some(refused(&fourth, false))).await;
    assert_eq!(team.pause(&ci).await, None);
    assert_eq!(team.wait(&ci, Some(refused(&fifth, false))).await, None);
    assert!(team.pause(&ci).await.is_some());
}

#[tokio::test]
async fn a_sender_that_dies_is_followed_by_another_that_says_so() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule(CHANGE, &[&ci]).await;
    team.run(1, "failure").await;
    let dead = team.message(&ci, None).await;
    // The same process once more, as after a panic.
    let again = team.message(&ci, None).await;
    assert_eq!(again.message_id, dead.message_id);
    assert!(again.possible_repeat);
    // What the first one says now comes too late.
    let third = team.message(&ci, Some(later(&dead, None))).await;
    assert_eq!(third.message_id, dead.message_id);
    assert_eq!(team.pause(&ci).await, None);
    assert_eq!(team.wait(&ci, Some(sent(&third))).await, None);
    let alerts = team.alerts().await;
    assert!(alerts[0].delivery.possible_repeat);
    assert_eq!(alerts[0].delivery.attempt_count, 3);
}

#[tokio::test]
async fn a_channel_may_rather_have_nothing_than_something_twice() {
    let team = Team::new().await;
    let holds = ChannelContent {
        holds: true,
        ..content("#ci")
    };
    let ci = team.channel_as(holds).await;
    team.rule(CHANGE, &[&ci]).await;
    team.run(1, "failure").await;
    team.message(&ci, None).await;
    assert_eq!(team.wait(&ci, None).await, None);
    let alerts = team.alerts().await;
    assert_eq!(alerts[0].state, AlertState::Failed);
    assert!(
        alerts[0]
            .delivery
            .error
            .starts_with("it may have been sent")
    );
}

#[tokio::test]
async fn a_storm_becomes_a_digest_that_holds_all() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule_as(of_all(CHANGE, &[&ci])).await;
    team.break_branches(1..41, 0).await;
    let mut last = None;
    for run in 1..=10 {
        let single = team.message(&ci, last).await;
        assert_eq!(single.alerts.len(), 1);
        assert_eq!(single.alerts[0].build, build_id(run, 1));
        last = Some(sent(&single));
    }
    assert_eq!(team.wait(&ci, last).await, Some(60));
    team.set_clock(60);
    let digest = team.message(&ci, None).await;
    assert_eq!(digest.alerts.len(), 30);
    assert_eq!(team.wait(&ci, Some(sent(&digest))).await, None);
    let alerts = team.alerts().await;
    assert!(
        alerts[10..]
            .iter()
            .all(|alert| alert.delivery.message_id == digest.message_id)
    );
}

#[tokio::test]
async fn in_quiet_hours_nothing_is_sent_and_what_is_over_never() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    let mut quiet = of_all(CHANGE, &[&ci]);
    quiet.quiet_hours = Some(QuietHours {
        time_zone: "UTC".to_owned(),
        hours: Some(("09:01".parse().unwrap(), "10:00".parse().unwrap())),
        days: Vec::new(),
    });
    team.rule_as(quiet).await;
    // Before quiet hours, and its recovery in them.
    team.run(1, "failure").await;
    let before = team.message(&ci, None).await;
    assert_eq!(team.wait(&ci, Some(sent(&before))).await, None);
    team.set_clock(120);
    team.run(2, "success").await;
    // One that is over before they end, and two that are not.
    team.run(3, "failure").await;
    team.run(4, "success").await;
    team.break_branches(5..7, 120).await;
    assert_eq!(team.wait(&ci, None).await, Some(3600));
    team.set_clock(3600);
    let digest = team.message(&ci, None).await;
    let runs: Vec<i64> = digest
        .alerts
        .iter()
        .map(|alert| alert.build.run.0)
        .collect();
    assert_eq!(
        runs,
        [2, 5, 6],
        "what the channel knows of is told to its end"
    );
    assert_eq!(team.wait(&ci, Some(sent(&digest))).await, None);
    assert_eq!(
        team.skipped().await,
        [SkipReason::OverWhileQuiet, SkipReason::OverWhileQuiet]
    );
}

#[tokio::test]
async fn a_rule_sends_no_more_than_it_may_and_loses_nothing() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    let mut limited = of_all(CHANGE, &[&ci]);
    limited.max_per_hour = 2;
    team.rule_as(limited).await;
    team.break_branches(1..6, 0).await;
    let first = team.message(&ci, None).await;
    assert_eq!(first.alerts.len(), 1);
    let rest = team.message(&ci, Some(sent(&first))).await;
    assert_eq!(rest.alerts.len(), 4);
    team.wait(&ci, Some(sent(&rest))).await;
    team.break_branches(6..8, 60).await;
    team.set_clock(60);
    assert_eq!(team.wait(&ci, None).await, Some(3600));
    team.set_clock(3600);
    let next = team.message(&ci, None).await;
    assert_eq!(next.alerts.len(), 2);
}

#[tokio::test]
async fn what_is_not_seen_any_more_is_not_told() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule(CHANGE, &[&ci]).await;
    team.run(1, "failure").await;
    team.fixture.remove(5, 100, &[7]).await;
    assert_eq!(team.wait(&ci, None).await, None);
    team.fixture
        .sabotage("UPDATE repository SET hidden_time = NULL")
        .await;
    assert_eq!(team.skipped().await, [SkipReason::RepositoryHidden]);
}

#[tokio::test]
async fn who_got_an_email_is_known_and_who_never_will_is_left_out() {
    let team = Team::new().await;
    let mail = team.channel("mail").await;
    team.rule(CHANGE, &[&mail]).await;
    team.run(1, "failure").await;
    let first = team.message(&mail, None).await;
    let recipient = |address: &str, state| RecipientOutcome {
        address: address.to_owned(),
        state,
        answer: "550 no such user".to_owned(),
    };
    let recipients = vec![
        recipient("ada@acme.example", RecipientState::Sent),
        recipient("bob@acme.example", RecipientState::Failed),
        recipient("eve@acme.example", RecipientState::Pending),
    ];
    let mut outcome = later(&first, None);
    outcome.recipients = recipients.clone();
    team.wait(&mail, Some(outcome)).await;
    team.set_clock(5);
    let again = team.message(&mail, None).await;
    assert_eq!(again.alerts[0].delivery.recipients, recipients);
    let store = &team.fixture.store;
    let left_out = store
        .alert_channel(&mail.id)
        .await
        .unwrap()
        .unwrap()
        .left_out;
    assert_eq!(left_out.len(), 1);
    assert_eq!(left_out[0].address, "bob@acme.example");
    assert!(!left_out[0].unsubscribed);
    assert!(
        store
            .unsubscribe(mail.id.clone(), "eve@acme.example".to_owned())
            .await
            .unwrap()
    );
    assert!(
        !store
            .unsubscribe("nowhere".to_owned(), "eve@acme.example".to_owned())
            .await
            .unwrap()
    );
    // Who is in the list again is tried again, unless he did not want it.
    let update = store.update_alert_channel(mail.id.clone(), None, mail.content.clone(), None);
    assert_eq!(update.await.unwrap().left_out, []);
}

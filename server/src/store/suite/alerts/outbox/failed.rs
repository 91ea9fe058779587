//! What fails: tried again, given up, or left until somebody sees to it.

use jiff::SignedDuration;

use super::{
    super::{CHANGE, Team, content},
    later, of_all, refused, sent,
};
use crate::{
    Error,
    fixtures::{at, build_id},
    model::{Alert, AlertKind, AlertState, ChannelAddress, ChannelContent, SkipReason, Trigger},
};

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
    // The channel took the second: so it was the first message. Of the last three nobody knows.
    assert_eq!(team.pending().await, [3, 4, 5, 6]);
    assert_eq!(team.failed().await, [1]);
    team.fixture.store.end_pause(ci.id.clone()).await.unwrap();
    let again = team.message(&ci, None).await;
    assert_eq!(again.message_id, third.message_id, "it waited");
}

#[tokio::test]
async fn what_was_refused_is_tried_again_when_somebody_sees_to_the_channel() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule_as(of_all(CHANGE, &[&ci])).await;
    team.break_branches(1..3, 0).await;
    let first = team.message(&ci, None).await;
    let second = team.message(&ci, Some(refused(&first, false))).await;
    team.wait(&ci, Some(refused(&second, false))).await;
    assert_eq!(team.failed().await, [1, 2]);
    team.fixture.store.end_pause(ci.id.clone()).await.unwrap();
    let again = team.message(&ci, None).await;
    assert_eq!(again.message_id, first.message_id);
}

#[tokio::test]
async fn what_was_refused_does_not_wait_for_a_channel_that_is_disabled() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule(CHANGE, &[&ci]).await;
    team.run(1, "failure").await;
    let first = team.message(&ci, None).await;
    team.wait(&ci, Some(refused(&first, false))).await;
    let disabled = ChannelContent {
        disabled: true,
        ..ci.content.clone()
    };
    let store = &team.fixture.store;
    let updated = store.update_alert_channel(ci.id.clone(), None, disabled, None);
    updated.await.unwrap();
    assert_eq!(team.failed().await, [1]);
}

#[tokio::test]
async fn a_failure_whose_recovery_was_left_out_is_not_told_alone() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule_as(of_all(CHANGE, &[&ci])).await;
    team.run(1, "failure").await;
    let first = team.message(&ci, None).await;
    team.wait(&ci, Some(refused(&first, false))).await;
    team.run(2, "success").await;
    assert_eq!(team.skipped().await, [SkipReason::FailureNotSent]);
    team.fixture.store.end_pause(ci.id.clone()).await.unwrap();
    assert_eq!(team.failed().await, [1]);
}

#[tokio::test]
async fn what_is_retried_of_a_digest_is_a_message_of_its_own() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    let mut limited = of_all(CHANGE, &[&ci]);
    limited.max_per_hour = 1;
    team.rule_as(limited).await;
    team.break_branches(1..4, 0).await;
    let digest = team.message(&ci, None).await;
    assert_eq!(digest.alerts.len(), 3);
    team.wait(&ci, Some(refused(&digest, false))).await;
    let store = &team.fixture.store;
    let mut names = vec![digest.message_id];
    for alert in team.alerts().await.into_iter().take(2) {
        store.retry_alert(alert.id.clone()).await.unwrap();
        let again = team.message(&ci, None).await;
        assert_eq!(again.alerts.len(), 1);
        assert_eq!(again.alerts[0].id, alert.id);
        assert!(!names.contains(&again.message_id), "a receiver drops it");
        names.push(again.message_id.clone());
        // The same once more: it is the same message.
        team.wait(&ci, Some(refused(&again, false))).await;
        store.retry_alert(alert.id).await.unwrap();
        let same = team.message(&ci, None).await;
        assert_eq!(same.message_id, again.message_id);
        team.wait(&ci, Some(sent(&same))).await;
        team.set_clock(3600 * i64::try_from(names.len()).unwrap());
    }
}

#[tokio::test]
async fn a_recovery_that_waits_is_left_out_when_its_failure_is_refused() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule_as(of_all(CHANGE, &[&ci])).await;
    team.run(1, "failure").await;
    team.run(2, "success").await;
    let failure = team.message(&ci, None).await;
    assert_eq!(team.wait(&ci, Some(refused(&failure, false))).await, None);
    assert_eq!(team.skipped().await, [SkipReason::FailureNotSent]);
}

#[tokio::test]
async fn a_recovery_is_told_if_one_of_several_that_tell_the_failure_was() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule(CHANGE, &[&ci]).await;
    let longer_than = SignedDuration::from_hours(1);
    team.rule(Trigger::StaysRed { longer_than }, &[&ci]).await;
    team.run(1, "failure").await;
    let failure = team.message(&ci, None).await;
    team.wait(&ci, Some(sent(&failure))).await;
    let now = 2 * 3600;
    team.set_clock(now);
    team.fixture.store.raise_by_time(at(now)).await.unwrap();
    let stays_red = team.message(&ci, None).await;
    assert_eq!(team.wait(&ci, Some(refused(&stays_red, false))).await, None);
    team.run(2, "success").await;
    let recovery = team.message(&ci, None).await;
    assert_eq!(recovery.alerts[0].kind, AlertKind::Recovery);
}

#[tokio::test]
async fn what_waits_for_a_day_for_a_paused_channel_is_given_up() {
    let team = Team::new().await;
    let [ci, mail] = [team.channel("#ci").await, team.channel("mail").await];
    team.rule_as(of_all(CHANGE, &[&ci, &mail])).await;
    team.break_branches(1..3, 0).await;
    let tried = team.message(&ci, None).await;
    team.wait(&ci, Some(refused(&tried, true))).await;
    let day = 24 * 3600;
    let store = &team.fixture.store;
    for (second, given_up) in [(day, vec![]), (day + 1, vec![("email".to_owned(), 4)])] {
        team.set_clock(second);
        assert_eq!(store.give_up_old(at(second)).await.unwrap(), given_up);
    }
    let errors: Vec<String> = team.alerts().await.into_iter().map(error).collect();
    let paused = "given up after 24 hours; 404";
    let errors_of_ci = [&errors[0], &errors[2]];
    assert_eq!(errors_of_ci, [paused, paused]);
    assert_eq!(team.failed().await, [1, 1, 2, 2]);
    // Somebody sees to it, and has it sent after all.
    store.end_pause(ci.id.clone()).await.unwrap();
    let id = team.alerts().await[0].id.clone();
    store.retry_alert(id).await.unwrap();
    let again = team.message(&ci, None).await;
    assert_eq!(again.alerts[0].build, build_id(1, 1));
}

fn error(alert: Alert) -> String {
    alert.delivery.error
}

/// It is the business of whoever sends what is being sent.
#[tokio::test]
async fn what_is_being_sent_is_not_given_up() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule(CHANGE, &[&ci]).await;
    team.run(1, "failure").await;
    team.set_clock(24 * 3600 - 1);
    let late = team.message(&ci, None).await;
    let now = 24 * 3600 + 1;
    team.set_clock(now);
    let given_up = team.fixture.store.give_up_old(at(now)).await.unwrap();
    assert_eq!(given_up, []);
    team.wait(&ci, Some(sent(&late))).await;
    assert_eq!(team.failed().await, [0; 0]);
}

#[tokio::test]
async fn a_channel_that_asked_for_time_is_left_alone_though_it_is_renamed() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule(CHANGE, &[&ci]).await;
    team.run(1, "failure").await;
    let first = team.message(&ci, None).await;
    team.wait(&ci, Some(later(&first, Some(600)))).await;
    let update = |content| {
        let store = &team.fixture.store;
        store.update_alert_channel(ci.id.clone(), None, content, None)
    };
    update(content("#ci-2")).await.unwrap();
    assert_eq!(team.wait(&ci, None).await, Some(600));
    assert!(team.pause(&ci).await.is_some());
    // Elsewhere nobody asked for time.
    let mut moved = content("#ci-2");
    moved.address = ChannelAddress::Email {
        addresses: vec!["bob@acme.example".to_owned()],
    };
    update(moved).await.unwrap();
    let again = team.message(&ci, None).await;
    assert_eq!(again.message_id, first.message_id);
}

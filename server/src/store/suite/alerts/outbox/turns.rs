//! What one message or one reader holds up: nothing but itself.

use super::{
    super::{CHANGE, Team},
    later, of_all, put_off, sent,
};
use crate::{
    fixtures::build_id,
    model::{AlertState, RecipientOutcome, RecipientState},
    store::{Back, Tried},
};

fn outcomes(mut tried: Tried) -> Tried {
    let outcome = |(address, state): (&str, _)| RecipientOutcome {
        address: address.to_owned(),
        state,
        answer: "452 4.2.2 Mailbox full".to_owned(),
    };
    let all = [
        ("ada@acme.example", RecipientState::Sent),
        ("eve@acme.example", RecipientState::Pending),
    ];
    tried.recipients = all.map(outcome).to_vec();
    tried
}

#[tokio::test]
async fn a_reader_who_is_put_off_holds_up_no_other_message() {
    let team = Team::new().await;
    let mail = team.channel("mail").await;
    team.rule_as(of_all(CHANGE, &[&mail])).await;
    team.break_branches(1..3, 0).await;
    let first = team.message(&mail, None).await;
    let full = outcomes(put_off(&first, Back::Message));
    let second = team.message(&mail, Some(full)).await;
    assert_eq!(second.alerts[0].build, build_id(2, 1));
    assert_eq!(team.pause(&mail).await, None, "the channel works");
    let mut outcome = sent(&second);
    let mut now = 0;
    for wait in [5, 30, 120, 600, 1800, 3600, 3600] {
        assert_eq!(team.wait(&mail, Some(outcome)).await, Some(now + wait));
        now += wait;
        team.set_clock(now);
        let again = team.message(&mail, None).await;
        assert_eq!(again.message_id, first.message_id);
        assert!(!again.possible_repeat);
        outcome = outcomes(put_off(&again, Back::Message));
    }
    // The day ends: who has it has it, and the alert was sent.
    let day = 24 * 3600;
    team.set_clock(day - 1);
    assert_eq!(team.wait(&mail, Some(outcome)).await, Some(day));
    team.set_clock(day);
    let last = team.message(&mail, None).await;
    let outcome = outcomes(put_off(&last, Back::Message));
    assert_eq!(team.wait(&mail, Some(outcome)).await, None);
    let alert = team.alerts().await.remove(0);
    assert!(matches!(alert.state, AlertState::Sent { .. }), "{alert:?}");
    let states = alert.delivery.recipients.iter().map(|it| it.state);
    assert_eq!(
        states.collect::<Vec<_>>(),
        [RecipientState::Sent, RecipientState::Failed]
    );
}

#[tokio::test]
async fn what_nobody_took_for_a_day_is_given_up() {
    let team = Team::new().await;
    let mail = team.channel("mail").await;
    team.rule(CHANGE, &[&mail]).await;
    team.run(1, "failure").await;
    let first = team.message(&mail, None).await;
    team.set_clock(24 * 3600);
    let outcome = put_off(&first, Back::Message);
    assert_eq!(team.wait(&mail, Some(outcome)).await, None);
    let alert = team.alerts().await.remove(0);
    assert_eq!(alert.state, AlertState::Failed);
    assert_eq!(alert.delivery.error, "given up after 24 hours; 452");
}

#[tokio::test]
async fn a_try_that_some_got_is_soon_followed_by_the_rest() {
    let team = Team::new().await;
    let mail = team.channel("mail").await;
    team.rule(CHANGE, &[&mail]).await;
    team.run(1, "failure").await;
    let mut message = team.message(&mail, None).await;
    for tries in 0..8 {
        let outcome = put_off(&message, Back::Rest);
        let next = Some((tries + 1) * 5);
        assert_eq!(team.wait(&mail, Some(outcome)).await, next);
        assert_eq!(team.pause(&mail).await, None);
        team.set_clock((tries + 1) * 5);
        message = team.message(&mail, None).await;
    }
}

#[tokio::test]
async fn a_message_that_fails_again_and_again_lets_others_go() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule_as(of_all(CHANGE, &[&ci])).await;
    team.break_branches(1..4, 0).await;
    let poison = team.message(&ci, None).await;
    let mut outcome = later(&poison, None);
    for now in [5, 35] {
        team.wait(&ci, Some(outcome)).await;
        team.set_clock(now);
        let again = team.message(&ci, None).await;
        assert_eq!(again.message_id, poison.message_id, "in order at first");
        outcome = later(&again, None);
    }
    assert_eq!(team.wait(&ci, Some(outcome)).await, Some(155));
    team.set_clock(155);
    let second = team.message(&ci, None).await;
    assert_eq!(second.alerts[0].build, build_id(2, 1), "it has its turn");
    // The channel works: so it is the message, which waits by itself from now on.
    let again = team.message(&ci, Some(sent(&second))).await;
    assert_eq!(again.message_id, poison.message_id);
    let third = team.message(&ci, Some(later(&again, None))).await;
    assert_eq!(third.alerts[0].build, build_id(3, 1));
    assert_eq!(team.pause(&ci).await, None);
    let next = team.wait(&ci, Some(sent(&third))).await;
    assert_eq!(next, Some(155 + 600));
}

#[tokio::test]
async fn a_channel_that_takes_nothing_goes_on_in_order_when_it_is_back() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule_as(of_all(CHANGE, &[&ci])).await;
    team.break_branches(1..4, 0).await;
    let first = team.message(&ci, None).await;
    let mut outcome = later(&first, None);
    let mut tried = Vec::new();
    for _ in 0..5 {
        let next = team.wait(&ci, Some(outcome)).await.unwrap();
        team.set_clock(next);
        let again = team.message(&ci, None).await;
        tried.push(again.alerts[0].build.run.0);
        outcome = later(&again, None);
    }
    assert_eq!(tried, [1, 1, 2, 2, 2]);
    let next = team.wait(&ci, Some(outcome)).await.unwrap();
    team.set_clock(next);
    let third = team.message(&ci, None).await;
    assert_eq!(third.alerts[0].build, build_id(3, 1));
    let oldest = team.message(&ci, Some(sent(&third))).await;
    assert_eq!(oldest.alerts[0].build, build_id(1, 1));
}

#[tokio::test]
async fn a_recovery_waits_for_its_failure() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule_as(of_all(CHANGE, &[&ci])).await;
    team.run(1, "failure").await;
    team.run(2, "success").await;
    let failure = team.message(&ci, None).await;
    let alone = put_off(&failure, Back::Message);
    team.wait(&ci, Some(alone)).await;
    team.set_clock(5);
    let again = team.message(&ci, None).await;
    assert_eq!(again.message_id, failure.message_id);
    let recovery = team.message(&ci, Some(sent(&again))).await;
    assert_eq!(recovery.alerts[0].build, build_id(2, 1));
}

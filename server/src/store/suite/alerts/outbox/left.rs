//! What a dead sender left.

use super::{
    super::{CHANGE, Team, content},
    later, sent,
};
use crate::{
    model::{AlertState, ChannelContent},
    store::Outcome,
};

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
async fn what_may_be_there_is_flagged_and_not_sent_to_who_holds() {
    let team = Team::new().await;
    let [repeats, holds] = [false, true].map(|holds| ChannelContent {
        holds,
        ..content("#ci")
    });
    let repeats = team.channel_as(repeats).await;
    let holds = team.channel_as(holds).await;
    team.rule(CHANGE, &[&repeats, &holds]).await;
    team.run(1, "failure").await;
    for (channel, next) in [(&repeats, Some(5)), (&holds, None)] {
        let first = team.message(channel, None).await;
        let mut unanswered = later(&first, None);
        let Outcome::Later { may_be_there, .. } = &mut unanswered.outcome else {
            panic!("it is tried again");
        };
        *may_be_there = true;
        team.wait(channel, Some(unanswered)).await;
        team.set_clock(5);
        if next.is_some() {
            let again = team.message(channel, None).await;
            assert_eq!(again.message_id, first.message_id);
            assert!(again.possible_repeat);
            team.wait(channel, Some(sent(&again))).await;
        }
        team.set_clock(0);
    }
    let alerts = team.alerts().await;
    assert!(alerts.iter().all(|it| it.delivery.possible_repeat));
    let held = alerts.iter().find(|it| it.channel.id == holds.id).unwrap();
    assert_eq!(held.state, AlertState::Failed);
    assert!(held.delivery.error.starts_with("it may have been sent"));
}

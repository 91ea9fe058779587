//! What rules make of what happens: who tells first, and what is a change.

use jiff::SignedDuration;

use super::{CHANGE, Team, build, rule};
use crate::{
    fixtures::{at, build_id},
    model::{
        AlertKind::{Failure, Recovery, Slow},
        AlertState, BuildFacts, Limit, QuietHours, RuleContent, SkipReason, Source, Trigger,
    },
};

/// From when on it is quiet until ten, on the day of the tests.
fn quiet_from(start: &str) -> QuietHours {
    QuietHours {
        time_zone: "UTC".to_owned(),
        hours: Some((start.parse().unwrap(), "10:00".parse().unwrap())),
        days: Vec::new(),
    }
}

#[tokio::test]
async fn a_rule_that_has_to_wait_keeps_no_other_from_telling() {
    for hold_back in [
        |content: &mut RuleContent| content.quiet_hours = Some(quiet_from("08:00")),
        |content: &mut RuleContent| content.max_per_hour = 1,
    ] {
        let team = Team::new().await;
        let ci = team.channel("#ci").await;
        let mut held = rule(CHANGE, &[&ci]);
        hold_back(&mut held);
        let held = team.rule_as(held).await;
        let loud = team.rule(CHANGE, &[&ci]).await;
        team.run(1, "failure").await;
        team.run(2, "success").await;
        let alerts = team.alerts().await;
        assert_eq!(alerts.len(), 4);
        for two in alerts.chunks(2) {
            assert_eq!(two[0].rule.id, loud.id);
            let AlertState::Pending { next_time } = two[0].state else {
                panic!("it is told: {two:?}");
            };
            assert!(next_time <= two[0].create_time, "now");
            assert_eq!(two[1].rule.id, held.id);
            let first = two[0].id.clone();
            let duplicate = SkipReason::Duplicate { first };
            assert_eq!(two[1].state, AlertState::Skipped(duplicate));
        }
    }
}

#[tokio::test]
async fn that_a_build_failed_says_more_than_that_it_took_long() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    let limit = Limit::LongerThan(SignedDuration::from_secs(30));
    team.rule(Trigger::Duration(limit), &[&ci]).await;
    team.rule(CHANGE, &[&ci]).await;
    team.run(1, "failure").await;
    team.run(2, "failure").await;
    team.run(3, "success").await;
    let told = [(Failure, 1), (Slow, 2), (Recovery, 3)];
    assert_eq!(team.told().await, told);
}

#[tokio::test]
async fn a_change_is_told_although_the_rule_is_not_about_the_first_failure() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    let mut pushes = rule(CHANGE, &[&ci]);
    pushes.filter.events = vec!["push".to_owned()];
    team.rule_as(pushes).await;
    let nightly = |run, word| BuildFacts {
        event: "schedule".to_owned(),
        ..build(run, 1, word)
    };
    team.report(build_id(1, 1), nightly(1, "failure"), Source::Webhook)
        .await;
    assert_eq!(team.told().await, []);
    team.run(2, "failure").await;
    team.run(3, "failure").await;
    assert_eq!(team.told().await, [(Failure, 2)]);
    // Who was told that it is red is told that it is not, whatever showed it.
    team.report(build_id(4, 1), nightly(4, "success"), Source::Webhook)
        .await;
    assert_eq!(team.told().await, [(Failure, 2), (Recovery, 4)]);
    assert_eq!(team.alerts().await.len(), 2, "and nothing is noted beside");
}

#[tokio::test]
async fn a_change_is_told_although_its_first_failure_was_heard_of_too_late() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule(CHANGE, &[&ci]).await;
    let now = 7 * 3600;
    team.set_clock(now);
    team.run(1, "failure").await;
    assert_eq!(team.told().await, []);
    let next = BuildFacts {
        update_time: at(now),
        ..build(2, 1, "failure")
    };
    team.report(build_id(2, 1), next, Source::Webhook).await;
    assert_eq!(team.told().await, [(Failure, 2)]);
}

#[tokio::test]
async fn what_was_red_before_a_rule_was_made_is_no_change() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.run(1, "failure").await;
    team.set_clock(100);
    team.rule(CHANGE, &[&ci]).await;
    team.run(2, "failure").await;
    team.run(3, "success").await;
    assert_eq!(team.told().await, []);
    team.run(4, "failure").await;
    assert_eq!(team.told().await, [(Failure, 4)]);
}

//! What is held back, told together, or not told at all.

use super::{
    super::{CHANGE, Team, build},
    later, of_all, sent,
};
use crate::{
    fixtures::{at, build_id},
    model::{AlertState, BuildFacts, Pattern, QuietHours, SkipReason, Source},
};

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
async fn what_a_limit_puts_off_is_told_although_it_is_over() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    let mut limited = of_all(CHANGE, &[&ci]);
    limited.max_per_hour = 1;
    // It is not quiet now.
    limited.quiet_hours = Some(QuietHours {
        time_zone: "UTC".to_owned(),
        hours: Some(("20:00".parse().unwrap(), "21:00".parse().unwrap())),
        days: Vec::new(),
    });
    team.rule_as(limited).await;
    team.run(1, "failure").await;
    let first = team.message(&ci, None).await;
    team.wait(&ci, Some(sent(&first))).await;
    for (run, word) in [(2, "success"), (3, "failure"), (4, "success")] {
        team.run(run, word).await;
    }
    assert_eq!(team.wait(&ci, None).await, Some(3600));
    team.set_clock(3600);
    let rest = team.message(&ci, None).await;
    let runs: Vec<i64> = rest.alerts.iter().map(|it| it.build.run.0).collect();
    assert_eq!(runs, [2, 3, 4], "all that was put off, in one message");
    assert_eq!(team.skipped().await, []);
}

#[tokio::test]
async fn what_is_held_of_a_digest_that_was_tried_is_a_message_of_its_own() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    let on = |branch: &str| {
        let mut of_branch = of_all(CHANGE, &[&ci]);
        of_branch.filter.branches = vec![Pattern::new(branch)];
        of_branch.quiet_hours = Some(QuietHours {
            time_zone: "UTC".to_owned(),
            hours: Some(("08:00".parse().unwrap(), "09:10".parse().unwrap())),
            days: Vec::new(),
        });
        of_branch
    };
    let quiet = team.rule_as(on("b1")).await;
    team.rule_as(on("b2")).await;
    team.break_branches(1..3, 0).await;
    team.set_clock(600);
    let digest = team.message(&ci, None).await;
    assert_eq!(digest.alerts.len(), 2);
    team.wait(&ci, Some(later(&digest, None))).await;
    // It becomes quiet for one of them.
    let mut content = quiet.content;
    if let Some(hours) = &mut content.quiet_hours {
        hours.hours = Some(("09:10".parse().unwrap(), "10:00".parse().unwrap()));
    }
    let store = &team.fixture.store;
    store
        .update_alert_rule(quiet.id, None, content)
        .await
        .unwrap();
    team.set_clock(605);
    let rest = team.message(&ci, None).await;
    assert_eq!(rest.alerts[0].build, build_id(2, 1));
    assert_eq!(rest.message_id, digest.message_id);
    assert_eq!(team.wait(&ci, Some(sent(&rest))).await, Some(3600));
    team.set_clock(3600);
    let held = team.message(&ci, None).await;
    assert_eq!(held.alerts[0].build, build_id(1, 1));
    assert_ne!(held.message_id, digest.message_id);
}

#[tokio::test]
async fn what_somebody_retries_is_told_although_it_was_held_and_is_over() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    let mut quiet = of_all(CHANGE, &[&ci]);
    quiet.quiet_hours = Some(QuietHours {
        time_zone: "UTC".to_owned(),
        hours: Some(("09:00".parse().unwrap(), "10:00".parse().unwrap())),
        days: Vec::new(),
    });
    team.rule_as(quiet).await;
    team.run(1, "failure").await;
    let late = 25 * 3600 + 1;
    team.set_clock(late);
    team.fixture.store.give_up_old(at(late)).await.unwrap();
    let alerts = team.alerts().await;
    assert_eq!(alerts[0].state, AlertState::Failed);
    let success = BuildFacts {
        update_time: at(late),
        ..build(2, 1, "success")
    };
    team.report(build_id(2, 1), success, Source::Webhook).await;
    let id = alerts[0].id.clone();
    team.fixture.store.retry_alert(id).await.unwrap();
    let again = team.message(&ci, None).await;
    assert_eq!(again.alerts[0].build, build_id(1, 1));
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
async fn what_a_disabled_rule_raised_is_told_for_another_or_not() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    let all = team.rule_as(of_all(CHANGE, &[&ci])).await;
    let mut of_one = of_all(CHANGE, &[&ci]);
    of_one.filter.branches = vec![Pattern::new("b2")];
    let [other, third] = [of_one.clone(), of_one];
    let other = team.rule_as(other).await;
    team.rule_as(third).await;
    team.break_branches(1..4, 0).await;
    let store = &team.fixture.store;
    let mut content = all.content;
    content.disabled = true;
    store
        .update_alert_rule(all.id, None, content)
        .await
        .unwrap();
    assert_eq!(team.wait(&ci, None).await, Some(0));
    let rest = team.message(&ci, None).await;
    assert_eq!(rest.alerts[0].build, build_id(2, 1));
    assert_eq!(rest.alerts[0].rule.id, other.id);
    assert_eq!(team.wait(&ci, Some(sent(&rest))).await, None);
    let first = rest.alerts[0].id.clone();
    let gone = SkipReason::RuleGone;
    assert_eq!(
        team.skipped().await,
        [
            gone.clone(),
            gone.clone(),
            SkipReason::Duplicate { first },
            gone
        ]
    );
}

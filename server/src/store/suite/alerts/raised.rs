//! Which alerts rules raise.

use jiff::SignedDuration;

use super::{CHANGE, Team, build, rule};
use crate::{
    fixtures::{at, build_id, job, repository},
    model::{
        AlertKind::{Failure, Queued, Recovery, Slow},
        AlertState, BuildFacts, Limit, Pattern, Report, RuleFilter, SkipReason, Source, Trigger,
    },
};

#[tokio::test]
async fn a_change_is_told_when_it_breaks_and_when_it_is_fixed() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule(CHANGE, &[&ci]).await;
    for (run, word) in [
        (1, "success"),
        (2, "failure"),
        (3, "failure"),
        (4, "success"),
    ] {
        team.run(run, word).await;
    }
    assert_eq!(team.told().await, [(Failure, 2), (Recovery, 4)]);
    let raised = team.fixture.take_news().into_iter().map(|news| news.raised);
    assert_eq!(
        raised.filter(|raised| *raised > 0).count(),
        2,
        "the sender is told"
    );

    let incidents = team.incidents().await;
    let [incident] = &incidents[..] else {
        panic!("one incident: {incidents:?}");
    };
    assert_eq!(incident.first_failure, build_id(2, 1));
    assert_eq!(incident.last_failure, build_id(3, 1));
    assert_eq!(incident.success, Some(build_id(4, 1)));
    assert_eq!(incident.last_success, Some(build_id(1, 1)));
    assert_eq!(incident.failure_count, 2);
    assert_eq!(incident.open_time, at(120));
    assert_eq!(incident.resolve_time, Some(at(240)));
}

#[tokio::test]
async fn the_last_success_before_a_failure_is_none_after_it() {
    let team = Team::new().await;
    team.run(1, "success").await;
    let told = [(2, "failure"), (3, "success")];
    let builds = told.map(|(run, word)| (build_id(run.into(), 1), build(run, 1, word)));
    let report = Report {
        repositories: vec![repository()],
        builds: builds.to_vec(),
        ..Report::default()
    };
    team.fixture.record(report).await;
    let incidents = team.incidents().await;
    assert_eq!(incidents[0].last_success, Some(build_id(1, 1)));
    assert_eq!(incidents[0].success, Some(build_id(3, 1)));
}

#[tokio::test]
async fn a_repeated_report_tells_nothing_more() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule(Trigger::Failure, &[&ci]).await;
    team.rule(CHANGE, &[&ci]).await;
    for _ in 0..3 {
        team.run(2, "failure").await;
    }
    assert_eq!(team.told().await, [(Failure, 2)]);
    assert_eq!(team.alerts().await.len(), 2, "one of each rule");
}

#[tokio::test]
async fn a_second_rule_names_the_alert_of_the_first() {
    let team = Team::new().await;
    let [ci, mail] = [team.channel("#ci").await, team.channel("mail").await];
    team.rule(CHANGE, &[&ci]).await;
    team.rule(Trigger::Failure, &[&ci, &mail]).await;
    team.run(1, "failure").await;
    let alerts = team.alerts().await;
    let [first, second, third] = &alerts[..] else {
        panic!("three alerts: {alerts:?}");
    };
    assert!(matches!(first.state, AlertState::Pending { .. }));
    assert_eq!(
        second.state,
        AlertState::Skipped(SkipReason::Duplicate {
            first: first.id.clone()
        })
    );
    assert_eq!((&third.channel.id, third.kind), (&mail.id, Failure));
    team.run(2, "success").await;
    // Failures alone were asked for by the other rule.
    assert_eq!(
        team.told().await,
        [(Failure, 1), (Failure, 1), (Recovery, 2)]
    );
}

#[tokio::test]
async fn so_many_failures_in_a_row_are_waited_for() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule(Trigger::Change { failures: 3 }, &[&ci]).await;
    for (run, attempt) in [(1, 1), (1, 2), (2, 1)] {
        team.attempt(run, attempt, "failure").await;
    }
    team.run(3, "success").await;
    assert_eq!(team.told().await, [], "what was not told has no recovery");
    for run in 4..8 {
        team.run(run, "failure").await;
    }
    team.run(8, "success").await;
    assert_eq!(team.told().await, [(Failure, 6), (Recovery, 8)]);
}

#[tokio::test]
async fn rules_tell_of_their_builds_alone() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    for filter in [
        RuleFilter {
            repositories: vec![Pattern::new("ACME/*")],
            branches: vec![Pattern::new("main")],
            ..RuleFilter::default()
        },
        RuleFilter {
            workflows: vec![Pattern::new("Deploy")],
            ..RuleFilter::default()
        },
    ] {
        let mut content = rule(Trigger::Failure, &[&ci]);
        content.filter = filter;
        team.rule_as(content).await;
    }
    let mut disabled = rule(Trigger::Failure, &[&ci]);
    disabled.disabled = true;
    team.rule_as(disabled).await;
    team.run(1, "failure").await;
    let fork = BuildFacts {
        head_repository: "mona/api".to_owned(),
        ..build(2, 1, "failure")
    };
    team.report(build_id(2, 1), fork, Source::Webhook).await;
    assert_eq!(team.told().await, [(Failure, 1)]);
    assert_eq!(team.alerts().await.len(), 1);
}

#[tokio::test]
async fn a_fork_is_a_branch_of_its_own() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    let mut all = rule(CHANGE, &[&ci]);
    all.filter = RuleFilter::default();
    team.rule_as(all).await;
    team.run(1, "failure").await;
    let fork = |run, word| BuildFacts {
        head_repository: "mona/api".to_owned(),
        ..build(run, 1, word)
    };
    team.report(build_id(2, 1), fork(2, "success"), Source::Webhook)
        .await;
    assert_eq!(team.told().await, [(Failure, 1)], "ours is red");
    team.report(build_id(3, 1), fork(3, "failure"), Source::Webhook)
        .await;
    assert_eq!(team.told().await, [(Failure, 1), (Failure, 3)]);
}

#[tokio::test]
async fn history_is_not_told() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule(CHANGE, &[&ci]).await;
    // Lampboard hears of the repository at noon.
    team.set_clock(3 * 3600);
    team.report(build_id(1, 1), build(1, 1, "failure"), Source::Backfill)
        .await;
    team.report(build_id(2, 1), build(2, 1, "failure"), Source::Reconcile)
        .await;
    assert_eq!(team.told().await, []);
    assert_eq!(team.incidents().await.len(), 1, "it is shown");
    // What GitHub tells by itself is news, unless it is old.
    team.run(3, "success").await;
    team.run(4, "failure").await;
    assert_eq!(team.told().await, [(Failure, 4)]);
    team.set_clock(7 * 3600);
    team.run(5, "success").await;
    assert_eq!(team.told().await, [(Failure, 4)], "it is six hours old");
    // What webhooks missed later on is told.
    let late = BuildFacts {
        run_number: 6,
        start_time: at(7 * 3600 - 60),
        ..build(6, 1, "failure")
    };
    let late = BuildFacts {
        update_time: at(7 * 3600 - 30),
        ..late
    };
    team.report(build_id(6, 1), late, Source::Reconcile).await;
    assert_eq!(team.told().await, [(Failure, 4), (Failure, 6)]);
}

#[tokio::test]
async fn a_build_that_took_long_is_told() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    let limit = Limit::LongerThan(SignedDuration::from_secs(60));
    team.rule(Trigger::Duration(limit), &[&ci]).await;
    team.rule(Trigger::Duration(Limit::TimesUsual(2.0)), &[&ci])
        .await;
    let long = |run: i32, seconds| BuildFacts {
        start_time: at(i64::from(run) * 60 - seconds),
        ..build(run, 1, "success")
    };
    for (run, seconds) in [(1, 20), (2, 20), (3, 20), (4, 20), (5, 45)] {
        let id = build_id(i64::from(run), 1);
        team.report(id, long(run, seconds), Source::Webhook).await;
    }
    assert_eq!(team.told().await, [], "four are too few to be usual");
    team.report(build_id(6, 1), long(6, 41), Source::Webhook)
        .await;
    team.report(build_id(7, 1), long(7, 61), Source::Webhook)
        .await;
    assert_eq!(team.told().await, [(Slow, 6), (Slow, 7)]);
    assert_eq!(
        team.skipped().await.len(),
        1,
        "both rules say so of the last one"
    );
}

#[tokio::test]
async fn what_waits_long_is_told_once() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    let minutes = Trigger::Queue {
        longer_than: SignedDuration::from_mins(10),
    };
    team.rule(minutes, &[&ci]).await;
    team.rule(minutes, &[&ci]).await;
    for (run, word) in [(1, "queued"), (2, "queued"), (3, "in_progress")] {
        let facts = BuildFacts {
            start_time: at(1),
            ..build(run, 1, word)
        };
        team.report(build_id(i64::from(run), 1), facts, Source::Webhook)
            .await;
    }
    let started = job(9, build_id(2, 1), "in_progress", (Some(300), None));
    let report = Report {
        repositories: vec![repository()],
        jobs: vec![started],
        ..Report::default()
    };
    team.fixture.record(report).await;
    let store = &team.fixture.store;
    team.set_clock(700);
    assert_eq!(store.raise_by_time(at(700)).await.unwrap(), 1);
    assert_eq!(store.raise_by_time(at(701)).await.unwrap(), 0);
    assert_eq!(team.told().await, [(Queued, 1)]);
    assert_eq!(team.skipped().await.len(), 1, "of the second rule");
    // That it failed is another thing.
    team.rule(CHANGE, &[&ci]).await;
    team.run(1, "failure").await;
    assert_eq!(team.told().await, [(Queued, 1), (Failure, 1)]);
}

#[tokio::test]
async fn a_failure_that_github_takes_back_ends_its_incident_without_a_word() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule(CHANGE, &[&ci]).await;
    team.run(1, "success").await;
    team.run(2, "failure").await;
    let taken_back = BuildFacts {
        update_time: at(3000),
        ..build(2, 1, "cancelled")
    };
    team.report(build_id(2, 1), taken_back, Source::Webhook)
        .await;
    let incidents = team.incidents().await;
    assert!(incidents[0].resolve_time.is_some(), "{incidents:?}");
    assert_eq!(team.told().await, [(Failure, 2)]);
}

#[tokio::test]
async fn a_disabled_channel_is_told_nothing() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule(CHANGE, &[&ci]).await;
    team.run(1, "failure").await;
    let mut content = ci.content.clone();
    content.disabled = true;
    let store = &team.fixture.store;
    let updated = store
        .update_alert_channel(ci.id.clone(), Some(1), content, None)
        .await
        .unwrap();
    assert_eq!(updated.version, 2);
    assert_eq!(team.skipped().await, [SkipReason::ChannelGone]);
    team.run(2, "success").await;
    team.run(3, "failure").await;
    assert_eq!(team.alerts().await.len(), 1);
}

#[tokio::test]
async fn a_channel_that_is_deleted_leaves_its_rules() {
    let team = Team::new().await;
    let [ci, mail] = [team.channel("#ci").await, team.channel("mail").await];
    let both = team.rule(CHANGE, &[&ci, &mail]).await;
    let one = team.rule(CHANGE, &[&ci]).await;
    let store = &team.fixture.store;
    let stale = store.delete_alert_channel(ci.id.clone(), Some(7)).await;
    assert!(matches!(stale, Err(crate::Error::Aborted(_))));
    store
        .delete_alert_channel(ci.id.clone(), Some(1))
        .await
        .unwrap();
    let left = store.alert_rule(&both.id).await.unwrap().unwrap();
    assert_eq!((left.content.channels, left.version), (vec![mail.id], 2));
    let left = store.alert_rule(&one.id).await.unwrap().unwrap();
    assert_eq!(left.content.channels, Vec::<String>::new());
    assert!(left.content.disabled, "it tells nobody");
    let unknown = store.create_alert_rule(rule(CHANGE, &[&ci])).await;
    assert!(matches!(unknown, Err(crate::Error::Invalid(_))));
}

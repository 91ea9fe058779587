//! Whatever order reports come in, nobody is told more than if they had come in theirs.

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

use super::{CHANGE, Team, build};
use crate::{
    fixtures::{at, build_id},
    model::{AlertKind, AlertState, BuildFacts, Source, Trigger},
};

const WORDS: [&str; 6] = [
    "success",
    "failure",
    "failure",
    "timed_out",
    "cancelled",
    "skipped",
];

/// A history of one workflow on `main`: each run's attempts, in words.
fn histories() -> impl Strategy<Value = Vec<Vec<&'static str>>> {
    let attempts = prop::collection::vec(prop::sample::select(WORDS.to_vec()), 1..=2);
    prop::collection::vec(attempts, 1..=7)
}

/// Reports of a history, in its order.
fn reports(history: &[Vec<&'static str>]) -> Vec<(crate::model::BuildId, BuildFacts)> {
    let mut reports = Vec::new();
    for (run, attempts) in (1..).zip(history) {
        for (attempt, word) in (1..).zip(attempts) {
            let end = i64::from(run) * 60 + i64::from(attempt) * 20;
            let facts = BuildFacts {
                update_time: at(end),
                ..build(run, attempt, word)
            };
            reports.push((build_id(i64::from(run), attempt), facts));
        }
    }
    reports.sort_by_key(|(_, facts)| facts.update_time);
    reports
}

/// Failures and recoveries that a channel is told of reports in an order.
async fn told(reports: &[(crate::model::BuildId, BuildFacts)]) -> [usize; 2] {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule(CHANGE, &[&ci]).await;
    for (id, facts) in reports {
        team.report(*id, facts.clone(), Source::Webhook).await;
    }
    let told = team.told().await;
    let count = |kind| told.iter().filter(|(it, _)| *it == kind).count();
    [count(AlertKind::Failure), count(AlertKind::Recovery)]
}

#[test]
fn disorder_tells_nothing_more() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut runner = TestRunner::new(Config {
        cases: 24,
        failure_persistence: None,
        ..Config::default()
    });
    let shuffled = histories().prop_flat_map(|history| {
        let reports = reports(&history);
        let twice: Vec<_> = reports.iter().chain(&reports).cloned().collect();
        (Just(reports), Just(twice).prop_shuffle())
    });
    let outcome = runner.run(&shuffled, |(in_order, disordered)| {
        let [failures, recoveries] = runtime.block_on(told(&in_order));
        let [more_failures, more_recoveries] = runtime.block_on(told(&disordered));
        prop_assert!(
            more_failures <= failures,
            "{} of {}",
            more_failures,
            failures
        );
        prop_assert!(more_recoveries <= recoveries);
        prop_assert!(recoveries <= failures);
        Ok(())
    });
    outcome.unwrap();
}

/// What one commit takes in is told as if each had come alone.
#[tokio::test]
async fn reports_that_commit_together_are_told_one_by_one() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    team.rule(CHANGE, &[&ci]).await;
    team.rule(Trigger::Failure, &[&ci]).await;
    let builds = [
        (3, "success"),
        (1, "failure"),
        (2, "failure"),
        (4, "failure"),
    ];
    let report = crate::model::Report {
        repositories: vec![crate::fixtures::repository()],
        builds: builds
            .iter()
            .map(|(run, word)| (build_id(i64::from(*run), 1), build(*run, 1, word)))
            .collect(),
        ..Default::default()
    };
    team.fixture.record(report).await;
    let told = team.told().await;
    assert_eq!(
        told,
        [
            (AlertKind::Failure, 1),
            (AlertKind::Failure, 2),
            (AlertKind::Recovery, 3),
            (AlertKind::Failure, 4),
        ]
    );
    let pending = |state: &AlertState| matches!(state, AlertState::Pending { .. });
    let alerts = team.alerts().await;
    assert_eq!(
        alerts.iter().filter(|alert| pending(&alert.state)).count(),
        4
    );
}

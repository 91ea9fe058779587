//! What stays red.

use jiff::SignedDuration;

use super::{Team, build, outbox::sent};
use crate::{
    fixtures::{at, build_id, repository},
    model::{
        AlertKind::{Recovery, StaysRed},
        BuildFacts, Report, Source, Trigger,
    },
    store::Next,
};

#[tokio::test]
async fn what_stays_red_is_told_once_and_then_its_end() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    let hour = Trigger::StaysRed {
        longer_than: SignedDuration::from_hours(1),
    };
    team.rule(hour, &[&ci]).await;
    team.run(1, "failure").await;
    let store = &team.fixture.store;
    for (second, raised) in [(60 + 3600, 0), (61 + 3600, 1), (7200, 0)] {
        team.set_clock(second);
        assert_eq!(
            store.raise_by_time(at(second)).await.unwrap(),
            raised,
            "{second}"
        );
    }
    team.rule(hour, &[&ci]).await;
    store.raise_by_time(at(7300)).await.unwrap();
    assert_eq!(
        team.alerts().await.len(),
        1,
        "it was red before the second rule was made"
    );
    team.run(2, "success").await;
    assert_eq!(team.told().await, [(StaysRed, 1), (Recovery, 2)]);
}

/// Branches that are deleted while they are red stay so.
#[tokio::test]
async fn what_stays_red_is_told_however_many_others_do() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    let longer_than = SignedDuration::from_hours(1);
    team.rule(Trigger::StaysRed { longer_than }, &[&ci]).await;
    let on_branch = |run: i32| BuildFacts {
        branch: format!("b{run}"),
        update_time: at(60),
        ..build(run, 1, "failure")
    };
    let branches = 1..502;
    let report = Report {
        repositories: vec![repository()],
        builds: branches
            .map(|run| (build_id(i64::from(run), 1), on_branch(run)))
            .collect(),
        ..Report::default()
    };
    team.fixture.record(report).await;
    let main = BuildFacts {
        update_time: at(120),
        ..build(600, 1, "failure")
    };
    team.report(build_id(600, 1), main, Source::Webhook).await;
    let now = 2 * 3600;
    team.set_clock(now);
    let raised = team.fixture.store.raise_by_time(at(now)).await.unwrap();
    assert_eq!(raised, 1);
    assert_eq!(team.told().await, [(StaysRed, 600)]);
}

#[tokio::test]
async fn what_is_red_for_longer_than_alerts_are_kept_is_told_once_and_then_its_end() {
    let team = Team::new().await;
    let ci = team.channel("#ci").await;
    let longer_than = SignedDuration::from_hours(1);
    team.rule(Trigger::StaysRed { longer_than }, &[&ci]).await;
    team.run(1, "failure").await;
    let store = &team.fixture.store;
    let mut told = None;
    for hour in 2..6 {
        let now = hour * 3600;
        team.set_clock(now);
        store.raise_by_time(at(now)).await.unwrap();
        if let Next::Send(outgoing) = team.next(&ci, told.take()).await {
            told = Some(sent(&outgoing));
            team.next(&ci, told.take()).await;
        }
        store.delete_old_alerts(at(now - 60)).await.unwrap();
    }
    team.run(2, "success").await;
    assert_eq!(team.told().await, [(StaysRed, 1), (Recovery, 2)]);
    // What is over is not kept any longer.
    store.delete_old_alerts(at(5 * 3600 - 60)).await.unwrap();
    assert_eq!(team.told().await, [(Recovery, 2)]);
}

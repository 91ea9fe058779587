//! What one commit takes in is told in its order.

use super::{CHANGE, Team, build};
use crate::{
    fixtures::build_id,
    model::{AlertKind, AlertState, Trigger},
};

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

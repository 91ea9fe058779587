//! What stays red.

use jiff::SignedDuration;

use super::Team;
use crate::{
    fixtures::at,
    model::{
        AlertKind::{Recovery, StaysRed},
        Trigger,
    },
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

//! The promise of the merge: in whatever order reports come, and however often, the rows end the
//! same.

use std::cell::Cell;

use futures_util::future::{join_all, try_join_all};
use proptest::{
    collection::vec,
    test_runner::{Config, TestCaseError, TestRunner},
};

use super::{
    fixture::{Fixture, cases, record},
    scenario::{Place, Scenario, scenario},
    snapshot,
};
use crate::{
    Result,
    model::{Report, RepositoryId},
};

/// Scenarios that are played at once, so that commits mix their reports.
const AT_ONCE: usize = 64;
/// How often: 10,240 scenarios in all.
const ROUNDS: u32 = 160;
/// The ids that a scenario takes of runs and repositories.
const IDS: i64 = 4;

#[test]
fn any_order_and_any_repetition_ends_in_the_same_rows() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let fixture = runtime.block_on(Fixture::open());
    let next_id = Cell::new(1);
    let mut runner = TestRunner::new(Config {
        cases: cases(ROUNDS),
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&vec(scenario(), AT_ONCE), |scenarios| {
        let first_id = next_id.get();
        next_id.set(first_id + IDS * i64::try_from(scenarios.len()).unwrap());
        runtime.block_on(play_all(&fixture, &scenarios, first_id))
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// Each scenario takes place twice, in two repositories with the same runs: in
/// order, and as it arrives.
async fn play_all(
    fixture: &Fixture,
    scenarios: &[Scenario],
    first_id: i64,
) -> Result<(), TestCaseError> {
    let places = (0..).map(|i| first_id + i * IDS);
    let played = scenarios.iter().zip(places.clone());
    let played = played.map(|(scenario, place)| play(fixture, scenario, place));
    try_join_all(played).await.map_err(|error| failed(&error))?;
    never_unfinished(fixture)?;
    let last_id = first_id + IDS * i64::try_from(scenarios.len()).unwrap();
    let snapshots = snapshot::take(&fixture.store, first_id..=last_id).await;
    let snapshots = snapshots.map_err(|error| failed(&error))?;
    for place in places.take(scenarios.len()) {
        proptest::prop_assert_eq!(snapshots.get(&place), snapshots.get(&(place + 1)));
    }
    Ok(())
}

async fn play(fixture: &Fixture, scenario: &Scenario, first_id: i64) -> Result<()> {
    let place = |repository| Place {
        repository: RepositoryId(repository),
        first_run: first_id,
    };
    one_by_one(fixture, scenario.in_order(place(first_id))).await?;
    let shuffled = scenario.shuffled(place(first_id + 1));
    if !scenario.concurrent {
        return one_by_one(fixture, shuffled).await;
    }
    let sent = shuffled.into_iter().map(|r| record(&fixture.store, r));
    join_all(sent)
        .await
        .into_iter()
        .try_for_each(|sent| sent.map(drop))
}

async fn one_by_one(fixture: &Fixture, reports: Vec<Report>) -> Result<()> {
    for report in reports {
        record(&fixture.store, report).await?;
    }
    Ok(())
}

fn never_unfinished(fixture: &Fixture) -> Result<(), TestCaseError> {
    for change in fixture.take_changes() {
        let after = change.after.record;
        let was_over = change
            .before
            .is_some_and(|b| b.record.facts.status.is_completed());
        proptest::prop_assert!(!was_over || after.facts.status.is_completed(), "{after:?}");
    }
    Ok(())
}

fn failed(error: &crate::Error) -> TestCaseError {
    TestCaseError::fail(error.to_string())
}

//! When what commits left is folded into rollups.

use std::time::Duration;

use tokio::time::timeout;

use super::{
    super::{db::query, rollup},
    fixture::Fixture,
    rows::number,
};
use crate::{
    fixtures::{build_id, facts, repository},
    model::Report,
};

/// Less than what few changes wait.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn some_hundred_changes_are_folded_as_soon_as_nobody_waits() {
    let fixture = Fixture::open().await;
    let builds = (1..=300).map(|run| (build_id(run, 1), facts("success", run)));
    fixture
        .record(Report {
            repositories: vec![repository()],
            builds: builds.collect(),
            ..Report::default()
        })
        .await;
    let folded = async {
        while number(&fixture.store, query("SELECT COUNT(*) FROM rollup_change")).await > 0 {
            fixture.store.probe().await.unwrap();
        }
    };
    timeout(PATIENCE, folded).await.expect("they are folded");
    let recounted = fixture.store.recount().await.unwrap();
    assert_eq!(recounted.differences, []);
}

#[tokio::test]
async fn no_more_of_a_day_is_read_than_what_changed() {
    let fixture = Fixture::open_file().await;
    let query = rollup::fold_statement().explained();
    let rows = query.fetch_all(&fixture.store.readers).await.unwrap();
    let steps: Vec<&str> = rows
        .iter()
        .map(|row| row.try_get("detail").unwrap())
        .collect();
    let by_name = "(kind=? AND repository_id=? AND day=? AND name=?";
    let found = steps.iter().any(|step| step.contains(by_name));
    assert!(found, "{steps:#?}");
}

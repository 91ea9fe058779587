//! When what commits left is folded into rollups.

use std::time::Duration;

use tokio::time::timeout;

use super::{super::db::query, fixture::Fixture, rows::number};
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

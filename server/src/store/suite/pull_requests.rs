//! Pull requests: what is kept for looking them up is what their builds say.

use super::{super::db::query, fixture::Fixture, rows::fetch};
use crate::{
    fixtures::{at, build_id, facts},
    model::BuildFacts,
};

/// What is kept: number, start and run.
async fn kept(fixture: &Fixture) -> Vec<(i32, i64, i64)> {
    let rows = "SELECT number, start_time, run_id FROM build_pull_request ORDER BY 1, 2, 3";
    fetch(&fixture.store, query(rows)).await
}

fn of(numbers: &[i32], start: i64, update: i64) -> BuildFacts {
    BuildFacts {
        pull_requests: numbers.to_vec(),
        start_time: at(start),
        ..facts("success", update)
    }
}

#[tokio::test]
async fn they_follow_their_builds() {
    let fixture = Fixture::open().await;
    let start = |second| at(second).as_microsecond();
    fixture
        .report_build(build_id(1, 1), of(&[12, 7, 12], 5, 10))
        .await;
    fixture.report_build(build_id(2, 1), of(&[7], 6, 10)).await;
    let first = [(7, start(5), 1), (7, start(6), 2), (12, start(5), 1)];
    assert_eq!(kept(&fixture).await, first);
    // An older word changes nothing.
    fixture.report_build(build_id(1, 1), of(&[99], 8, 9)).await;
    assert_eq!(kept(&fixture).await, first);
    fixture
        .report_build(build_id(1, 1), of(&[12, 13], 4, 11))
        .await;
    let then = [(7, start(6), 2), (12, start(4), 1), (13, start(4), 1)];
    assert_eq!(kept(&fixture).await, then);
    assert_eq!(fixture.store.recount().await.unwrap().differences, []);

    fixture
        .sabotage("UPDATE repository SET hidden_time = 1")
        .await;
    assert_eq!(fixture.store.delete_hidden(at(0)).await.unwrap(), 1);
    assert_eq!(kept(&fixture).await, []);
}

#[tokio::test]
async fn a_recount_sees_what_is_wrong_with_them() {
    for wrong in [
        "DELETE FROM build_pull_request WHERE number = 7",
        "UPDATE build_pull_request SET start_time = 0 WHERE number = 7",
        "INSERT INTO build_pull_request VALUES (8, 1, 1, 1, 1)",
    ] {
        let fixture = Fixture::open().await;
        fixture
            .report_build(build_id(1, 1), of(&[12, 7], 5, 10))
            .await;
        assert_eq!(fixture.store.recount().await.unwrap().differences, []);
        fixture.sabotage(wrong).await;
        let found = fixture.store.recount().await.unwrap().differences;
        assert!(found[0].series.contains("pull requests"), "{found:?}");
    }
}

//! Bounds: what one question may cost.

use std::time::Duration;

use super::{
    super::db::{Query, query},
    fixture::Fixture,
};
use crate::{
    Error,
    fixtures::{at, build_id, facts, repository},
    model::{Filter, Intervals, Report},
};

/// Counts so far, which takes a second for each ten million.
fn count_to(end: i64) -> Query {
    query(
        "WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n
                                  WHERE i < $1)
         SELECT COUNT(*) FROM n",
    )
    .bind(end)
}

#[tokio::test]
async fn a_statement_ends_when_its_time_is_up() {
    let fixture = Fixture::open().await;
    let readers = &fixture.store.readers;
    let mut snapshot = readers
        .snapshot_within(Duration::from_millis(1))
        .await
        .unwrap();
    let counted = count_to(20_000_000).fetch_one(&mut snapshot).await;
    let Err(Error::TooMuch(why)) = counted.map(drop).map_err(Error::from) else {
        panic!("it has no end");
    };
    assert!(why.contains("shorter window"), "{why}");
    drop(snapshot);
    // Whoever has the connection next has all the time.
    for _ in 0..8 {
        let row = count_to(50_000).fetch_one(readers).await.unwrap();
        assert_eq!(row.try_get::<i64, _>(0).unwrap(), 50_000);
    }
}

#[tokio::test]
async fn numbers_have_a_bound_in_time() {
    let fixture = Fixture::open_file().await;
    let builds = (1..=1500).map(|run| (build_id(run, 1), facts("success", 60)));
    let report = Report {
        repositories: vec![repository()],
        builds: builds.collect(),
        ..Report::default()
    };
    fixture.record(report).await;
    // No rollup knows of events, and none of these is found.
    let filter = Filter {
        events: vec!["push".to_owned()],
        branches: vec![crate::model::Pattern::new("*nowhere*")],
        ..Filter::default()
    };
    let all = Intervals {
        start: None,
        ends: vec![at(1000)],
    };
    let ask = async |patience| {
        let store = &fixture.store;
        store
            .sum_up_within(&filter, &all, None, 500, patience)
            .await
    };
    let given_up = ask(Duration::ZERO).await;
    assert!(matches!(given_up, Err(Error::TooMuch(_))), "{given_up:?}");
    assert!(ask(Duration::from_hours(1)).await.unwrap().is_empty());
}

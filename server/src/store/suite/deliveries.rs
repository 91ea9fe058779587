//! Deliveries: one row for each GUID, however often it comes.

use futures_util::future::join_all;

use super::{
    super::db::query,
    fixture::{Fixture, of_build, record},
    rows::fetch,
};
use crate::{
    fixtures::{at, build_id, facts, status},
    model::{Delivery, Recorded, Report},
};

const GUID: &str = "72d3162e-cc78-11e3-81ab-4c9367dc0958";

fn delivery(guid: &str, payload: impl Into<bytes::Bytes>) -> Delivery {
    Delivery {
        guid: guid.to_owned(),
        event: "workflow_run".to_owned(),
        action: "completed".to_owned(),
        receive_time: at(4),
        payload: payload.into(),
        problem: String::new(),
    }
}

fn delivered(payload: &'static str, word: &str, update: i64) -> Report {
    Report {
        delivery: Some(delivery(GUID, payload)),
        ..of_build(build_id(1, 1), facts(word, update))
    }
}

/// GUID, unpacked payload, how often it came, and how often with another body.
type Row = (String, Vec<u8>, i64, i64);

async fn rows(fixture: &Fixture) -> Vec<Row> {
    let all = "SELECT guid, payload, receive_count, conflict_count FROM delivery ORDER BY guid";
    let rows: Vec<Row> = fetch(&fixture.store, query(all)).await;
    rows.into_iter()
        .map(|(guid, packed, received, conflicts)| {
            let payload = zstd::bulk::decompress(&packed, 32 << 20).unwrap();
            (guid, payload, received, conflicts)
        })
        .collect()
}

fn row(payload: &str, received: i64, conflicts: i64) -> Row {
    (GUID.to_owned(), payload.into(), received, conflicts)
}

#[tokio::test]
async fn a_delivery_that_comes_twice_has_no_second_effect() {
    let fixture = Fixture::open().await;
    let first = fixture.record(delivered("{}", "success", 3)).await;
    assert!(!first.delivery_known);
    let again = fixture.record(delivered("{}", "success", 3)).await;
    let nothing = Recorded {
        delivery_known: true,
        ..Recorded::default()
    };
    assert_eq!(again, nothing);
    assert_eq!(rows(&fixture).await, [row("{}", 2, 0)]);
}

#[tokio::test]
async fn another_body_under_a_known_guid_is_counted_and_its_content_decides() {
    let fixture = Fixture::open().await;
    fixture.record(delivered("first", "in_progress", 3)).await;
    let other = fixture.record(delivered("other", "failure", 5)).await;
    assert!(other.delivery_known);
    assert_eq!(other.changed, 1);
    let build = fixture.build(build_id(1, 1)).await;
    assert_eq!(build.record.facts.status, status("failure"));
    assert_eq!(
        rows(&fixture).await,
        [row("first", 2, 1)],
        "the first is kept"
    );
}

#[tokio::test]
async fn of_fifty_at_once_one_is_the_first() {
    let fixture = Fixture::open().await;
    let sent = (0..50).map(|_| fixture.record(delivered("{}", "success", 3)));
    let recorded = join_all(sent).await;
    let first = recorded.iter().filter(|r| !r.delivery_known);
    assert_eq!(first.count(), 1);
    let changed: usize = recorded.iter().map(|r| r.changed).sum();
    assert_eq!(changed, 2, "one build and one repository");
    assert_eq!(rows(&fixture).await, [row("{}", 50, 0)]);
    assert_eq!(fixture.take_changes().len(), 1);
}

#[tokio::test]
async fn a_delivery_of_nothing_is_kept_with_its_problem() {
    let fixture = Fixture::open().await;
    let problem = "no workflow_run in it";
    let report = Report {
        delivery: Some(Delivery {
            problem: problem.to_owned(),
            ..delivery(GUID, "[]")
        }),
        ..Report::default()
    };
    assert_eq!(fixture.record(report).await, Recorded::default());
    let all = query("SELECT event, action, problem, receive_time FROM delivery");
    let stored: Vec<(String, String, String, i64)> = fetch(&fixture.store, all).await;
    let stored = &stored[0];
    let expected = ("workflow_run", "completed", problem, at(4).as_microsecond());
    let found = (&stored.0[..], &stored.1[..], &stored.2[..], stored.3);
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_large_payload_is_kept_whole() {
    let fixture = Fixture::open().await;
    let payload: Vec<u8> = (0..3_000_000u32).map(|i| (i % 251) as u8).collect();
    let report = Report {
        delivery: Some(delivery(GUID, payload.clone())),
        ..Report::default()
    };
    record(&fixture.store, report).await.unwrap();
    assert!(rows(&fixture).await[0].1 == payload);
}

//! The room that is given back by what is deleted, and the time that deleting may take.

use std::time::Duration;

use futures_util::FutureExt as _;

use super::{
    super::{super::db::query, fixture::Fixture, rows::number},
    delivered, keeping, told,
};
use crate::{
    Error,
    fixtures::{at, build_id, repository},
    model::Report,
};

#[tokio::test]
async fn the_file_shrinks_when_much_was_deleted() {
    let fixture = Fixture::open_file().await;
    // Nothing makes this smaller.
    let mut noise = 1_u64;
    let mut payload = || -> Vec<u8> {
        let mut next = || {
            noise = noise
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (noise >> 56) as u8
        };
        (0..100_000).map(|_| next()).collect()
    };
    for number in 0..150 {
        let mut report = delivered(&number.to_string(), Report::default());
        report.delivery.as_mut().unwrap().payload = payload().into();
        fixture.record(report).await;
    }
    let store = &fixture.store;
    let file = fixture.folder().join("lampboard.db");
    let size = || std::fs::metadata(&file).unwrap().len();
    store.writer.checkpoint().await.unwrap();
    let before = size();
    assert!(before > 15_000_000, "{before}");
    store.give_space_back().await.unwrap();
    assert_eq!(size(), before, "nothing is free");
    store.delete_old_payloads(at(100)).await.unwrap();
    store.give_space_back().await.unwrap();
    assert!(size() < 6_000_000, "{}", size());
}

#[tokio::test]
async fn what_is_deleted_is_folded_into_rollups_meanwhile() {
    let fixture = keeping().await;
    take_many_in(&fixture).await;
    assert_folded_while_deleted(&fixture).await;
}

#[tokio::test]
async fn what_is_deleted_on_a_full_disk_is_folded_as_well() {
    let fixture = Fixture::open_file().await;
    take_many_in(&fixture).await;
    fixture.store.reserve.give_up();
    // In the way of what would take the room again.
    std::fs::create_dir(fixture.folder().join("lampboard.db.reserve")).unwrap();
    let refused = fixture.store.probe().await;
    assert!(matches!(refused, Err(Error::Full)), "{refused:?}");
    assert_folded_while_deleted(&fixture).await;
    assert!(fixture.store.is_disk_full());
}

/// More than are folded at once.
async fn take_many_in(fixture: &Fixture) {
    for first in [0, 500, 1000, 1500, 2000] {
        let builds = (first..first + 500).map(|run| (build_id(run + 1, 1), told("success", 1, 2)));
        let report = Report {
            builds: builds.collect(),
            repositories: vec![repository()],
            ..Report::default()
        };
        fixture.record(report).await;
    }
}

async fn assert_folded_while_deleted(fixture: &Fixture) {
    const FOLDED_AT: i64 = 2048;
    const A_STEP: i64 = 40;
    let deleted = fixture.store.delete_old_builds(at(100)).await.unwrap();
    assert_eq!(deleted, 2500);
    let left = number(&fixture.store, query("SELECT COUNT(*) FROM rollup_change")).await;
    let left = left * A_STEP;
    assert!(left < FOLDED_AT, "{left} changes wait for every reader");
    assert_eq!(fixture.store.recount().await.unwrap().differences, []);
}

/// Longer than a report waits for its commit.
const LONG: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_step_of_deleting_may_take_its_time() {
    // The writer of a file has timers of its own, which go on.
    let fixture = Fixture::open_file().await;
    let (finish, finished) = tokio::sync::oneshot::channel::<()>();
    let step = fixture.store.purge(move |_, _| {
        async move {
            let _ = finished.await;
            Ok(7)
        }
        .boxed()
    });
    let mut step = std::pin::pin!(step);
    tokio::time::pause();
    let early = tokio::time::timeout(LONG, &mut step).await;
    assert!(early.is_err(), "it is not done: {early:?}");
    finish.send(()).unwrap();
    assert_eq!(step.await.unwrap(), 7);
}

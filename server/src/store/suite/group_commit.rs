//! The one writer: many at once, a bad one among good ones, too many, and the end.

use std::pin::pin;

use futures_util::{
    FutureExt as _,
    future::{join, join_all},
};
use tokio::{sync::oneshot, task::JoinHandle};

use super::fixture::{Fixture, of_build, open, record};
use crate::{
    Error, Result,
    fixtures::{build_id, facts, job},
    load::{Load, Room},
    model::{Filter, Report},
};

/// More than the writer's queue and one commit hold together.
const TOO_MANY: i64 = 1200;

fn new_run(run: i64) -> Report {
    of_build(build_id(run, 1), facts("queued", 1))
}

/// A report that the database refuses: it knows no such repository.
fn orphan(run: i64) -> Report {
    let mut report = new_run(run);
    report.builds[0].0.repository.0 = 99;
    report
}

#[tokio::test]
async fn what_comes_at_once_is_all_recorded_in_few_commits() {
    let fixture = Fixture::open().await;
    let sent = (1..=300).map(|run| record(&fixture.store, new_run(run)));
    for recorded in join_all(sent).await {
        assert!(recorded.unwrap().changed > 0);
    }
    let sizes: Vec<usize> = fixture
        .take_news()
        .iter()
        .map(|news| news.changes.len())
        .collect();
    assert_eq!(sizes.iter().sum::<usize>(), 300);
    assert!(sizes.len() < 30, "commits are shared: {sizes:?}");
}

#[tokio::test]
async fn a_bad_report_fails_alone() {
    let fixture = Fixture::open().await;
    let reports = (1..=40).map(|run| if run == 20 { orphan(run) } else { new_run(run) });
    let sent = reports.map(|report| record(&fixture.store, report));
    for (run, recorded) in (1..).zip(join_all(sent).await) {
        match recorded {
            Ok(_) => assert_ne!(run, 20),
            Err(error) => {
                assert_eq!(run, 20, "{error}");
                assert!(matches!(error, Error::Database(_)), "{error}");
            }
        }
    }
    assert_eq!(fixture.list(&Filter::default()).await.len(), 39);
    let alone = record(&fixture.store, orphan(41)).await;
    assert!(alone.is_err());
    assert!(record(&fixture.store, new_run(42)).await.is_ok());
}

#[tokio::test]
async fn a_database_that_fails_fails_all_and_is_tried_again() {
    let fixture = Fixture::open().await;
    fixture.record(new_run(1)).await;
    fixture
        .sabotage("ALTER TABLE workflow RENAME TO gone")
        .await;
    let sent = (2..=40).map(|run| record(&fixture.store, new_run(run)));
    for recorded in join_all(sent).await {
        let error = recorded.expect_err("it can not be recorded");
        let told = matches!(error, Error::Database(_) | Error::Unwritable);
        assert!(told, "{error}");
    }
    fixture
        .sabotage("ALTER TABLE gone RENAME TO workflow")
        .await;
    fixture.record(new_run(41)).await;
    assert_eq!(fixture.list(&Filter::default()).await.len(), 2);
}

#[tokio::test]
async fn a_row_that_can_not_be_read_fails_who_touches_it() {
    // Elsewhere a column holds nothing of another type.
    let fixture = Fixture::open_file().await;
    fixture.record(new_run(20)).await;
    fixture.sabotage("UPDATE build SET run_number = 'x'").await;
    let sent = (1..=40).map(|run| record(&fixture.store, new_run(run)));
    for (run, recorded) in (1..).zip(join_all(sent).await) {
        assert_eq!(recorded.is_err(), run == 20, "{run}: {recorded:?}");
    }
}

#[tokio::test]
async fn nothing_of_a_refused_report_stays() {
    let fixture = Fixture::open().await;
    let mut report = new_run(1);
    report.builds.extend(orphan(2).builds);
    assert!(record(&fixture.store, report).await.is_err());
    assert_eq!(fixture.list(&Filter::default()).await, []);
    assert!(fixture.take_changes().is_empty());
}

/// Holds the writer up until it is let go on.
async fn hold_up(fixture: &Fixture) -> (oneshot::Sender<()>, JoinHandle<Result<()>>) {
    let (begun, has_begun) = oneshot::channel();
    let (go_on, signal) = oneshot::channel::<()>();
    let store = fixture.store.clone();
    let holding_up = tokio::spawn(async move {
        let hold_up = async move {
            begun.send(()).unwrap();
            signal.await.unwrap();
            Ok(())
        };
        store.write(|_, _| hold_up.boxed()).await
    });
    has_begun.await.unwrap();
    (go_on, holding_up)
}

/// How many changes each commit has, of reports that wait together.
async fn sizes(fixture: &Fixture, reports: impl Iterator<Item = Report>) -> Vec<usize> {
    let (go_on, holding_up) = hold_up(fixture).await;
    let sent = reports.map(|report| record(&fixture.store, report));
    let (recorded, ()) = join(join_all(sent), async { go_on.send(()).unwrap() }).await;
    holding_up.await.unwrap().unwrap();
    assert!(recorded.iter().all(Result::is_ok));
    let news = fixture.take_news();
    let sizes = news.iter().map(|news| news.changes.len());
    sizes.filter(|size| *size > 0).collect()
}

#[tokio::test]
async fn a_commit_takes_in_a_bounded_number_of_rows() {
    let fixture = Fixture::open().await;
    fixture.take_news();
    let of = |from: i64, count: i64| {
        let mut report = new_run(from);
        report.builds = (from..from + count)
            .map(|run| (build_id(run, 1), facts("queued", 1)))
            .collect();
        report
    };
    let builds = (0..9).map(|part| of(300 * part, 300));
    assert_eq!(sizes(&fixture, builds).await, [900, 900, 900]);
    // One report is always taken, and what comes behind it waits.
    let large = [of(3000, 1), of(4000, 1200), of(6000, 1)];
    assert_eq!(sizes(&fixture, large.into_iter()).await, [1, 1200, 1]);
    let with_jobs = |run: i64| {
        let mut report = of(run, 1);
        let id = build_id(run, 1);
        let jobs = (0..600).map(|number| job(1000 * run + number, id, "queued", (None, None)));
        report.jobs = jobs.collect();
        report
    };
    let jobs = (7000..7002).map(with_jobs);
    assert_eq!(sizes(&fixture, jobs).await, [1, 1]);
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_not_written() {
    let fixture = Fixture::open().await;
    let (go_on, holding_up) = hold_up(&fixture).await;
    let (done, is_done) = oneshot::channel();
    let work = async move {
        done.send(()).unwrap();
        Ok(())
    };
    let asked = fixture.store.write(|_, _| work.boxed()).now_or_never();
    assert!(asked.is_none(), "it waits, and then does not any more");
    go_on.send(()).unwrap();
    holding_up.await.unwrap().unwrap();
    fixture.store.probe().await.unwrap();
    assert!(is_done.await.is_err(), "it was not done");
}

#[tokio::test]
async fn the_memory_of_who_left_is_taken_until_the_writer_comes_to_it() {
    let fixture = Fixture::open().await;
    let (go_on, holding_up) = hold_up(&fixture).await;
    let room = Room::new();
    let take = || {
        let load = Load::default();
        room.take(100, &load).unwrap();
        load
    };
    let recording = take().carry(record(&fixture.store, new_run(1)));
    let writing = take().carry(fixture.store.probe());
    assert!(recording.now_or_never().is_none() && writing.now_or_never().is_none());
    assert_eq!(room.taken(), 200, "both wait");
    go_on.send(()).unwrap();
    holding_up.await.unwrap().unwrap();
    fixture.store.probe().await.unwrap();
    assert_eq!(room.taken(), 0);
}

#[tokio::test]
async fn beyond_its_queue_the_writer_is_busy() {
    let fixture = Fixture::open().await;
    let (go_on, holding_up) = hold_up(&fixture).await;
    let sent = (1..=TOO_MANY).map(|run| record(&fixture.store, new_run(run)));
    // It goes on only when all have asked.
    let (recorded, ()) = join(join_all(sent), async { go_on.send(()).unwrap() }).await;
    holding_up.await.unwrap().unwrap();
    let mut acknowledged = 0;
    for recorded in recorded {
        match recorded {
            Ok(_) => acknowledged += 1,
            Err(error) => assert!(matches!(error, Error::Busy(_)), "{error}"),
        }
    }
    assert_eq!(acknowledged, 1024);
    assert_eq!(fixture.list(&Filter::default()).await.len(), 1024);
}

#[tokio::test(flavor = "current_thread")]
async fn closing_finishes_what_waits_and_takes_nothing_more() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), |_| ()).await.unwrap();
    {
        let waiting = join_all((1..=100).map(|run| record(&store, new_run(run))));
        let mut waiting = pin!(waiting);
        assert!(waiting.as_mut().now_or_never().is_none(), "all have asked");
        let (recorded, ()) = join(waiting, store.close()).await;
        assert!(recorded.iter().all(Result::is_ok));
    }
    let late = record(&store, new_run(101)).await;
    assert!(matches!(late, Err(Error::Stopping)));
    assert!(matches!(store.probe().await, Err(Error::Stopping)));
    let read = store.build(build_id(1, 1)).await;
    assert!(matches!(read, Err(Error::Stopping)));
    store.close().await;
    drop(store);

    let store = open(folder.path(), |_| ()).await.unwrap();
    for run in 1..=100 {
        assert!(store.build(build_id(run, 1)).await.unwrap().is_some());
    }
    assert!(store.build(build_id(101, 1)).await.unwrap().is_none());
}

#[tokio::test]
async fn one_file_has_one_store() {
    let fixture = Fixture::open_file().await;
    let Err(problem @ Error::InUse(_)) = open(fixture.folder(), |_| ()).await else {
        panic!("the second one must be refused");
    };
    let problem = problem.to_string();
    assert!(problem.contains("another lampboard runs"), "{problem}");
    fixture.store.probe().await.expect("the first one goes on");
}

#[tokio::test]
async fn a_link_to_the_file_leads_to_the_same_lock() {
    let fixture = Fixture::open_file().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let file = fixture.folder().join("lampboard.db");
    std::os::unix::fs::symlink(file, elsewhere.path().join("lampboard.db")).unwrap();
    let second = open(elsewhere.path(), |_| ()).await;
    assert!(matches!(second, Err(Error::InUse(_))));
}

//! Deleting what is old: whole runs, their jobs before that, payloads, and nothing that is asked
//! for again.

mod room;

use std::time::Duration;

use futures_util::future::join;

use super::{
    super::{GapQuery, db::query},
    fixture::{Fixture, of_build, record},
    rows::{fetch, number},
};
use crate::{
    Retention,
    fixtures::{REPOSITORY, at, build_id, facts, job, repository},
    model::{BuildFacts, BuildId, Delivery, Filter, Gap, GapKind, Missing, Report, Source},
};

/// Builds for 1000 seconds, their jobs for 500. The clock stands at 0.
async fn keeping() -> Fixture {
    Fixture::open_keeping(Retention {
        builds: Some(Duration::from_secs(1000)),
        jobs: Some(Duration::from_secs(500)),
        ..Retention::default()
    })
    .await
}

/// What is said of a build that started and was last changed then.
fn told(word: &str, start: i64, update: i64) -> BuildFacts {
    BuildFacts {
        start_time: at(start),
        create_time: at(start),
        ..facts(word, update)
    }
}

async fn count(fixture: &Fixture, table: &'static str) -> i64 {
    let mut all = query("SELECT COUNT(*) FROM ");
    all.push(table);
    number(&fixture.store, all).await
}

async fn left(fixture: &Fixture) -> Vec<(i64, i32)> {
    let builds = fixture.list(&Filter::default()).await.into_iter();
    let mut left: Vec<_> = builds
        .map(|build| (build.record.id.run.0, build.record.id.attempt))
        .collect();
    left.sort_unstable();
    left
}

async fn gaps(fixture: &Fixture, kind: GapKind) -> Vec<Gap> {
    let asked = GapQuery {
        kind,
        repositories: Vec::new(),
        installations: Vec::new(),
        limit: 100,
    };
    fixture.store.gaps(asked, at(0)).await.unwrap()
}

#[tokio::test]
async fn runs_go_when_all_their_attempts_are_old() {
    let fixture = Fixture::open().await;
    for (run, attempt, word, update) in [
        (1, 1, "success", -30),
        (2, 1, "failure", -30),
        (2, 2, "success", -20),
        (3, 1, "failure", -30),
        (3, 2, "success", -10),
        (4, 1, "in_progress", -20),
        (5, 1, "in_progress", -10),
        (6, 1, "success", -30),
        (6, 2, "in_progress", -10),
        (7, 1, "success", -19),
    ] {
        let facts = told(word, -100, update);
        fixture.report_build(build_id(run, attempt), facts).await;
    }
    assert_eq!(fixture.store.delete_old_builds(at(-101)).await.unwrap(), 0);
    assert_eq!(fixture.store.delete_old_builds(at(-20)).await.unwrap(), 4);
    let expected = [(3, 1), (3, 2), (5, 1), (6, 1), (6, 2), (7, 1)];
    assert_eq!(left(&fixture).await, expected);
}

#[tokio::test]
async fn all_of_a_run_goes_and_nothing_else() {
    let fixture = Fixture::open().await;
    // More than one step takes, at one time, between such as stay.
    for run in 0..150 {
        fixture
            .report_build(build_id(run, 2), told("failure", -100, -50))
            .await;
        if run % 5 == 0 {
            fixture
                .report_build(build_id(run, 3), told("queued", -5, -5))
                .await;
        }
        fixture
            .report_job(job(
                run,
                build_id(run, 2),
                "failure",
                (Some(-90), Some(-50)),
            ))
            .await;
    }
    let elsewhere = BuildId {
        repository: crate::model::RepositoryId(8),
        ..build_id(1, 1)
    };
    let mut other = of_build(elsewhere, told("failure", -5, -5));
    other.repositories[0].id.0 = 8;
    fixture.record(other).await;
    fixture
        .record(Report {
            repositories: vec![repository()],
            complete_builds: vec![build_id(1, 9), build_id(5, 9)],
            ..Report::default()
        })
        .await;

    assert_eq!(fixture.store.delete_old_builds(at(-50)).await.unwrap(), 120);
    assert_eq!(left(&fixture).await.len(), 61);
    assert_eq!(count(&fixture, "job").await, 30);
    assert_eq!(count(&fixture, "early_jobs_complete").await, 1);
    let asked = gaps(&fixture, GapKind::Attempt).await;
    assert_eq!(asked.len(), 30, "of those that stay, attempt 1 each");
}

#[tokio::test]
async fn without_its_jobs_a_build_is_what_it_was() {
    let fixture = keeping().await;
    for attempt in [1, 2] {
        let id = build_id(1, attempt);
        fixture.report_build(id, told("failure", -200, -50)).await;
        let span = (Some(-190), Some(-100));
        let id = i64::from(attempt);
        fixture
            .report_job(job(id, build_id(1, attempt), "failure", span))
            .await;
    }
    fixture
        .report_build(build_id(2, 1), told("failure", -200, -99))
        .await;
    let shown = async || {
        let builds = fixture.list(&Filter::default()).await.into_iter();
        let builds = builds.map(|build| (build.record.jobs, build.record.end_time()));
        builds.collect::<Vec<_>>()
    };
    let before = shown().await;
    assert_eq!(gaps(&fixture, GapKind::Jobs).await.len(), 3);

    assert_eq!(fixture.store.delete_old_jobs(at(-101)).await.unwrap(), 0);
    assert_eq!(fixture.store.delete_old_jobs(at(-100)).await.unwrap(), 2);
    assert_eq!(fixture.store.delete_old_jobs(at(-100)).await.unwrap(), 0);
    assert_eq!(count(&fixture, "job").await, 0);
    assert_eq!(shown().await, before);
    assert_eq!(gaps(&fixture, GapKind::Jobs).await.len(), 1, "of run 2");

    for late in [
        job(1, build_id(1, 1), "failure", (Some(-300), Some(-1))),
        job(9, build_id(1, 2), "in_progress", (Some(-3), None)),
    ] {
        let recorded = fixture.report_job(late).await;
        assert_eq!(recorded.changed, 0);
    }
    fixture
        .report_build(build_id(1, 2), told("failure", -200, -10))
        .await;
    assert_eq!(count(&fixture, "job").await, 0);
    assert_eq!(shown().await, before);
    assert_eq!(gaps(&fixture, GapKind::Jobs).await.len(), 1);
}

#[tokio::test]
async fn the_jobs_of_what_is_reported_late_go_too() {
    let fixture = keeping().await;
    fixture.store.delete_old_jobs(at(-500)).await.unwrap();
    for (run, update) in [(1, -500), (2, -499)] {
        let id = build_id(run, 1);
        fixture
            .report_build(id, told("failure", -600, update))
            .await;
        let span = (Some(-590), Some(update));
        fixture.report_job(job(run, id, "failure", span)).await;
    }
    let unknown = build_id(3, 1);
    fixture
        .report_build(unknown, told("failure", -600, -501))
        .await;
    assert_eq!(fixture.store.delete_old_jobs(at(-500)).await.unwrap(), 2);
    let jobs: Vec<(i64,)> = fetch(&fixture.store, query("SELECT run_id FROM job")).await;
    assert_eq!(jobs, [(2,)]);
    let asked = gaps(&fixture, GapKind::Jobs).await;
    let asked: Vec<_> = asked.into_iter().map(|gap| gap.missing).collect();
    assert_eq!(asked, [Missing::Build(GapKind::Jobs, build_id(2, 1))]);
}

fn delivered(guid: &str, mut report: Report) -> Report {
    report.delivery = Some(Delivery {
        guid: guid.to_owned(),
        event: "workflow_run".to_owned(),
        action: "completed".to_owned(),
        receive_time: at(0),
        payload: "{}".into(),
        problem: String::new(),
    });
    report
}

#[tokio::test]
async fn what_is_asked_about_what_is_too_old_brings_nothing_back() {
    let fixture = keeping().await;
    let old = || told("failure", -1000, -1);
    let asked = |report| Report {
        source: Source::Reconcile,
        ..report
    };
    let report = delivered("late", of_build(build_id(1, 2), old()));
    fixture.record(asked(report)).await;
    let early = job(1, build_id(1, 2), "failure", (Some(-1000), Some(-990)));
    let mut early = delivered(
        "job",
        Report {
            jobs: vec![early],
            repositories: vec![repository()],
            ..Report::default()
        },
    );
    early.jobs[0].facts.create_time = at(-1000);
    early.complete_builds = vec![build_id(1, 2)];
    fixture.record(asked(early)).await;
    assert_eq!(left(&fixture).await, []);
    assert_eq!(count(&fixture, "job").await, 0);
    assert_eq!(count(&fixture, "early_jobs_complete").await, 0);
    assert_eq!(gaps(&fixture, GapKind::Attempt).await, []);
    let problems = "SELECT problem FROM delivery ORDER BY guid";
    let problems: Vec<(String,)> = fetch(&fixture.store, query(problems)).await;
    assert_eq!(problems.len(), 2);
    for (problem,) in problems {
        assert!(problem.contains("LAMPBOARD_RETENTION_BUILDS"), "{problem}");
    }

    let still = of_build(build_id(2, 1), told("in_progress", -1000, -1));
    fixture.record(asked(still)).await;
    let new = of_build(build_id(3, 2), told("failure", -999, -1));
    fixture.record(asked(delivered("new", new))).await;
    fixture.record(asked(of_build(build_id(3, 1), old()))).await;
    // GitHub itself would hardly send such a thing: it comes, and goes.
    fixture.report_build(build_id(4, 1), old()).await;
    assert_eq!(left(&fixture).await, [(2, 1), (3, 1), (3, 2), (4, 1)]);
    assert_eq!(count(&fixture, "delivery WHERE problem <> ''").await, 2);
}

#[tokio::test]
async fn history_is_loaded_no_further_back_than_it_is_kept() {
    let fixture = keeping().await;
    fixture
        .record(of_build(build_id(1, 1), told("success", -5, -5)))
        .await;
    let name = repository().facts.name;
    let start = async |since| {
        let started = fixture.store.start_backfill(name.clone(), at(since)).await;
        started.unwrap().since_time
    };
    assert_eq!(start(-900).await, at(-900));
    assert_eq!(start(-2000).await, at(-1000));
    let mut sync = super::fixture::synced(5, crate::model::InstallationState::Active, 5, &[9]);
    sync.backfill_since = Some(at(-2000));
    fixture.sync_as(sync).await;
    let since = query("SELECT since_time FROM backfill WHERE repository_id = 9");
    let since = number(&fixture.store, since).await;
    assert_eq!(since, at(-1000).as_microsecond());
    assert_ne!(REPOSITORY.0, 9);
}

#[tokio::test]
async fn payloads_go_before_the_deliveries_that_had_them() {
    let fixture = Fixture::open().await;
    for number in 0..450 {
        let mut report = delivered(&format!("{number}"), Report::default());
        report.delivery.as_mut().unwrap().receive_time = at(number / 3);
        fixture.record(report).await;
    }
    let packed = "delivery WHERE payload IS NOT NULL";
    let store = &fixture.store;
    assert_eq!(store.delete_old_payloads(at(-1)).await.unwrap(), 0);
    assert_eq!(store.delete_old_payloads(at(99)).await.unwrap(), 300);
    assert_eq!(count(&fixture, packed).await, 150);
    assert_eq!(store.delete_old_deliveries(at(79)).await.unwrap(), 240);
    assert_eq!(count(&fixture, "delivery").await, 210);
    // It is known for as long as its row is kept, and not longer.
    let again = fixture.record(delivered("240", Report::default())).await;
    assert!(again.delivery_known);
    let again = fixture.record(delivered("239", Report::default())).await;
    assert!(!again.delivery_known);
    // What comes behind that goes with its row.
    assert_eq!(store.delete_old_payloads(at(98)).await.unwrap(), 0);
    assert_eq!(store.delete_old_payloads(at(200)).await.unwrap(), 150);
}

#[tokio::test(flavor = "current_thread")]
async fn reports_are_taken_in_between_the_steps_of_deleting() {
    let fixture = Fixture::open().await;
    let mut old = of_build(build_id(0, 1), told("success", -100, -50));
    old.builds = (0..200)
        .map(|run| (build_id(run, 1), told("success", -100, -50)))
        .collect();
    fixture.record(old).await;
    fixture.take_news();
    let new = of_build(build_id(1000, 1), told("queued", 0, 0));
    let deleting = fixture.store.delete_old_builds(at(-50));
    let (deleted, recorded) = join(deleting, record(&fixture.store, new)).await;
    assert_eq!((deleted.unwrap(), recorded.unwrap().changed), (200, 1));
    let commits = fixture.take_news();
    let of_reports = commits.iter().map(|news| !news.changes.is_empty());
    let of_reports: Vec<bool> = of_reports.collect();
    assert!(of_reports.len() >= 6, "in steps: {of_reports:?}");
    assert_eq!(of_reports.iter().position(|is| *is), Some(1));
}

#[tokio::test(flavor = "current_thread")]
async fn the_jobs_of_what_is_reported_between_the_steps_go_too() {
    let fixture = keeping().await;
    // More than one step takes, one of which stays: it has another attempt.
    let failed = |run: i64| (build_id(run, 1), told("failure", -990, -800 + run));
    let mut old = of_build(build_id(50, 2), told("queued", -5, -5));
    old.builds.extend((0..200).map(failed));
    fixture.record(old).await;
    for (run, end) in [(1000, -900), (1001, -750)] {
        let mut late = of_build(build_id(run, 1), told("failure", -990, end));
        let span = (Some(-950), Some(end));
        late.jobs.push(job(run, build_id(run, 1), "failure", span));
        let deleting = fixture.store.delete_old_jobs(at(-500));
        let (deleted, recorded) = join(deleting, record(&fixture.store, late)).await;
        assert_eq!(recorded.unwrap().changed, 2);
        deleted.unwrap();
        assert_eq!(count(&fixture, "job").await, 0, "{run}");
        // For the next time.
        fixture
            .sabotage("UPDATE build SET jobs_deleted = FALSE; DELETE FROM retention_cursor")
            .await;
    }
}

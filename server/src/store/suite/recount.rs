//! A recount finds nothing in what the store wrote, and everything that was falsified.

use futures_util::{FutureExt as _, future::try_join_all};
use proptest::{
    collection::vec,
    strategy::{Strategy as _, ValueTree as _},
    test_runner::TestRunner,
};

use super::{
    super::{
        db::query,
        open::snapshot,
        recount::runs_after,
        rollup::{self, There},
    },
    fixture::{Fixture, record},
    rollups::fold,
    rows::number,
    scenario::{Place, scenario},
};
use crate::{
    fixtures::{at, build_id, facts, job},
    model::RepositoryId,
};

#[tokio::test]
async fn what_was_told_in_any_order_is_kept_as_a_recount_makes_it() {
    let fixture = Fixture::open().await;
    let mut runner = TestRunner::deterministic();
    let scenarios = vec(scenario(), 200)
        .new_tree(&mut runner)
        .unwrap()
        .current();
    let place = |first_run| Place {
        repository: RepositoryId(first_run),
        first_run,
    };
    let told = scenarios
        .iter()
        .zip((1..).map(|it| it * 4))
        .map(|(it, first)| {
            let reports = it.shuffled(place(first));
            try_join_all(reports.into_iter().map(|it| record(&fixture.store, it)))
        });
    // What is taken in meanwhile makes no difference.
    let telling = async {
        for told in told {
            told.await.unwrap();
        }
    };
    let (early, ()) = tokio::join!(fixture.store.recount(), telling);
    assert_eq!(early.unwrap().differences, []);
    let recounted = fixture.store.recount().await.unwrap();
    assert_eq!(recounted.differences, []);
    assert_eq!(recounted.difference_count, 0);
    assert!(recounted.builds > 256, "{}", recounted.builds);
    assert!(!recounted.days.is_empty());
}

#[tokio::test]
async fn whatever_was_falsified_is_found() {
    let fixture = Fixture::open().await;
    for (attempt, word) in [(1, "failure"), (3, "success")] {
        fixture
            .report_build(build_id(1, attempt), facts(word, 90))
            .await;
    }
    let span = (Some(10), Some(80));
    fixture
        .report_job(job(11, build_id(1, 3), "success", span))
        .await;
    assert_eq!(fixture.store.recount().await.unwrap().differences, []);
    for (series, falsify, mend) in FALSIFIED {
        fixture.sabotage(falsify).await;
        let recounted = fixture.store.recount().await.unwrap();
        let found: Vec<_> = recounted.differences.iter().map(|it| &it.series).collect();
        let (first, others) = found.split_first().expect("it is found");
        assert_eq!(*first, &format!("{series} of build 7-1-3"));
        // What builds add up to may be another sum now.
        assert!(
            others.iter().all(|it| it.starts_with("rollup")),
            "{others:?}"
        );
        let difference = &recounted.differences[0];
        assert_ne!(difference.kept, difference.recounted);
        assert_eq!(difference.day, Some("2026-03-02".parse().unwrap()));
        fixture.sabotage(mend).await;
    }
    assert_eq!(fixture.store.recount().await.unwrap().differences, []);
}

#[tokio::test]
async fn all_differences_are_counted_and_some_listed() {
    let fixture = Fixture::open().await;
    for run in 1..=300 {
        fixture
            .report_build(build_id(run, 1), facts("success", 9))
            .await;
    }
    fixture.sabotage("UPDATE build SET jobs_open = TRUE").await;
    let recounted = fixture.store.recount().await.unwrap();
    assert_eq!((recounted.builds, recounted.difference_count), (300, 300));
    assert_eq!(recounted.differences.len(), 20);
}

#[tokio::test]
async fn a_number_beside_a_rollup_is_found_wrong() {
    let fixture = Fixture::open().await;
    let facts = facts("success", 9);
    fixture.report_build(build_id(1, 1), facts).await;
    fold(&fixture.store).await;
    let falsify = "UPDATE rollup SET builds = builds + 1 WHERE kind = 1";
    fixture.sabotage(falsify).await;
    let differences = fixture.store.recount().await.unwrap().differences;
    assert_eq!(differences.len(), 1, "{differences:?}");
    assert_eq!(differences[0].series, "number of builds of rollup All");
    assert_eq!(
        (&*differences[0].kept, &*differences[0].recounted),
        ("2", "1")
    );
}

#[tokio::test]
async fn each_page_of_runs_is_found_by_the_index() {
    let fixture = Fixture::open_file().await;
    let plan = runs_after(Some(7)).explained();
    let plan = plan.fetch_all(&fixture.store.readers).await.unwrap();
    let steps = plan.iter().map(|row| row.try_get("detail").unwrap());
    let steps: Vec<String> = steps.collect();
    assert!(
        steps.iter().all(|step| step.starts_with("SEARCH")),
        "{steps:?}"
    );
}

#[tokio::test]
async fn the_rollups_of_a_day_are_found_by_the_index() {
    let fixture = Fixture::open_file().await;
    fixture
        .report_build(build_id(1, 1), facts("success", 9))
        .await;
    fold(&fixture.store).await;
    let mut snapshot = snapshot(fixture.database()).await.unwrap();
    let there = There::look(&mut snapshot).await.unwrap();
    let plan = there.of_day(1).explained();
    let plan = plan.fetch_all(&mut snapshot).await.unwrap();
    let first: &str = plan[0].try_get("detail").unwrap();
    assert!(
        first.ends_with("(kind=? AND repository_id=? AND day=?)"),
        "{first}"
    );
}

/// What is falsified of the third attempt, and mended again.
const FALSIFIED: [(&str, &str, &str); 7] = [
    (
        "end_time",
        "UPDATE build SET end_time = end_time + 1 WHERE run_attempt = 3",
        "UPDATE build SET end_time = end_time - 1 WHERE run_attempt = 3",
    ),
    (
        "jobs_start_time",
        "UPDATE build SET jobs_start_time = jobs_start_time + 1 WHERE run_attempt = 3",
        "UPDATE build SET jobs_start_time = jobs_start_time - 1 WHERE run_attempt = 3",
    ),
    (
        "jobs_end_time",
        "UPDATE build SET jobs_end_time = NULL WHERE run_attempt = 3",
        "UPDATE build SET jobs_end_time = end_time WHERE run_attempt = 3",
    ),
    (
        "jobs_open",
        "UPDATE build SET jobs_open = TRUE WHERE run_attempt = 3",
        "UPDATE build SET jobs_open = FALSE WHERE run_attempt = 3",
    ),
    (
        "latest_attempt",
        "UPDATE build SET latest_attempt = FALSE WHERE run_attempt = 3",
        "UPDATE build SET latest_attempt = TRUE WHERE run_attempt = 3",
    ),
    (
        "counted",
        "UPDATE build SET counted = FALSE WHERE run_attempt = 3",
        "UPDATE build SET counted = TRUE WHERE run_attempt = 3",
    ),
    (
        "missing_attempts",
        "UPDATE build SET missing_attempts = 0 WHERE run_attempt = 3",
        "UPDATE build SET missing_attempts = 1 WHERE run_attempt = 3",
    ),
];

/// What no version writes: of a repository that nobody knows, of a kind that there is not, and
/// of a day on which nothing ended.
const STRAY: [(&str, &str); 3] = [
    (
        "kind = 2, repository_id = 99",
        "Repository of repository 99",
    ),
    ("kind = 9", "of unknown kind 9 of repository 7"),
    ("day = day + 1", "Repository of repository 7"),
];

#[tokio::test]
async fn rollups_that_should_not_be_there_are_found() {
    for (falsified, series) in STRAY {
        let fixture = Fixture::open().await;
        fixture
            .report_build(build_id(1, 1), facts("success", 9))
            .await;
        fold(&fixture.store).await;
        let falsify = format!("UPDATE rollup SET {falsified} WHERE kind = 2");
        fixture.sabotage(falsify.leak()).await;
        let differences = fixture.store.recount().await.unwrap().differences;
        let found: Vec<_> = differences.iter().map(|it| &it.series[..]).collect();
        let stray = format!("rollup {series}");
        assert!(found.contains(&&stray[..]), "{found:?}");
        assert!(found.contains(&"rollup Repository of repository 7"));
        assert_eq!(found.len(), 2, "it is there, and not where it should be");
    }
}

#[tokio::test]
async fn what_waits_of_a_repository_that_is_gone_is_no_difference() {
    let fixture = Fixture::open().await;
    fixture
        .report_build(build_id(1, 1), facts("success", 9))
        .await;
    fold(&fixture.store).await;
    fixture
        .sabotage("UPDATE repository SET hidden_time = 1 WHERE id = 7")
        .await;
    assert_eq!(fixture.store.delete_hidden(at(1)).await.unwrap(), 1);
    let recounted = fixture.store.recount().await.unwrap();
    assert_eq!(recounted.differences, []);
    fold(&fixture.store).await;
    assert_eq!(fixture.store.recount().await.unwrap().differences, []);
}

#[tokio::test]
async fn a_fold_takes_the_oldest_and_leaves_the_rest_counted() {
    let fixture = Fixture::open().await;
    for run in 1..=5 {
        fixture
            .report_build(build_id(run, 1), facts("success", 9))
            .await;
    }
    let left = || query("SELECT COUNT(*) FROM rollup_change");
    let mut folded = Vec::new();
    for _ in 0..4 {
        let some = fixture
            .store
            .write(|connection, _| rollup::fold(connection, 2).boxed());
        folded.push((some.await.unwrap(), number(&fixture.store, left()).await));
        assert_eq!(fixture.store.recount().await.unwrap().difference_count, 0);
    }
    assert_eq!(folded, [(2, 3), (2, 1), (1, 0), (0, 0)]);
}

//! Rollups of what was there before them, and of what is gone.

use jiff::Timestamp;

use super::{
    super::{super::Slice, fixture::Fixture},
    Event, ROLLED_UP, Told, fold, happen, hide, repository_of,
};
use crate::{
    fixtures::{at, build_id, facts},
    model::{BuildId, Filter, Intervals, Pattern, Report},
};

#[tokio::test]
async fn builds_from_before_rollups_are_summed_up() {
    let fixture = Fixture::open().await;
    for run in 0..20 {
        let told = Told {
            update: run * 10_000 + 60,
            start: run * 10_000,
            word: "success",
            workflow: 0,
            branch: 0,
            actor: 0,
        };
        let id = BuildId {
            repository: repository_of(run).id,
            ..build_id(run, 1)
        };
        happen(&fixture, &Event::Told(id, told)).await;
    }
    fixture.sabotage("DELETE FROM rollup_change").await;
    let differences = fixture.store.recount().await.unwrap().differences;
    assert!(!differences.is_empty(), "the recount sees what is missing");
    fixture
        .sabotage("UPDATE rollup_state SET complete = FALSE")
        .await;
    let fixture = fixture.reopen().await;
    let recounted = fixture.store.recount().await.unwrap();
    assert_eq!(recounted.differences, []);
    assert_eq!(recounted.days.len(), 3);
    let week = Intervals {
        start: Some(Timestamp::UNIX_EPOCH),
        ends: vec![at(200_000)],
    };
    let all = Filter::default();
    let all = fixture.store.sum_up(&all, &week, None, ROLLED_UP).await;
    assert_eq!(all.unwrap()[&Slice::default()][0].builds, 20);
}

#[tokio::test]
async fn default_branches_from_before_their_rollups_are_summed_up() {
    let fixture = Fixture::open().await;
    for run in 0..6 {
        fixture
            .report_build(build_id(run, 1), facts("success", run * 90_000))
            .await;
    }
    fold(&fixture.store).await;
    fixture.sabotage("DELETE FROM rollup WHERE kind = 8").await;
    let differences = fixture.store.recount().await.unwrap().differences;
    assert!(!differences.is_empty(), "the recount sees what is missing");
    let forget = "UPDATE rollup_state SET complete = FALSE WHERE id = 2";
    fixture.sabotage(forget).await;
    let fixture = fixture.reopen().await;
    let differences = fixture.store.recount().await.unwrap().differences;
    assert_eq!(differences, []);
}

#[tokio::test]
async fn a_repository_that_was_deleted_is_not_counted_before_the_next_fold() {
    let fixture = Fixture::open().await;
    for run in 0..6 {
        let id = BuildId {
            repository: repository_of(run).id,
            ..build_id(run, 1)
        };
        let report = Report {
            repositories: vec![repository_of(run)],
            builds: vec![(id, facts("success", 60))],
            ..Report::default()
        };
        fixture.record(report).await;
    }
    fold(&fixture.store).await;
    hide(&fixture, 1).await;
    assert_eq!(fixture.store.delete_hidden(at(0)).await.unwrap(), 1);
    let all = Intervals {
        start: None,
        ends: vec![at(86_400)],
    };
    for filter in [
        Filter::default(),
        Filter {
            branches: vec![Pattern::new("main")],
            ..Filter::default()
        },
        Filter {
            default_branch_only: true,
            ..Filter::default()
        },
    ] {
        let asked = fixture.store.sum_up(&filter, &all, None, ROLLED_UP).await;
        assert_eq!(asked.unwrap()[&Slice::default()][0].builds, 4, "{filter:?}");
    }
}

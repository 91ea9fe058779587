//! Deleting what has been hidden for long: all of it, and nothing else.

use sqlx::QueryBuilder;

use super::{
    super::Db,
    fixture::{Fixture, synced},
};
use crate::{
    Clock,
    fixtures::{REPOSITORY, at, build_id, facts, job, repository},
    model::{BuildId, Delivery, InstallationState, Report, Repository, RepositoryId},
};

const TABLES: [&str; 8] = [
    "repository",
    "workflow",
    "build",
    "job",
    "backfill",
    "installation_repository",
    "missed_delivery",
    "early_jobs_complete",
];

/// How many rows there are in each table, and how many payloads.
async fn rows(fixture: &Fixture) -> Vec<(&'static str, i64)> {
    let mut rows = Vec::new();
    let payloads = ("payloads", "delivery WHERE payload IS NOT NULL");
    let tables = TABLES.map(|table| (table, table));
    for (name, from) in tables.into_iter().chain([payloads]) {
        let mut query = QueryBuilder::<Db>::new("SELECT COUNT(*) FROM ");
        query.push(from);
        let count = query.build_query_scalar().fetch_one(&fixture.store.readers);
        rows.push((name, count.await.unwrap()));
    }
    rows
}

/// Some of everything that may be known of a repository.
async fn fill(fixture: &Fixture, id: i64, builds: i64) {
    let of = |run| BuildId {
        repository: RepositoryId(id),
        ..build_id(run, 1)
    };
    fixture
        .record(Report {
            repositories: vec![Repository {
                id: RepositoryId(id),
                ..repository()
            }],
            builds: (1..=builds)
                .map(|run| (of(run), facts("failure", 1)))
                .collect(),
            jobs: vec![
                job(11, of(1), "failure", (Some(1), Some(2))),
                job(12, of(9000), "queued", (None, None)),
            ],
            complete_builds: vec![of(9001)],
            delivery: Some(Delivery {
                guid: format!("guid of {id}"),
                event: "workflow_run".to_owned(),
                action: String::new(),
                receive_time: at(1),
                payload: "{}".into(),
                problem: String::new(),
            }),
            ..Report::default()
        })
        .await;
    let mut sync = synced(id * 10, InstallationState::Active, 5, &[id]);
    sync.backfill_since = Some(at(-1000));
    fixture.sync_as(sync).await;
}

async fn delete(fixture: &Fixture, since: i64) -> usize {
    fixture.store.delete_hidden(at(since)).await.unwrap()
}

#[tokio::test]
async fn all_of_a_repository_that_was_hidden_long_ago_is_deleted() {
    let fixture = Fixture::open().await;
    fill(&fixture, REPOSITORY.0, 450).await;
    fill(&fixture, 8, 2).await;
    fixture.sync(80, 6, &[8]).await;
    let before = rows(&fixture).await;
    assert!(
        before
            .iter()
            .all(|(name, n)| *n > 1 || *name == "missed_delivery")
    );

    assert_eq!(delete(&fixture, 1000).await, 0, "nothing is hidden");
    assert_eq!(rows(&fixture).await, before);
    for installation in [5, 10 * REPOSITORY.0] {
        fixture.remove(installation, 100, &[REPOSITORY.0]).await;
    }
    assert_eq!(delete(&fixture, -1).await, 0, "not for long enough");
    assert_eq!(rows(&fixture).await, before);

    assert_eq!(delete(&fixture, 0).await, 1);
    let left = rows(&fixture).await;
    let expected = [1, 1, 2, 2, 1, 2, 0, 1, 1];
    assert_eq!(left.iter().map(|(_, n)| *n).collect::<Vec<_>>(), expected);
    let kept: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM delivery")
        .fetch_one(&fixture.store.readers)
        .await
        .unwrap();
    assert_eq!(kept, 2, "that deliveries came is kept");
}

#[tokio::test]
async fn an_uninstalled_installation_goes_with_the_last_it_saw() {
    let fixture = Fixture::open().await;
    fixture.sync(5, 10, &[7, 8]).await;
    fixture.sync(6, 10, &[8]).await;
    let deleted = synced(5, InstallationState::Deleted, 20, &[]);
    fixture.sync_as(deleted).await;
    let installations = async || {
        let listed = fixture.store.installations().await.unwrap();
        let ids = listed.iter().map(|it| it.installation.id.0);
        ids.collect::<Vec<_>>()
    };
    assert_eq!(delete(&fixture, -1).await, 0);
    assert_eq!(installations().await, [5, 6]);
    // What is hidden goes by the clock, which stands at 0.
    assert_eq!(delete(&fixture, 19).await, 1);
    assert_eq!(installations().await, [5, 6], "not for long enough");
    assert_eq!(delete(&fixture, 20).await, 0);
    assert_eq!(installations().await, [6]);
    let seen = fixture.store.installations().await.unwrap();
    assert_eq!(seen[0].repository_count, 1, "8 is still seen");
}

#[tokio::test]
async fn the_background_task_deletes_until_the_end() {
    let fixture = Fixture::open().await;
    fill(&fixture, REPOSITORY.0, 3).await;
    for installation in [5, 10 * REPOSITORY.0] {
        fixture.remove(installation, 100, &[REPOSITORY.0]).await;
    }
    let live = crate::live::Live::new();
    let after = std::time::Duration::from_hours(1);
    let clock = Clock::new(|| at(3600));
    let task = crate::purge::run(fixture.store.clone(), live.clone(), clock, after);
    let task = tokio::spawn(task);
    // Each write waits for those before it.
    while rows(&fixture).await[0].1 > 0 {
        fixture.store.probe().await.unwrap();
    }
    live.stop();
    task.await.unwrap();
}

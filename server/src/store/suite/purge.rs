//! Deleting what has been hidden for long: all of it, and nothing else.

use super::{
    super::{
        LogRead, RepositoryQuery,
        db::query,
        purge::{REST, some_rest},
    },
    fixture::{Fixture, synced},
    rows::{fetch, number},
};
use crate::{
    Clock, Retention,
    fixtures::{REPOSITORY, at, build_id, facts, job, repository},
    model::{
        BuildId, Closing, Delivery, GapName, InstallationId, InstallationState, MissedDelivery,
        Report, Repository, RepositoryId,
    },
};

const TABLES: [&str; 10] = [
    "repository",
    "workflow",
    "build",
    "job",
    "job_shape",
    "build_shape",
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
        let mut query = query("SELECT COUNT(*) FROM ");
        query.push(from);
        rows.push((name, number(&fixture.store, query).await));
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
    let deleted = fixture.store.delete_hidden(at(since)).await.unwrap();
    let recounted = fixture.store.recount().await.unwrap();
    assert_eq!(recounted.differences, [], "what is gone is not counted");
    deleted
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
    let expected = [1, 1, 2, 2, 2, 2, 1, 2, 0, 1, 1];
    assert_eq!(left.iter().map(|(_, n)| *n).collect::<Vec<_>>(), expected);
    let kept = number(&fixture.store, query("SELECT COUNT(*) FROM delivery")).await;
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

/// A delivery of which no repository is reported.
fn telling(guid: &str, payload: String) -> Report {
    Report {
        delivery: Some(Delivery {
            guid: guid.to_owned(),
            event: "installation".to_owned(),
            action: "created".to_owned(),
            receive_time: at(1),
            payload: payload.into(),
            problem: String::new(),
        }),
        ..Report::default()
    }
}

#[tokio::test]
async fn what_was_told_of_an_uninstalled_installation_is_deleted() {
    let fixture = Fixture::open().await;
    fixture.sync(6, 10, &[8]).await;
    for number in 0..450 {
        let payload = format!(r#"{{"installation":{{"id":5}},"number":{number}}}"#);
        fixture.record(telling(&number.to_string(), payload)).await;
    }
    let others = [
        (
            "unknown",
            r#"{"repository":{"id":9},"installation":{"id":5}}"#,
        ),
        ("seen", r#"{"repository":{"id":8},"installation":{"id":5}}"#),
        ("other", r#"{"installation":{"id":6}}"#),
        ("nobody", "[]"),
    ];
    for (guid, payload) in others {
        fixture.record(telling(guid, payload.to_owned())).await;
    }
    let left = async || {
        let guids = "SELECT guid FROM delivery WHERE payload IS NOT NULL ORDER BY guid";
        let guids: Vec<(String,)> = fetch(&fixture.store, query(guids)).await;
        guids.into_iter().map(|(guid,)| guid).collect::<Vec<_>>()
    };
    fixture
        .sync_as(synced(5, InstallationState::Deleted, 20, &[]))
        .await;
    delete(&fixture, 19).await;
    assert_eq!(left().await.len(), 454, "not for long enough");
    delete(&fixture, 20).await;
    assert_eq!(left().await, ["nobody", "other", "seen"]);
    let kept = number(&fixture.store, query("SELECT COUNT(*) FROM delivery")).await;
    assert_eq!(kept, 454, "that deliveries came is kept");
}

#[tokio::test]
async fn a_late_report_brings_back_nothing_that_was_deleted() {
    let fixture = Fixture::open().await;
    let late = || Report {
        repositories: vec![repository()],
        ..Report::default()
    };
    fixture.record(late()).await;
    fixture
        .sync_as(synced(5, InstallationState::Deleted, 20, &[]))
        .await;
    assert_eq!(delete(&fixture, 20).await, 1);
    assert!(fixture.store.installations().await.unwrap().is_empty());
    fixture.record(late()).await;
    let query = RepositoryQuery {
        installation: None,
        names: &[],
    };
    let shown = fixture.store.repositories(query).await.unwrap();
    assert_eq!(shown, []);
    assert_eq!(delete(&fixture, 20).await, 1, "and it is deleted again");
}

#[tokio::test]
async fn what_was_given_up_is_forgotten_after_github_forgot_it() {
    let fixture = Fixture::open().await;
    let missed = ["open", "closed"].map(|guid| MissedDelivery {
        guid: guid.to_owned(),
        delivery_id: 1,
        event: "workflow_run".to_owned(),
        action: "completed".to_owned(),
        repository: REPOSITORY,
        installation: InstallationId(5),
        deliver_time: at(-10),
        problem: "timed out".to_owned(),
    });
    let store = &fixture.store;
    let read = LogRead {
        missed: missed.into(),
        ..LogRead::default()
    };
    store.record_missed(read).await.unwrap();
    let closed = vec![GapName::Delivery("closed".to_owned())];
    store.close_gaps(closed, Closing::Lost).await.unwrap();
    let left = async || {
        let guids = "SELECT guid FROM missed_delivery ORDER BY guid";
        let guids: Vec<(String,)> = fetch(store, query(guids)).await;
        guids.into_iter().map(|(guid,)| guid).collect::<Vec<_>>()
    };
    store.delete_given_up(at(-1)).await.unwrap();
    assert_eq!(left().await, ["closed", "open"], "not for long enough");
    let live = crate::live::Live::new();
    let clock = Clock::new(|| at(8 * 24 * 3600));
    let task = tokio::spawn(crate::purge::run(
        store.clone(),
        live.clone(),
        clock,
        Retention::default(),
    ));
    let deleted = async {
        while left().await.len() > 1 {
            store.probe().await.unwrap();
        }
    };
    let patience = std::time::Duration::from_secs(20);
    let deleted = tokio::time::timeout(patience, deleted).await;
    deleted.expect("the task deletes it");
    assert_eq!(left().await, ["open"]);
    live.stop();
    task.await.unwrap();
}

#[tokio::test]
async fn the_background_task_deletes_until_the_end() {
    let fixture = Fixture::open().await;
    fill(&fixture, REPOSITORY.0, 3).await;
    for installation in [5, 10 * REPOSITORY.0] {
        fixture.remove(installation, 100, &[REPOSITORY.0]).await;
    }
    let live = crate::live::Live::new();
    let retention = Retention {
        uninstalled: Some(std::time::Duration::from_hours(1)),
        ..Retention::default()
    };
    let clock = Clock::new(|| at(3600));
    let task = crate::purge::run(fixture.store.clone(), live.clone(), clock, retention);
    let task = tokio::spawn(task);
    // Each write waits for those before it.
    while rows(&fixture).await[0].1 > 0 {
        fixture.store.probe().await.unwrap();
    }
    live.stop();
    task.await.unwrap();
}

#[tokio::test]
async fn what_belongs_to_a_repository_is_found_by_an_index() {
    let fixture = Fixture::open_file().await;
    for (table, key) in REST {
        let plan = some_rest(table, key, 7, 100).explained();
        let plan = plan.fetch_all(&fixture.store.readers).await.unwrap();
        let steps = plan.iter().map(|row| row.try_get("detail").unwrap());
        let steps: Vec<String> = steps.collect();
        assert!(
            steps.iter().all(|step| !step.starts_with("SCAN")),
            "{table}: {steps:?}"
        );
    }
}

/// How many rows of jobs, of marks of early runs, and of early runs there are.
async fn early(fixture: &Fixture) -> [i64; 3] {
    let mut counts = [0; 3];
    for (count, table) in counts
        .iter_mut()
        .zip(["job", "early_jobs_complete", "early_run"])
    {
        let mut query = query("SELECT COUNT(*) FROM ");
        query.push(table);
        *count = number(&fixture.store, query).await;
    }
    counts
}

#[tokio::test]
async fn what_came_of_a_run_without_builds_goes_by_its_age() {
    let fixture = Fixture::open().await;
    for run in [1, 2] {
        fixture
            .record(Report {
                repositories: vec![repository()],
                jobs: vec![job(run, build_id(run, 1), "success", (Some(1), Some(2)))],
                complete_builds: vec![build_id(run, 1)],
                ..Report::default()
            })
            .await;
    }
    fixture
        .report_build(build_id(1, 1), facts("success", 9))
        .await;
    fixture
        .report_build(build_id(3, 1), facts("success", 9))
        .await;
    fixture
        .report_job(job(3, build_id(3, 1), "success", (Some(1), Some(2))))
        .await;
    let before = early(&fixture).await;
    assert_eq!(before[2], 2, "of the third, its build came first");
    let store = &fixture.store;
    assert_eq!(store.delete_without_builds(at(-1)).await.unwrap(), 0);
    assert_eq!(early(&fixture).await, before);
    assert_eq!(store.delete_without_builds(at(0)).await.unwrap(), 1);
    assert_eq!(early(&fixture).await, [2, before[1] - 1, 0]);
    for run in [1, 3] {
        assert_eq!(
            store.jobs(build_id(run, 1)).await.unwrap().len(),
            1,
            "{run}"
        );
    }
    assert_eq!(store.delete_without_builds(at(0)).await.unwrap(), 0);
}

#[tokio::test]
async fn a_closed_attempt_of_no_build_goes_too() {
    let fixture = Fixture::open().await;
    let store = &fixture.store;
    fixture
        .report_build(build_id(1, 3), facts("success", 9))
        .await;
    let closed = [build_id(1, 1), build_id(2, 1)].map(GapName::Attempt);
    store
        .close_gaps(closed.to_vec(), Closing::Lost)
        .await
        .unwrap();
    assert_eq!(store.delete_without_builds(at(0)).await.unwrap(), 1);
    let left = query("SELECT run_id, run_attempt FROM closed_attempt");
    let left: Vec<(i64, i32)> = fetch(store, left).await;
    assert_eq!(left, [(1, 1)]);
}

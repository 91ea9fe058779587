//! Migrations: over a database that an earlier version has filled, by several servers at once, and
//! refused where another version was.

use std::sync::Arc;

use futures_util::future::join_all;
use sqlx::{Executor as _, migrate::Migrator};
use tempfile::TempDir;

use super::{
    super::{
        BuildPage, GapQuery, Migrated, RepositoryQuery, Schema, Store,
        db::{Connection, query},
        migrate,
        open::migrations,
    },
    fixture, rows,
};
use crate::{
    Clock, Database, Error, Retention,
    fixtures::{at, build_id},
    model::{CommitPrefix, Filter, GapKind, InstallationId, InstallationState, Missing},
};

/// What any version wrote: two repositories, of which one was lost; a run without its first
/// attempt; and a build that seems to have ended before its second job did.
const FILL: [&str; 4] = [
    "INSERT INTO installation (id, account, state) VALUES (5, 'acme', 'active')",
    "INSERT INTO repository (id, name, installation_id, default_branch, archived, private,
                             update_time)
     VALUES (7, 'acme/api', 5, 'main', FALSE, FALSE, 1000000),
            (8, 'acme/web', 0, 'main', FALSE, FALSE, 1000000)",
    "INSERT INTO build (run_id, run_attempt, repository_id, workflow_id, workflow, workflow_path,
                        run_number, status, conclusion, event, branch, head_repository, commit_sha,
                        commit_title, commit_author, title, actor, triggering_actor,
                        pull_requests, url, create_time, start_time, update_time,
                        first_completed_time, jobs_start_time, jobs_end_time, end_time,
                        latest_attempt, counted)
     SELECT 1, it.attempt, 7, 3, 'CI', 'ci.yml', 1, 'completed', 'failure', 'push', 'main', '',
            '4f8fdcc1c3a5a2a1fdf4b5b0f2f3c5e9d1a7b6c8', 'Fix', 'Ada', 'Fix it', 'eve', 'ada',
            CASE it.attempt WHEN 3 THEN ',7,1205,' ELSE ',1205,' END,
            'https://example.org/1', 0, 0, 60000000, 60000000, NULL,
            CASE it.attempt WHEN 3 THEN 20000000 END,
            CASE it.attempt WHEN 3 THEN 20000000 ELSE 60000000 END,
            it.attempt = 3, it.attempt = 3
     FROM (SELECT 2 AS attempt UNION SELECT 3) AS it",
    "INSERT INTO job (run_id, run_attempt, repository_id, id, name, status, conclusion, labels,
                      runner, url, create_time, start_time, end_time, steps)
     VALUES (1, 3, 7, 11, 'one', 'completed', 'success', '[\"arm\"]', 'r', 'u', 1, NULL, 20000000,
             '[[1,\"Test\",\"completed\",\"failure\",2,null]]'),
            (1, 3, 7, 12, 'two', 'in_progress', NULL, '[]', '', '', 0, NULL, NULL, '[]')",
];

/// What a version wrote beside it, by the number of its schema: what a migration would have
/// made of rows that were there, and what is new.
const FILL_SINCE: [(usize, &str); 6] = [
    (
        2,
        "INSERT INTO installation_repository (installation_id, repository_id, present, update_time)
         VALUES (5, 7, TRUE, 1000000)",
    ),
    (
        2,
        "UPDATE build SET jobs_open = TRUE, end_time = 60000000, missing_attempts = 1
         WHERE run_attempt = 3",
    ),
    (2, "INSERT INTO delivery_cursor VALUES (1, 1000000)"),
    (3, "UPDATE repository SET return_time = 500000 WHERE id = 7"),
    (4, "INSERT INTO change VALUES (1, 'another', 1, 3, 7)"),
    (
        10,
        "INSERT INTO build_pull_request (number, start_time, run_id, run_attempt, repository_id)
         VALUES (7, 0, 1, 3, 7), (1205, 0, 1, 3, 7), (1205, 0, 1, 2, 7)",
    ),
];

async fn run_first(connection: &mut Connection, count: usize) {
    let first = migrations().iter().take(count).cloned().collect();
    let first = Migrator::with_migrations(first);
    match connection {
        Connection::Sqlite(connection) => first.run(connection).await,
        Connection::Postgres(connection) => first.run(connection).await,
        Connection::File(_) => unreachable!("it only writes"),
    }
    .unwrap();
}

/// A database as the version with the schema of a number left it.
async fn older(schema: usize) -> (Database, Option<TempDir>) {
    let (database, folder) = fixture::empty().await;
    let mut old = fixture::connect(&database).await;
    run_first(&mut old, schema).await;
    let since = FILL_SINCE.iter().filter(|(since, _)| *since <= schema);
    for sql in FILL.iter().chain(since.map(|(_, sql)| sql)) {
        query(sql).execute(&mut old).await.unwrap();
    }
    query(
        "INSERT INTO delivery (guid, event, action, receive_time, repository_id, installation_id,
                               problem, receive_count, conflict_count, payload_hash)
         VALUES ('a', 'workflow_run', '', 1000000, 7, 5, '', 1, 0, $1)",
    )
    .bind(vec![0_u8])
    .execute(&mut old)
    .await
    .unwrap();
    old.close().await.unwrap();
    (database, folder)
}

async fn seen(store: &Store, installation: Option<InstallationId>) -> Vec<i64> {
    let query = RepositoryQuery {
        installation,
        names: &[],
    };
    let seen = store.repositories(query).await.unwrap();
    seen.iter().map(|it| it.id.0).collect()
}

/// The number of the schema of a database.
async fn schema_of(database: &Database) -> i64 {
    let mut connection = fixture::connect(database).await;
    let newest = query("SELECT MAX(version) FROM _sqlx_migrations");
    let row = newest.fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    row.try_get(0).unwrap()
}

fn latest() -> i64 {
    migrations().iter().map(|it| it.version).max().unwrap()
}

#[tokio::test]
async fn what_every_version_wrote_can_be_backed_up_as_it_is() {
    for schema in 1..=migrations().iter().count() {
        let (database, folder) = older(schema).await;
        let clock = Clock::new(|| at(0));
        let kept = Retention::default();
        let store = Store::open(&database, Schema::AsItIs, clock, kept, Arc::new(|_| ())).await;
        let store = store.unwrap();
        if let Some(folder) = &folder {
            let copy = folder.path().join("copy.db");
            store.backup(&copy).await.unwrap();
            let copy = Database::Sqlite(copy);
            assert_eq!(schema_of(&copy).await, schema_of(&database).await);
        }
        store.close().await;
    }
}

#[tokio::test]
async fn what_every_version_wrote_is_understood() {
    for schema in 1..=migrations().iter().count() {
        let (database, _folder) = older(schema).await;
        let store = fixture::open_on(&database, |_| ()).await.unwrap();
        assert_eq!(schema_of(&database).await, latest());
        assert_eq!(seen(&store, Some(InstallationId(5))).await, [7]);
        assert_eq!(seen(&store, None).await, [7, 8], "nobody knows who sees 8");
        let lost = fixture::synced(5, InstallationState::Active, 0, &[]);
        store.sync_installation(lost).await.unwrap();
        assert_eq!(seen(&store, None).await, [8], "its link with 5 was known");
        let back = fixture::synced(5, InstallationState::Active, 1, &[7]);
        store.sync_installation(back).await.unwrap();
        assert_builds_are_kept(&store, schema).await;
        store.close().await;
    }
}

async fn assert_builds_are_kept(store: &Store, schema: usize) {
    let latest = store.build(build_id(1, 3)).await.unwrap().unwrap().record;
    let end = latest.end_time().map(jiff::Timestamp::as_microsecond);
    let kept = (end, latest.missing_attempts);
    assert_eq!(kept, (Some(60_000_000), 1), "from schema {schema}");
    let stored = query("SELECT end_time FROM build WHERE run_attempt = 3");
    let stored: Vec<(Option<i64>,)> = rows::fetch(store, stored).await;
    assert_eq!(stored, [(end,)]);
    let of_commit = Filter {
        commits: CommitPrefix::parse("4f8fdcc").into_iter().collect(),
        ..Filter::default()
    };
    let of_pull_request = |number| Filter {
        pull_requests: vec![number],
        ..Filter::default()
    };
    for (filter, count) in [
        (of_commit, 2),
        (of_pull_request(7), 1),
        (of_pull_request(1205), 2),
        (of_pull_request(12), 0),
    ] {
        let page = BuildPage {
            filter: &filter,
            after: None,
            size: 10,
        };
        let found = store.builds(page).await.unwrap().builds;
        assert_eq!(found.len(), count, "{filter:?}");
    }
    let recounted = store.recount().await.unwrap().differences;
    assert!(
        recounted
            .iter()
            .all(|it| !it.series.contains("pull request"))
    );
    let jobs = store.jobs(build_id(1, 3)).await.unwrap();
    assert_eq!(jobs.len(), 2);
    let job = &jobs[1].facts;
    assert_eq!(
        (&job.labels[0][..], &job.runner[..], &job.url[..]),
        ("arm", "r", "u")
    );
    assert_eq!(job.failed_step().map(|step| &step.name[..]), Some("Test"));
    let facts = &latest.facts;
    let texts = [
        &facts.workflow_path,
        &facts.commit_sha,
        &facts.commit_title,
        &facts.commit_author,
        &facts.title,
        &facts.actor,
        &facts.url,
    ];
    let expected = [
        "ci.yml",
        "4f8fdcc1c3a5a2a1fdf4b5b0f2f3c5e9d1a7b6c8",
        "Fix",
        "Ada",
        "Fix it",
        "eve",
        "https://example.org/1",
    ];
    assert_eq!(texts, expected);
    let asked = GapQuery {
        kind: GapKind::Attempt,
        repositories: Vec::new(),
        installations: Vec::new(),
        limit: 10,
    };
    let gaps = store.gaps(asked, at(0)).await.unwrap();
    let missing = Missing::Build(GapKind::Attempt, build_id(1, 1));
    assert_eq!(gaps[0].missing, missing);
    assert_eq!(gaps.len(), 1);
    assert!(store.last_delivery_time().await.unwrap().is_some());
}

#[tokio::test]
async fn it_is_told_from_what_to_what() {
    let (database, _folder) = older(2).await;
    let to = latest();
    let migrated = migrate(&database).await.unwrap();
    assert_eq!(migrated, Migrated { from: 2, to });
    let again = migrate(&database).await.unwrap();
    assert_eq!(again, Migrated { from: to, to });
    let (database, _folder) = fixture::empty().await;
    let made = migrate(&database).await.unwrap();
    assert_eq!(made, Migrated { from: 0, to });
}

/// Why a database is not opened.
async fn refusal(database: &Database, schema: Schema) -> String {
    let clock = Clock::new(|| at(0));
    let retention = Retention::default();
    let on_commit = std::sync::Arc::new(|_| ());
    let opened = Store::open(database, schema, clock, retention, on_commit);
    match opened.await {
        Err(Error::Config(problem)) => problem,
        Err(other) => panic!("not refused, but {other:?}"),
        Ok(_) => panic!("it was opened"),
    }
}

async fn run(database: &Database, sql: &'static str) {
    let mut connection = fixture::connect(database).await;
    query(sql).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let (database, _folder) = older(migrations().iter().count()).await;
    run(
        &database,
        "INSERT INTO _sqlx_migrations
         SELECT 9000, 'later', installed_on, success, checksum, 0
         FROM _sqlx_migrations WHERE version = 1",
    )
    .await;
    for schema in [Schema::Migrate, Schema::Require] {
        let problem = refusal(&database, schema).await;
        let both = format!(
            "to schema 9000, and this one, {},",
            env!("CARGO_PKG_VERSION")
        );
        let both = both + &format!(" knows schemas up to {}", latest());
        assert!(problem.contains(&both), "{problem}");
        assert!(problem.contains("run the newer Lampboard"), "{problem}");
    }
    assert!(migrate(&database).await.is_err());
    assert_eq!(schema_of(&database).await, 9000, "all as it was");
}

#[tokio::test]
async fn a_migration_that_is_not_ours_is_refused() {
    // Older than ours, so that there would be something to do.
    let (database, _folder) = older(2).await;
    run(
        &database,
        "UPDATE _sqlx_migrations SET checksum = (SELECT checksum FROM _sqlx_migrations
                                                 WHERE version = 1) WHERE version = 2",
    )
    .await;
    let problem = refusal(&database, Schema::Migrate).await;
    assert!(problem.contains("migration 2 is not the one"), "{problem}");
    assert!(problem.contains("nothing was changed"), "{problem}");
    assert_eq!(schema_of(&database).await, 2);
}

#[tokio::test]
async fn who_may_change_nothing_says_what_to_run() {
    let (database, _folder) = older(2).await;
    let problem = refusal(&database, Schema::Require).await;
    assert!(problem.contains("it has schema 2"), "{problem}");
    assert!(problem.contains("`lampboard migrate`"), "{problem}");
    assert_eq!(schema_of(&database).await, 2);
}

#[tokio::test]
async fn servers_that_start_together_migrate_once() {
    for schema in 0..3 {
        let (database, _folder) = match schema {
            0 => fixture::empty().await,
            _ => older(schema).await,
        };
        if matches!(database, Database::Sqlite(_)) {
            // No second server gets as far as that.
            return;
        }
        let starting = (0..4).map(|_| fixture::open_on(&database, |_| ()));
        for store in join_all(starting).await {
            let store = store.unwrap();
            store.probe().await.unwrap();
            store.close().await;
        }
        assert_eq!(schema_of(&database).await, latest());
    }
}

#[tokio::test]
async fn a_table_that_is_held_is_not_waited_for_without_end() {
    let (database, _folder) = older(2).await;
    let mut reader = fixture::connect(&database).await;
    let Connection::Postgres(session) = &mut reader else {
        // Who reads a file is in nobody's way.
        return;
    };
    let hold = "BEGIN; LOCK TABLE repository IN ACCESS SHARE MODE";
    session.execute(hold).await.unwrap();
    let Err(Error::Config(problem)) = migrate(&database).await else {
        panic!("nobody could change the table");
    };
    assert!(problem.contains("another program holds"), "{problem}");
    assert_eq!(schema_of(&database).await, 2);
    reader.end("COMMIT").await.unwrap();
    migrate(&database).await.unwrap();
    assert_eq!(schema_of(&database).await, latest());
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing() {
    let (database, _folder) = older(1).await;
    // In the way of a table that comes late in the second migration.
    run(&database, "CREATE TABLE backfill (id BIGINT PRIMARY KEY)").await;
    let failed = migrate(&database).await;
    let Err(Error::Migration(problem)) = failed else {
        panic!("it can not be done, but {failed:?}");
    };
    assert!(problem.to_string().contains("migration 2"), "{problem}");
    assert_eq!(schema_of(&database).await, 1);
    run(&database, "DROP TABLE backfill").await;
    migrate(&database).await.unwrap();
    assert_eq!(schema_of(&database).await, latest());
}

//! After a file failed, and it works again, so does the store.

use futures_util::FutureExt as _;
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use super::{
    super::db::query,
    fixture::{Fixture, of_build, open, record},
};
use crate::{
    Error,
    fixtures::{build_id, facts},
    model::Report,
};

/// A failure as a full disk makes one: `SQLite` rolls back by itself, and the
/// transaction is gone when it is to be ended.
const BREAK: &str = "CREATE TRIGGER broken BEFORE INSERT ON build
     BEGIN SELECT RAISE(ROLLBACK, 'the disk is full'); END";
const BREAK_PROBES: &str = "CREATE TRIGGER broken_probe BEFORE INSERT ON write_probe
     BEGIN SELECT RAISE(ROLLBACK, 'the disk is full'); END";

fn new_run(run: i64) -> Report {
    of_build(build_id(run, 1), facts("queued", 1))
}

async fn intruder(fixture: &Fixture) -> SqliteConnection {
    let path = fixture.folder().join("lampboard.db");
    let options = SqliteConnectOptions::new().filename(path);
    SqliteConnection::connect_with(&options).await.unwrap()
}

#[tokio::test]
async fn a_store_that_failed_works_again_once_the_database_does() {
    let fixture = Fixture::open_file().await;
    fixture.record(new_run(1)).await;
    let mut intruder = intruder(&fixture).await;
    sqlx::query(BREAK).execute(&mut intruder).await.unwrap();

    let failed = record(&fixture.store, new_run(2)).await;
    assert!(matches!(failed, Err(Error::Database(_))), "{failed:?}");
    sqlx::query("DROP TRIGGER broken")
        .execute(&mut intruder)
        .await
        .unwrap();

    fixture.record(new_run(3)).await;
    fixture.store.probe().await.unwrap();
    assert!(fixture.store.build(build_id(2, 1)).await.unwrap().is_none());
    fixture.build(build_id(1, 1)).await;
    fixture.build(build_id(3, 1)).await;
}

#[tokio::test]
async fn a_failure_is_told_to_all_who_waited_together() {
    let fixture = Fixture::open_file().await;
    let mut intruder = intruder(&fixture).await;
    sqlx::query(BREAK).execute(&mut intruder).await.unwrap();
    let sent = (1..=40).map(|run| record(&fixture.store, new_run(run)));
    for outcome in futures_util::future::join_all(sent).await {
        assert!(
            matches!(outcome, Err(Error::Database(_) | Error::Unwritable)),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn the_probe_knows_whether_a_transaction_works() {
    let fixture = Fixture::open_file().await;
    let mut intruder = intruder(&fixture).await;
    sqlx::query(BREAK_PROBES)
        .execute(&mut intruder)
        .await
        .unwrap();
    assert!(fixture.store.probe().await.is_err());
    sqlx::query("DROP TRIGGER broken_probe")
        .execute(&mut intruder)
        .await
        .unwrap();
    fixture.store.probe().await.unwrap();
}

#[tokio::test]
async fn nothing_is_taken_in_for_a_file_that_is_gone() {
    let fixture = Fixture::open_file().await;
    fixture.record(new_run(1)).await;
    std::fs::remove_file(fixture.folder().join("lampboard.db")).unwrap();
    assert!(record(&fixture.store, new_run(2)).await.is_err());
    assert!(fixture.store.probe().await.is_err());
    assert!(
        !fixture.folder().join("lampboard.db").exists(),
        "no new and empty board is made"
    );
}

#[tokio::test]
async fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let fixture = Fixture::open_file().await;
    fixture.record(new_run(1)).await;
    for file in std::fs::read_dir(fixture.folder()).unwrap() {
        let file = file.unwrap();
        let name = file.file_name();
        if name.to_string_lossy().starts_with("lampboard.db") {
            let mode = file.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{name:?} has {mode:o}");
        }
    }
}

#[tokio::test]
async fn after_an_orderly_end_the_file_alone_holds_everything() {
    let fixture = Fixture::open_file().await;
    fixture.record(new_run(1)).await;
    // So that somebody who reads is there.
    fixture.build(build_id(1, 1)).await;
    fixture.store.close().await;
    let files = std::fs::read_dir(fixture.folder()).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let beside: Vec<_> = names.filter(|name| name.contains('-')).collect();
    assert_eq!(beside, [""; 0], "what belongs to the file");
    let elsewhere = tempfile::tempdir().unwrap();
    let [from, to] = [fixture.folder(), elsewhere.path()].map(|it| it.join("lampboard.db"));
    std::fs::copy(from, to).unwrap();
    let copy = open(elsewhere.path(), |_| ()).await.unwrap();
    assert!(copy.build(build_id(1, 1)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_file_that_can_not_be_written_any_more_is_read_and_taken_up_again() {
    let fixture = Fixture::open_file().await;
    fixture.record(new_run(1)).await;
    // As if its disk had turned read-only: of this connection, until it is opened anew.
    let turned = fixture.store.write(|connection, _| {
        async move {
            let turn = query("PRAGMA query_only = ON");
            turn.execute(connection).await?;
            Ok(())
        }
        .boxed()
    });
    turned.await.unwrap();
    let refused = record(&fixture.store, new_run(2)).await;
    assert!(matches!(refused, Err(Error::ReadOnly)), "{refused:?}");
    fixture.build(build_id(1, 1)).await;
    fixture.record(new_run(3)).await;
    assert!(fixture.store.build(build_id(2, 1)).await.unwrap().is_none());
}

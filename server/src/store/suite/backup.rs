//! A copy of a file that is written meanwhile.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use futures_util::future::join_all;
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use super::fixture::{Fixture, of_build, open, record};
use crate::{
    fixtures::{build_id, facts},
    model::Filter,
    store::BackupError,
};

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.collect()
}

#[tokio::test]
async fn a_copy_is_whole_and_its_owners_alone() {
    let fixture = Fixture::open_file().await;
    let run = |run| {
        record(
            &fixture.store,
            of_build(build_id(run, 1), facts("success", 9)),
        )
    };
    for recorded in join_all((1..=50).map(run)).await {
        recorded.unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("lampboard.db");
    let (size, later) = tokio::join!(fixture.store.backup(&copy), join_all((51..=100).map(run)));
    assert!(later.iter().all(Result::is_ok), "nobody was held up");
    let metadata = fs::metadata(&copy).unwrap();
    assert_eq!(size.unwrap(), metadata.len());
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    assert_eq!(names(folder.path()), ["lampboard.db"]);

    let options = SqliteConnectOptions::new().filename(&copy);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    for (pragma, value) in [("auto_vacuum", "2"), ("integrity_check", "ok")] {
        let found = "SELECT CAST(auto_vacuum AS TEXT) FROM pragma_auto_vacuum
                     WHERE $1 = 'auto_vacuum'
                     UNION SELECT integrity_check FROM pragma_integrity_check
                     WHERE $1 = 'integrity_check'";
        let found = sqlx::query_scalar(found).bind(pragma);
        let found: String = found.fetch_one(&mut connection).await.unwrap();
        assert_eq!(found, value, "{pragma}");
    }
    connection.close().await.unwrap();
    let restored = open(folder.path(), |_| ()).await.unwrap();
    for run in 1..=50 {
        assert!(restored.build(build_id(run, 1)).await.unwrap().is_some());
    }
    assert!(restored.recount().await.unwrap().differences.is_empty());
    assert_eq!(fixture.list(&Filter::default()).await.len(), 100);
}

#[tokio::test]
async fn what_is_there_is_not_overwritten() {
    let fixture = Fixture::open_file().await;
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    fs::write(&copy, "precious").unwrap();
    let refused = fixture.store.backup(&copy).await;
    assert!(
        matches!(refused, Err(BackupError::Exists(_))),
        "{refused:?}"
    );
    assert_eq!(fs::read(&copy).unwrap(), b"precious");
    assert_eq!(names(folder.path()), ["copy.db"]);
}

#[tokio::test]
async fn what_goes_wrong_leaves_nothing() {
    let fixture = Fixture::open_file().await;
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere/copy.db");
    let refused = fixture.store.backup(&nowhere).await;
    let Err(problem @ BackupError::File { .. }) = refused else {
        panic!("there is no such folder: {refused:?}");
    };
    assert!(problem.to_string().contains("No such file"), "{problem}");
    // The database is gone, after the place for the copy was made.
    fs::remove_file(fixture.folder().join("lampboard.db")).unwrap();
    let refused = fixture.store.backup(&folder.path().join("copy.db")).await;
    assert!(
        matches!(refused, Err(BackupError::Database { .. })),
        "{refused:?}"
    );
    assert_eq!(names(folder.path()), [""; 0]);
}

//! A backup that is made under load, and what is restored from it.

use std::{collections::HashSet, fs, path::Path};

use crate::support::{
    database::{self, Database},
    dump,
    lampboard::{Lampboard, Mode},
    load::Load,
    process,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_before_a_backup_is_in_it() {
    let mut lampboard = Lampboard::start(Mode::OneProcess).await;
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy");
    let load = Load::begin(&lampboard.hook());
    load.answers(400).await;
    let before = load.answered();
    let restored = match lampboard.database_url().map(str::to_owned) {
        None => {
            backup(&lampboard, &copy).await;
            Lampboard::restore(&copy).await
        }
        Some(url) => {
            dump::dump(&url, &copy).await;
            restore(&copy).await
        }
    };
    load.answers(100).await;
    load.end().await;

    assert_kept(&restored, &before).await;
    assert_recounts(&restored).await;
    // It goes on from there: what came since is taken in as if it had been missed.
    let load = Load::begin(&restored.hook());
    load.answers(50).await;
    load.end().await;
    assert_recounts(&restored).await;
    lampboard.server.terminate();
    assert!(lampboard.server.wait().await.success());
}

async fn backup(lampboard: &Lampboard, copy: &Path) {
    let arguments = ["backup", copy.to_str().unwrap()];
    let (status, output) = process::run(lampboard.command(&arguments)).await;
    assert!(status.success(), "{output}");
    assert!(output.contains("wrote "), "{output}");
    let mut copy = Database::open(copy).await;
    assert!(copy.is_sound().await);
}

async fn restore(copy: &Path) -> Lampboard {
    let url = database::make().await.unwrap();
    dump::restore(copy, &url).await;
    Lampboard::on_database(url).await
}

/// All that was answered for is there, and shown.
async fn assert_kept(restored: &Lampboard, before: &[String]) {
    let mut database = restored.database().await;
    let guids = database.guids().await;
    let lost = before.iter().find(|guid| !guids.contains(*guid));
    assert_eq!(lost, None, "it was answered for, and is not in the backup");
    assert!(database.is_sound().await);
    let builds = restored.board().await.builds().await;
    let shown: HashSet<i64> = builds.iter().map(|build| build.run_id).collect();
    assert_eq!(shown, database.runs().await);
    assert!(shown.len() > 50, "{}", shown.len());
}

async fn assert_recounts(lampboard: &Lampboard) {
    let (status, output) = process::run(lampboard.command(&["doctor", "--recount"])).await;
    assert!(status.success(), "{output}");
    assert!(output.contains("is right"), "{output}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dump_restores_every_row_and_every_answer() {
    let mut lampboard = Lampboard::start(Mode::OneProcess).await;
    let Some(url) = lampboard.database_url().map(str::to_owned) else {
        // A file is copied whole; this is of databases of a server.
        return;
    };
    let load = Load::begin(&lampboard.hook());
    load.answers(200).await;
    load.end().await;
    let answers = lampboard.board().await.builds().await;
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy");
    let arguments = ["backup", copy.to_str().unwrap()];
    let (status, output) = process::run(lampboard.command(&arguments)).await;
    assert_eq!(status.code(), Some(1), "{output}");
    assert!(output.contains("pg_dump"), "{output}");
    assert!(fs::symlink_metadata(&copy).is_err());

    lampboard.server.terminate();
    assert!(lampboard.server.wait().await.success());
    dump::dump(&url, &copy).await;
    let restored = database::make().await.unwrap();
    dump::restore(&copy, &restored).await;
    let rows = dump::contents(&restored).await;
    assert_eq!(rows, dump::contents(&url).await);
    assert!(
        rows.iter()
            .any(|(table, rows, _)| table == "delivery" && *rows >= 200)
    );
    let restored = Lampboard::on_database(restored).await;
    assert_eq!(restored.board().await.builds().await, answers);
    assert_recounts(&restored).await;
}

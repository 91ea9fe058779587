//! The commands of the machine: through the socket of the process that runs, or without one.

use std::{
    fs,
    os::unix::{
        fs::{FileTypeExt as _, PermissionsExt as _},
        net::UnixListener,
    },
    path::{Path, PathBuf},
};

use lampboard_proto::v1::{ListBackfillsRequest, system_service_client::SystemServiceClient};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::{
    running::{Hub, Serve, Settings, serve},
    support::{Ended, lampboard, run, shell},
};

/// A folder for the data, and what is said to whoever works on it.
struct Data {
    folder: TempDir,
    settings: Settings,
}

impl Data {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = vec![
            ("LAMPBOARD_LISTEN", "127.0.0.1:0".to_owned()),
            ("LAMPBOARD_DATA_DIR", folder.path().display().to_string()),
            ("LAMPBOARD_WEBHOOK_SECRET", "of the tests".to_owned()),
        ];
        Self { folder, settings }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn serve(&self) -> Serve {
        serve(&self.settings).await
    }

    async fn run(&self, arguments: &[&str]) -> Ended {
        run(lampboard(arguments, &self.settings)).await
    }

    async fn backup(&self, name: &str) -> Ended {
        let path = self.path(name);
        self.run(&["backup", path.to_str().unwrap()]).await
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[track_caller]
fn assert_failed(ended: &Ended, code: i32, words: &[&str]) {
    assert_eq!(ended.code, Some(code), "{}\n{}", ended.out, ended.err);
    for word in words {
        assert!(ended.err.contains(word), "{word:?} is not in {}", ended.err);
    }
}

#[tokio::test]
async fn the_socket_is_its_owners_alone_and_goes_with_the_process() {
    let data = Data::new();
    let socket = data.path("lampboard.sock");
    // What a killed process would leave.
    drop(UnixListener::bind(&socket).unwrap());
    let serve = data.serve().await;
    assert!(fs::metadata(&socket).unwrap().file_type().is_socket());
    assert_eq!(mode(&socket), 0o600);
    assert_eq!(serve.terminate().await, Some(0));
    assert!(!socket.exists());
    let again = data.serve().await;
    assert!(socket.exists());
    drop(again);
}

#[tokio::test]
async fn a_path_that_is_too_long_is_refused() {
    let mut data = Data::new();
    let deep = data.path(&"x".repeat(120)).display().to_string();
    data.settings[1].1 = deep;
    let ended = data.run(&["serve"]).await;
    assert_failed(
        &ended,
        1,
        &["the path of the socket", "a shorter LAMPBOARD_DATA_DIR"],
    );
}

#[tokio::test]
async fn a_backup_is_written_by_who_runs_and_without_one() {
    let data = Data::new();
    let serve = data.serve().await;
    let ended = data.backup("one.db").await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.out.contains("one.db: "), "{}", ended.out);
    assert!(ended.out.ends_with(" s\n"), "{}", ended.out);
    assert_eq!(mode(&data.path("one.db")), 0o600);
    let again = data.backup("one.db").await;
    assert_failed(&again, 1, &["is there already", "another name"]);
    assert_eq!(serve.terminate().await, Some(0));

    // A killed process leaves its socket, and nobody listens there.
    drop(UnixListener::bind(data.path("lampboard.sock")).unwrap());
    let ended = data.backup("two.db").await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let again = data.backup("two.db").await;
    assert_failed(&again, 1, &["is there already"]);
    // Relative to where the command is run, not the server.
    let mut command = lampboard(&["backup", "three.db"], &data.settings);
    command.current_dir(data.folder.path());
    assert_eq!(run(command).await.code, Some(0));
    assert!(data.path("three.db").exists());
}

#[tokio::test]
async fn a_full_disk_leaves_nothing_of_a_backup() {
    let data = Data::new();
    assert_eq!(data.run(&["migrate"]).await.code, Some(0));
    let path = data.path("copy.db");
    let arguments = ["backup", path.to_str().unwrap()];
    // No file may grow beyond 64 KiB, which is told as an error and not by a signal.
    let script = "trap '' XFSZ; ulimit -f 128; exec \"$0\" \"$@\"";
    let ended = run(shell(script, &arguments, &data.settings)).await;
    assert_failed(&ended, 1, &["there is no backup"]);
    let names = fs::read_dir(data.folder.path()).unwrap();
    for name in names.map(|it| it.unwrap().file_name().into_string().unwrap()) {
        assert!(name.starts_with("lampboard."), "{name} was left");
    }
    let ended = data.run(&arguments).await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
}

#[tokio::test]
async fn without_a_database_there_is_nothing_to_do_and_nothing_is_made() {
    let data = Data::new();
    let ended = data.backup("copy.db").await;
    assert_failed(&ended, 1, &["lampboard.db: No such file"]);
    let ended = data.run(&["doctor", "--recount"]).await;
    assert_failed(&ended, 5, &["lampboard.db: No such file"]);
    assert_eq!(fs::read_dir(data.folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_process_that_has_the_database_and_does_not_listen_is_named() {
    let data = Data::new();
    let serve = data.serve().await;
    fs::remove_file(data.path("lampboard.sock")).unwrap();
    let ended = data.backup("copy.db").await;
    assert_failed(
        &ended,
        1,
        &["a lampboard has the database", "does not listen on"],
    );
    drop(serve);
}

#[tokio::test]
async fn a_process_that_listens_and_does_not_answer_is_named() {
    let data = Data::new();
    let serve = data.serve().await;
    kill_process(Pid::from_child(serve.child()), Signal::STOP).unwrap();
    let ended = data.backup("copy.db").await;
    assert_failed(&ended, 1, &["that listens on", "does not answer"]);
    assert!(!data.path("copy.db").exists());
}

#[tokio::test]
async fn a_recount_tells_by_its_exit_code() {
    let data = Data::new();
    let serve = data.serve().await;
    let ended = data.run(&["doctor", "--recount"]).await;
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    assert!(
        ended.out.starts_with("ok    recount  0 builds"),
        "{}",
        ended.out
    );
    assert_eq!(serve.terminate().await, Some(0));

    let old = data.path("lampboard.db");
    assert_eq!(data.backup("copy.db").await.code, Some(0));
    fs::rename(data.path("copy.db"), old).unwrap();
    falsify(&data.path("lampboard.db")).await;
    let ended = data.run(&["doctor", "--recount"]).await;
    assert_eq!(ended.code, Some(1), "{}{}", ended.out, ended.err);
    let line = "counted of build 7-1-1 on 2100-01-01: kept false, recounted true";
    assert!(ended.out.contains(line), "{}", ended.out);
    let serve = data.serve().await;
    let ended = data.run(&["doctor", "--recount", "--json"]).await;
    assert_eq!(ended.code, Some(1), "{}{}", ended.out, ended.err);
    assert!(ended.out.contains(line), "{}", ended.out);
    drop(serve);
}

/// Stores a build that is over and does not count: in times that no retention reaches.
async fn falsify(path: &Path) {
    use sqlx::{Connection as _, Executor as _, SqliteConnection, sqlite::SqliteConnectOptions};
    let options = SqliteConnectOptions::new().filename(path);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let filling = connection.execute(
        "INSERT INTO repository (id, name, installation_id, default_branch, archived, private,
                                 update_time) VALUES (7, 'acme/api', 0, 'main', FALSE, FALSE, 0);
         INSERT INTO build (run_id, run_attempt, repository_id, workflow_id, workflow,
                            workflow_path, run_number, status, conclusion, event, branch,
                            head_repository, commit_sha, commit_title, commit_author, title, actor,
                            triggering_actor, pull_requests, url, create_time, start_time,
                            update_time, first_completed_time, end_time, latest_attempt, counted)
         VALUES (1, 1, 7, 3, 'CI', '', 1, 'completed', 'success', 'push', 'main', '', '', '', '',
                 '', 'ada', 'ada', '', '', 4102444800000000, 4102444800000000, 4102444800000009,
                 4102444800000009, 4102444800000009, TRUE, FALSE)",
    );
    filling.await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_is_loaded_by_who_runs_or_waits_for_who_will() {
    let hub = Hub::new().await;
    let serve = hub.serve().await;
    let arguments = ["backfill", "--repository", "acme/api"];
    let ended = run(lampboard(&arguments, &hub.settings)).await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.out.starts_with("acme/api: done"), "{}", ended.out);
    let ended = run(lampboard(&["doctor"], &hub.settings)).await;
    assert_eq!(ended.code, Some(0), "{}", ended.out);
    assert!(ended.out.contains("lampboard.sock"), "{}", ended.out);
    assert_eq!(serve.terminate().await, Some(0));

    let further_back = [&arguments[..], &["--since", "60d"]].concat();
    let ended = run(lampboard(&further_back, &hub.settings)).await;
    assert_eq!(ended.code, Some(8), "{}{}", ended.out, ended.err);
    assert!(
        ended.err.contains("the next one that does"),
        "{}",
        ended.err
    );
    let ended = run(lampboard(&["doctor"], &hub.settings)).await;
    assert!(
        ended.out.contains("none runs on this database"),
        "{}",
        ended.out
    );
    assert!(ended.out.contains("ok    database "), "{}", ended.out);

    let serve = hub.serve().await;
    let mut system = SystemServiceClient::new(serve.channel());
    let listed = system.list_backfills(ListBackfillsRequest::default()).await;
    assert_eq!(listed.unwrap().into_inner().backfills.len(), 2);
}

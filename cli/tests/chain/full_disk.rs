//! A disk that is full: what is there is shown, nothing more is taken in, and it goes on by itself
//! once there is room, by whoever makes it.

use std::fs;

use fastrand::Rng;
use http::StatusCode;
use lampboard_github_double::Event;

use crate::support::{github::OneWorkflow, lampboard::Lampboard, process};

/// More than fit on the disk.
const TOO_MANY: usize = 2000;

/// A payload that nothing makes smaller.
fn noise(rng: &mut Rng) -> String {
    let noise: String = std::iter::repeat_with(|| rng.alphanumeric())
        .take(40_000)
        .collect();
    format!(r#"{{"zen":"{noise}"}}"#)
}

/// Delivers until the disk is full; gives the builds that were answered for.
async fn fill(lampboard: &Lampboard) -> Vec<String> {
    let (hook, mut rng) = (lampboard.hook(), Rng::with_seed(1));
    let mut github = OneWorkflow::new();
    let mut builds = Vec::new();
    for number in 0..TOO_MANY {
        let event: Event = github.next_run().1;
        let answer = hook.deliver_event(&event).await.unwrap();
        if answer.status == StatusCode::SERVICE_UNAVAILABLE {
            return builds;
        }
        assert_eq!(answer.status, StatusCode::OK);
        builds.push(answer.build_id());
        let guid = format!("noise-{number}");
        let answer = hook.deliver("workflow_run", &guid, noise(&mut rng)).await;
        if answer.status == StatusCode::SERVICE_UNAVAILABLE {
            return builds;
        }
        assert!(answer.status.is_success(), "{}", answer.status);
    }
    panic!(
        "the disk is never full; its log\n{}",
        lampboard.server.log()
    );
}

async fn assert_full(lampboard: &mut Lampboard, builds: &[String]) {
    lampboard.server.assert_serving().await;
    let ready = lampboard.hook().try_get("/readyz").await.unwrap();
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    let why = String::from_utf8_lossy(&ready.body).into_owned();
    assert!(why.contains("disk") && why.contains("full"), "{why}");
    assert_shown(lampboard, builds).await;
}

/// Looks for all that was answered for.
async fn assert_shown(lampboard: &Lampboard, builds: &[String]) {
    let mut board = lampboard.board().await;
    for id in builds {
        assert!(board.build(id).await.is_some(), "{id}");
    }
}

async fn assert_taken_in(lampboard: &Lampboard) {
    let (_, event) = crate::support::github::a_run();
    let answer = lampboard.hook().deliver_event(&event).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK, "{}", lampboard.server.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_all_is_shown_and_it_goes_on_when_there_is_room() {
    let mut lampboard = Lampboard::serve_on_disk(24, &[]).await;
    let filler = lampboard.data_on_disk().join("filler");
    fs::write(&filler, vec![1; 12 << 20]).unwrap();
    let builds = fill(&lampboard).await;
    assert!(builds.len() > 20, "{}", builds.len());
    assert_full(&mut lampboard, &builds).await;
    fs::remove_file(&filler).unwrap();
    lampboard.server.wait_until_ready().await;
    assert_taken_in(&lampboard).await;
    assert_shown(&lampboard, &builds).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_kept_any_longer_makes_room_on_a_full_disk() {
    // Nothing is old when it starts; all payloads are when the disk is full.
    let kept = [("LAMPBOARD_RETENTION_PAYLOADS", "1s")];
    let lampboard = Lampboard::serve_on_disk(8, &kept).await;
    let builds = fill(&lampboard).await;
    lampboard.server.wait_until_ready().await;
    assert_taken_in(&lampboard).await;
    assert_shown(&lampboard, &builds).await;
    let log = lampboard.server.log();
    assert!(log.contains("the disk is full"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_for_which_there_is_no_room_leaves_nothing() {
    const LEFT: u64 = 256 << 10;
    let lampboard = Lampboard::serve_on_disk(24, &[]).await;
    let (hook, mut rng) = (lampboard.hook(), Rng::with_seed(1));
    for number in 0..40 {
        let guid = format!("noise-{number}");
        let answer = hook.deliver("workflow_run", &guid, noise(&mut rng)).await;
        assert!(answer.status.is_success(), "{}", answer.status);
    }
    // Somebody takes nearly all there is, and what is reserved stays.
    let data = lampboard.data_on_disk();
    let rest = data.join("rest");
    fs::write(&rest, vec![1; 24 << 20]).unwrap_err();
    let rest = fs::OpenOptions::new().write(true).open(&rest).unwrap();
    let taken = rest.metadata().unwrap().len();
    rest.set_len(taken - LEFT).unwrap();
    assert_no_backup(&lampboard).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_takes_nothing_of_the_room_that_deleting_needs() {
    let lampboard = Lampboard::serve_on_disk(24, &[]).await;
    let filler = lampboard.data_on_disk().join("filler");
    fs::write(&filler, vec![1; 22 << 20]).unwrap_err();
    fill(&lampboard).await;
    let said = assert_no_backup(&lampboard).await;
    assert!(said.contains("needed for deleting"), "{said}");
}

/// Asks for a backup onto the same disk; gives what is said.
async fn assert_no_backup(lampboard: &Lampboard) -> String {
    let data = lampboard.data_on_disk();
    let copy = lampboard.data_in_its_eyes().join("copy.db");
    let arguments = ["backup", copy.to_str().unwrap()];
    let beside = [("LAMPBOARD_DATA_DIR", data.to_str().unwrap())];
    let (status, output) = process::run(process::lampboard(&arguments, &beside)).await;
    assert!(!status.success() && output.contains("full"), "{output}");
    let names = fs::read_dir(&data).unwrap();
    let mut names = names.map(|name| name.unwrap().file_name());
    let left = names.find(|name| name.to_string_lossy().contains("backup"));
    assert_eq!(left, None);
    assert!(!data.join("copy.db").exists());
    output
}

#[tokio::test]
async fn on_a_read_only_disk_it_says_so_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().display().to_string();
    let settings = [
        ("LAMPBOARD_LISTEN", "127.0.0.1:0"),
        ("LAMPBOARD_DATA_DIR", &data),
    ];
    let command = process::lampboard_on_disk("ro", &["serve"], &settings);
    let (status, log) = process::run(command).await;
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(log.contains("the database is read-only"), "{log}");
    assert!(log.contains(&data) && !log.contains("panicked"), "{log}");
}

//! `lampboard backfill`.

use lampboard_proto::v1::{
    Backfill, BackfillStatus, ListBuildsRequest, build_service_client::BuildServiceClient,
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::{
    running::{Hub, now, serve},
    scripted,
    support::{Ended, lampboard, run, start},
};

/// Runs `lampboard backfill` against a server.
async fn backfill(url: &str, arguments: &[&str]) -> Ended {
    let mut all = vec!["backfill", "--server-url", url];
    all.extend(arguments);
    run(lampboard(&all, &[])).await
}

fn ending(status: BackfillStatus, problem: &str) -> Backfill {
    Backfill {
        status: status.into(),
        run_count: 12,
        request_count: 3,
        problem: problem.to_owned(),
        ..Backfill::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn history_comes_from_github_onto_the_board() {
    let hub = Hub::new().await;
    let serve = hub.serve().await;
    let ended = backfill(&serve.url, &["--repository", "acme/api", "--json"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let outcome: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(outcome["status"], "done");
    assert_eq!(outcome["repository"], "acme/api");
    assert_eq!(outcome["run_count"], 3);
    assert!(ended.err.contains("acme/api: 100 %, done"), "{}", ended.err);
    let mut builds = BuildServiceClient::new(serve.channel());
    let builds = builds.list_builds(ListBuildsRequest::default()).await;
    assert_eq!(builds.unwrap().into_inner().builds.len(), 3);

    let ended = backfill(&serve.url, &["--repository", "acme/none"]).await;
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.err.contains("acme/none: no installation"),
        "{}",
        ended.err
    );
    assert_eq!(ended.out, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_nothing_can_be_loaded() {
    let data = tempfile::tempdir().unwrap();
    let settings = [
        ("LAMPBOARD_LISTEN", "127.0.0.1:0".to_owned()),
        ("LAMPBOARD_DATA_DIR", data.path().display().to_string()),
        ("LAMPBOARD_WEBHOOK_SECRET", "of the tests".to_owned()),
    ];
    let serve = serve(&settings).await;
    let ended = backfill(&serve.url, &["--repository", "acme/api"]).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.contains("the GitHub App has no"), "{}", ended.err);
    assert!(ended.err.contains("lampboard doctor"), "{}", ended.err);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let ended = backfill("http://127.0.0.1:1", &["--repository", "acme/api"]).await;
    assert_eq!(ended.code, Some(5), "{}", ended.err);
    assert!(ended.err.contains("no server answers"), "{}", ended.err);
}

#[tokio::test]
async fn wrong_usage_is_told_from_failure() {
    for arguments in [
        &[][..],
        &["--repository", "api"],
        &["--repository", "acme/api", "--since", "0s"],
    ] {
        let ended = backfill("http://127.0.0.1:1", arguments).await;
        assert_eq!(ended.code, Some(2), "{arguments:?}");
    }
    let ended = backfill("nowhere", &["--repository", "acme/api"]).await;
    assert_eq!(ended.code, Some(2), "{}", ended.err);
}

#[tokio::test]
async fn each_repository_is_loaded_as_far_back_as_was_asked() {
    let (url, started) = scripted::serve(ending(BackfillStatus::Done, "")).await;
    let arguments = ["--repository", "acme/web", "--repository", "acme/api"];
    let twice = [&arguments[..], &arguments, &["--since", "2d"]].concat();
    let ended = backfill(&url, &twice).await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert_eq!(
        ended.out,
        "acme/api: done, 12 runs by 3 requests\nacme/web: done, 12 runs by 3 requests\n"
    );
    let started = started.lock().unwrap();
    let names: Vec<_> = started.iter().map(|it| it.repository.as_str()).collect();
    assert_eq!(names, ["acme/api", "acme/web"]);
    for request in started.iter() {
        let since = request.since_time.unwrap().seconds;
        let late = now().as_second() - since - 2 * 24 * 3600;
        assert!((0..60).contains(&late), "{since}");
    }
}

#[tokio::test]
async fn what_fails_or_is_cancelled_is_a_failure_with_its_reason() {
    let failed = ending(BackfillStatus::Failed, "the repository is gone");
    let (url, _) = scripted::serve(failed).await;
    let ended = backfill(&url, &["--repository", "acme/api"]).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.out.contains("failed"), "{}", ended.out);
    assert!(
        ended.out.contains("the repository is gone"),
        "{}",
        ended.out
    );

    let (url, _) = scripted::serve(ending(BackfillStatus::Cancelled, "")).await;
    let ended = backfill(&url, &["--repository", "acme/api"]).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.out.contains("cancelled"), "{}", ended.out);
}

#[tokio::test]
async fn who_does_not_wait_is_told_that_it_began() {
    let (url, _) = scripted::serve(ending(BackfillStatus::Failed, "unseen")).await;
    let arguments = ["--repository", "acme/api", "--no-wait", "--json"];
    let ended = backfill(&url, &arguments).await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let outcome: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(outcome["status"], "queued");
    assert_eq!(outcome["id"], "id of acme/api");
}

#[tokio::test]
async fn ctrl_c_leaves_it_running() {
    let (url, _) = scripted::serve(ending(BackfillStatus::Running, "")).await;
    let arguments = ["backfill", "--repository", "acme/api", "--server-url", &url];
    let (process, line) = start(lampboard(&arguments, &[]), "acme/api: 0 %").await;
    assert!(line.contains("queued"), "{line}");
    kill_process(Pid::from_child(&process.0), Signal::INT).unwrap();
    assert_eq!(process.ended().await, Some(8));
}

//! What is live while parts come and go: the stream, a server that is away, an orderly end.

use std::time::{Duration, Instant};

use http::{StatusCode, header::RETRY_AFTER};
use lampboard_proto::v1::{WatchBuildsResponse, watch_builds_response};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    time::timeout,
};
use tonic::{Code, Streaming};

use crate::support::{
    github::{OneWorkflow, a_run, a_run_of_size},
    lampboard::{Lampboard, Mode},
    raw,
};

#[tokio::test]
async fn a_watcher_has_a_build_within_a_second_of_the_answer() {
    for mode in [Mode::OneProcess, Mode::TwoProcesses] {
        let lampboard = Lampboard::start(mode).await;
        let mut stream = lampboard.board().await.watch().await;
        let first = stream.message().await.unwrap().unwrap();
        assert!(matches!(
            first.event,
            Some(watch_builds_response::Event::Sync(_))
        ));

        let (_, event) = a_run();
        let answer = lampboard.hook().deliver_event(&event).await.unwrap();
        assert_eq!(answer.status, StatusCode::OK);
        let next = timeout(Duration::from_secs(1), stream.message()).await;
        let next = next.expect("it took more than a second").unwrap().unwrap();
        let Some(watch_builds_response::Event::Build(build)) = next.event else {
            panic!("no build, but {next:?}");
        };
        assert_eq!(build.id, answer.build_id());
    }
}

#[tokio::test]
async fn github_app_says_when_the_server_is_away_and_goes_on_once_it_is_back() {
    let mut lampboard = Lampboard::start(Mode::TwoProcesses).await;
    let hook = lampboard.hook();
    let mut github = OneWorkflow::new();
    let (_, before) = github.next_run();
    let answer = hook.deliver_event(&before).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);

    lampboard.server.kill();
    let (_, lost) = github.next_run();
    let start = Instant::now();
    let answer = hook.deliver_event(&lost).await.unwrap();
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers.contains_key(RETRY_AFTER));
    assert!(
        start.elapsed() < Duration::from_secs(8),
        "{:?}",
        start.elapsed()
    );
    let ready = hook.try_get("/readyz").await.unwrap();
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);

    lampboard.restart_server().await;
    lampboard
        .github_app
        .as_ref()
        .unwrap()
        .wait_until_ready()
        .await;
    let answer = hook.deliver_event(&lost).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(lampboard.board().await.builds().await.len(), 2);
}

#[tokio::test]
async fn asked_to_stop_it_ends_streams_and_finishes_what_it_has_begun() {
    for mode in [Mode::OneProcess, Mode::TwoProcesses] {
        let mut lampboard = Lampboard::start(mode).await;
        let mut stream = lampboard.board().await.watch().await;
        stream.message().await.unwrap();

        let (_, event) = a_run_of_size(1 << 20);
        let (first, rest) = event.body.split_at(event.body.len() / 2);
        let length = format!(
            "Expect: 100-continue\r\nContent-Length: {}",
            event.body.len()
        );
        let head = raw::signed_head(&event.name, &event.guid, &event.body, &length);
        let mut delivery = raw::connect(lampboard.webhook_address()).await;
        delivery.write_all(head.as_bytes()).await.unwrap();
        let mut go_on = [0; 25];
        // It is in the middle of the request from here on.
        delivery.read_exact(&mut go_on).await.unwrap();
        assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
        delivery.write_all(first).await.unwrap();

        // Those who report end first.
        let start = Instant::now();
        if let Some(app) = &lampboard.github_app {
            app.terminate();
        } else {
            lampboard.server.terminate();
            assert_eq!(end_of(&mut stream).await, Code::Unavailable);
        }
        delivery.write_all(rest).await.unwrap();
        let answer = raw::read_to_end(&mut delivery).await;
        assert_eq!(raw::statuses(&answer), [200], "{mode:?}: {answer}");

        if let Some(app) = &mut lampboard.github_app {
            assert!(app.wait().await.success());
            lampboard.server.terminate();
            assert_eq!(end_of(&mut stream).await, Code::Unavailable);
        }
        assert!(lampboard.server.wait().await.success(), "{mode:?}");
        assert!(start.elapsed() < Duration::from_secs(15), "{mode:?}");

        lampboard.restart_server().await;
        assert_eq!(lampboard.board().await.builds().await.len(), 1, "{mode:?}");
    }
}

/// Reads a stream to its end; gives why it ended.
async fn end_of(stream: &mut Streaming<WatchBuildsResponse>) -> Code {
    loop {
        match stream.message().await {
            Ok(Some(_)) => {}
            Ok(None) => return Code::Ok,
            Err(status) => return status.code(),
        }
    }
}

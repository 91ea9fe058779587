//! `WatchBuilds`: what is streamed, in which order, and how it ends.

use std::time::Duration;

use lampboard_proto::v1::{
    self, BuildConclusion, BuildFilter, BuildStatus, WatchBuildsRequest, WatchBuildsResponse,
    watch_builds_response::Event,
};
use tonic::{Code, Streaming};

use crate::support::{TestServer, code, ended, queued};

async fn watch(server: &TestServer, filter: BuildFilter) -> Streaming<WatchBuildsResponse> {
    let filter = Some(filter);
    let mut client = server.builds();
    let answer = client.watch_builds(WatchBuildsRequest { filter }).await;
    answer.unwrap().into_inner()
}

async fn next(events: &mut Streaming<WatchBuildsResponse>) -> Event {
    let response = events.message().await.unwrap().expect("the stream goes on");
    response.event.expect("always set")
}

/// What a test looks at: the kind of event, and which build.
fn told(event: Event) -> (&'static str, String) {
    match event {
        Event::Sync(_) => ("sync", String::new()),
        Event::Heartbeat(_) => ("heartbeat", String::new()),
        Event::Build(build) => ("build", build.id),
        Event::Gone(gone) => ("gone", gone.build_id),
    }
}

fn of(kind: &'static str, id: &str) -> (&'static str, String) {
    (kind, id.to_owned())
}

#[tokio::test]
async fn a_stream_starts_with_a_sync_and_then_tells_every_change() {
    let server = TestServer::start().await;
    server.report(vec![queued(9, 1)]).await;
    let mut events = watch(&server, BuildFilter::default()).await;
    server.report(vec![queued(1, 1)]).await;
    server.report(vec![queued(1, 1)]).await;
    server
        .report(vec![ended(1, 1, BuildConclusion::Success, 60)])
        .await;
    assert_eq!(told(next(&mut events).await), of("sync", ""));
    for status in [BuildStatus::Queued, BuildStatus::Completed] {
        let Event::Build(build) = next(&mut events).await else {
            panic!("a build is told");
        };
        assert_eq!((build.id.as_str(), build.status()), ("7-1-1", status));
        assert_eq!(build.repository, "acme/api");
    }
    let now = server.get(1, 1).await.build.unwrap();
    assert!(now.counted);
}

#[tokio::test]
async fn a_job_that_moves_the_end_of_its_build_is_told() {
    let server = TestServer::start().await;
    server
        .report(vec![ended(1, 1, BuildConclusion::Success, 60)])
        .await;
    let mut events = watch(&server, BuildFilter::default()).await;
    next(&mut events).await;
    let mut request = crate::support::report(Vec::new());
    request.jobs = vec![crate::support::job(11, 32_410, 32_440)];
    server.send(request).await.unwrap();
    let Event::Build(build) = next(&mut events).await else {
        panic!("a build is told");
    };
    assert_eq!(build.duration, crate::support::seconds(40));
}

#[tokio::test]
async fn a_job_is_told_as_its_build() {
    let server = TestServer::start().await;
    server.report(vec![queued(1, 1)]).await;
    let mut request = crate::support::report(Vec::new());
    request.jobs = vec![crate::support::job(11, 32_410, 32_440)];
    server.send(request.clone()).await.unwrap();
    let mut events = watch(&server, BuildFilter::default()).await;
    assert_eq!(told(next(&mut events).await), of("sync", ""));
    // The name alone is new: nothing of the build's own row is.
    server.send(request.clone()).await.unwrap();
    request.jobs[0].name = "tests".to_owned();
    server.send(request).await.unwrap();
    server.report(vec![queued(2, 1)]).await;
    assert_eq!(told(next(&mut events).await), of("build", "7-1-1"));
    assert_eq!(told(next(&mut events).await), of("build", "7-2-1"));
}

#[tokio::test]
async fn what_concerns_all_builds_of_a_repository_asks_to_list_again() {
    let server = TestServer::start().await;
    server.report(vec![queued(1, 1)]).await;
    let mut events = watch(&server, BuildFilter::default()).await;
    assert_eq!(told(next(&mut events).await), of("sync", ""));
    let mut relabel = crate::support::report(Vec::new());
    let relabelled = &mut relabel.repositories[0];
    relabelled.update_time.as_mut().unwrap().seconds += 1;
    relabelled.private = true;
    server.send(relabel.clone()).await.unwrap();
    server.report(vec![queued(2, 1)]).await;
    assert_eq!(told(next(&mut events).await), of("build", "7-2-1"));
    for change in ["name", "default_branch"] {
        let relabelled = &mut relabel.repositories[0];
        relabelled.update_time.as_mut().unwrap().seconds += 1;
        if change == "name" {
            relabelled.name = "acme/backend".to_owned();
        } else {
            relabelled.default_branch = "trunk".to_owned();
        }
        server.send(relabel.clone()).await.unwrap();
        assert_eq!(told(next(&mut events).await), of("sync", ""), "{change}");
    }
}

#[tokio::test]
async fn what_matches_no_more_is_gone() {
    let server = TestServer::start().await;
    let running = BuildFilter {
        statuses: vec![BuildStatus::Queued.into(), BuildStatus::InProgress.into()],
        branches: vec!["main".to_owned()],
        ..BuildFilter::default()
    };
    let mut events = watch(&server, running).await;
    let elsewhere = v1::Build {
        branch: "next".to_owned(),
        ..queued(2, 1)
    };
    server.report(vec![queued(1, 1), elsewhere.clone()]).await;
    let over = ended(1, 1, BuildConclusion::Success, 60);
    server.report(vec![over.clone()]).await;
    // It was gone already, and is not told again.
    let corrected = ended(1, 1, BuildConclusion::Failure, 90);
    server.report(vec![corrected]).await;
    server.report(vec![queued(3, 1)]).await;
    let expected = [
        of("sync", ""),
        of("build", "7-1-1"),
        of("gone", "7-1-1"),
        of("build", "7-3-1"),
    ];
    for expected in expected {
        assert_eq!(told(next(&mut events).await), expected);
    }
}

#[tokio::test]
async fn silence_is_broken_by_heartbeats() {
    let server = TestServer::start().await;
    let mut events = watch(&server, BuildFilter::default()).await;
    assert_eq!(told(next(&mut events).await), of("sync", ""));
    tokio::time::pause();
    let before = tokio::time::Instant::now();
    for beat in 1..=3 {
        assert_eq!(told(next(&mut events).await), of("heartbeat", ""));
        assert_eq!(before.elapsed().as_secs(), 15 * beat);
    }
}

#[tokio::test]
async fn a_stream_ends_when_the_server_stops() {
    let server = TestServer::start().await;
    let mut events = watch(&server, BuildFilter::default()).await;
    next(&mut events).await;
    server.server.end_streams().await;
    assert_eq!(code(events.message().await), Code::Unavailable);
    let mut late = watch(&server, BuildFilter::default()).await;
    assert_eq!(code(late.message().await), Code::Unavailable);
    server.report(vec![queued(1, 1)]).await;
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_told_to_list_again() {
    let server = TestServer::start().await;
    let mut slow = watch(&server, BuildFilter::default()).await;
    assert_eq!(told(next(&mut slow).await), of("sync", ""));
    for first in (0..10_000).step_by(500) {
        let flood = first + 1..=first + 500;
        server
            .report(flood.map(|run| queued(run, 1)).collect())
            .await;
    }
    let synced = async {
        while told(next(&mut slow).await).0 != "sync" {}
        server.report(vec![queued(20_000, 1)]).await;
        while told(next(&mut slow).await) != of("build", "7-20000-1") {}
    };
    let patience = Duration::from_mins(1);
    tokio::time::timeout(patience, synced)
        .await
        .expect("a sync comes");
}

//! What no installation sees is nowhere, from the moment on at which that is known.

use std::time::Duration;

use lampboard_proto::v1::{
    self, BuildConclusion, BuildFilter, RemoveRepositoriesRequest, WatchBuildsRequest,
    watch_builds_response::Event,
};
use tonic::Code;

use crate::support::{NOON, TestServer, code, ended, job, pass, refused_fields, report, time};

async fn remove(server: &TestServer, second: i64) {
    let request = RemoveRepositoriesRequest {
        installation_id: 5,
        repository_ids: vec![7],
        update_time: time(second),
    };
    server.ingest().remove_repositories(request).await.unwrap();
}

async fn with_one_build(server: &TestServer) {
    let mut request = report(vec![ended(1, 1, BuildConclusion::Failure, 60)]);
    request.jobs = vec![job(11, 32_410, 32_440)];
    server.send(request).await.unwrap();
}

/// How many each list and number holds.
async fn counts(server: &TestServer) -> [usize; 5] {
    let builds = v1::ListBuildsRequest::default();
    let builds = server.builds().list_builds(builds).await.unwrap();
    let repositories = v1::ListRepositoriesRequest::default();
    let repositories = server.repositories().list_repositories(repositories).await;
    let workflows = v1::ListWorkflowsRequest::default();
    let workflows = server.repositories().list_workflows(workflows).await;
    let breakdown = v1::GetBreakdownRequest {
        dimension: v1::Dimension::Workflow.into(),
        ..v1::GetBreakdownRequest::default()
    };
    let breakdown = server.metrics().get_breakdown(breakdown).await.unwrap();
    let summary = server.summary(BuildFilter::default()).await.summary;
    [
        builds.into_inner().builds.len(),
        repositories.unwrap().into_inner().repositories.len(),
        workflows.unwrap().into_inner().workflows.len(),
        breakdown.into_inner().rows.len(),
        usize::try_from(summary.unwrap().build_count).unwrap(),
    ]
}

async fn look_up(server: &TestServer) -> Result<(), tonic::Status> {
    let key = v1::get_build_request::Key::Id("7-1-1".to_owned());
    let request = v1::GetBuildRequest { key: Some(key) };
    let mut client = server.builds();
    client.get_build(request).await.map(drop)
}

#[tokio::test]
async fn a_removed_repository_is_nowhere_until_it_is_seen_again() {
    let server = TestServer::start().await;
    with_one_build(&server).await;
    assert_eq!(counts(&server).await, [1; 5]);
    remove(&server, 10).await;
    assert_eq!(counts(&server).await, [0; 5]);
    assert_eq!(code(look_up(&server).await), Code::NotFound);
    assert_eq!(code(server.jobs("7-1-1").await), Code::NotFound);

    with_one_build(&server).await;
    assert_eq!(counts(&server).await, [0; 5], "that was said before");
    server.sync(20, &[7]).await;
    assert_eq!(counts(&server).await, [1; 5]);
    look_up(&server).await.unwrap();
}

#[tokio::test]
async fn watchers_are_told_to_list_again() {
    let server = TestServer::start().await;
    with_one_build(&server).await;
    let request = WatchBuildsRequest::default();
    let mut events = server
        .builds()
        .watch_builds(request)
        .await
        .unwrap()
        .into_inner();
    let mut next = async || {
        let message = events.message().await.unwrap().unwrap();
        message.event.unwrap()
    };
    assert!(matches!(next().await, Event::Sync(_)));
    remove(&server, 10).await;
    assert!(matches!(next().await, Event::Sync(_)), "it is gone");
    // Nothing is told of it while it is hidden.
    server
        .report(vec![ended(2, 1, BuildConclusion::Success, 60)])
        .await;
    server.sync(20, &[7]).await;
    assert!(matches!(next().await, Event::Sync(_)), "it is back");
    server
        .report(vec![ended(3, 1, BuildConclusion::Success, 60)])
        .await;
    let event = next().await;
    assert!(matches!(&event, Event::Build(build) if build.run_id == 3));
}

#[tokio::test]
async fn what_has_been_hidden_for_long_is_deleted() {
    let server = TestServer::start_deleting(Duration::from_hours(24)).await;
    with_one_build(&server).await;
    remove(&server, 10).await;
    server.set_time(NOON + 24 * 60 * 60);
    // From look to look.
    pass(Duration::from_mins(10)).await;
    let deleted = async { while server.count("repository").await > 0 {} };
    let deleted = tokio::time::timeout(Duration::from_secs(30), deleted).await;
    deleted.expect("it is deleted");
    for table in ["build", "job", "workflow"] {
        assert_eq!(server.count(table).await, 0, "{table}");
    }
}

#[tokio::test]
async fn a_bad_removal_is_refused() {
    let server = TestServer::start().await;
    let mut ingest = server.ingest();
    let nothing = RemoveRepositoriesRequest::default();
    let fields = refused_fields(ingest.remove_repositories(nothing).await);
    assert_eq!(fields, ["installation_id", "update_time"]);
    let many = RemoveRepositoriesRequest {
        installation_id: 5,
        repository_ids: vec![7; 10_001],
        update_time: time(1),
    };
    let fields = refused_fields(ingest.remove_repositories(many).await);
    assert_eq!(fields, ["repository_ids"]);
    let zero = RemoveRepositoriesRequest {
        installation_id: 5,
        repository_ids: vec![7, 0],
        update_time: time(1),
    };
    let fields = refused_fields(ingest.remove_repositories(zero).await);
    assert_eq!(fields, ["repository_ids[1]"]);
}

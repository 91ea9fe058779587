//! Backfills: who may start them, who is handed them, and what a lease protects.

use std::time::Duration;

use lampboard_proto::v1::{
    self, AppMode, Backfill, BackfillStatus, CancelBackfillRequest, LeasedBackfill,
    ListBackfillsRequest, StartBackfillRequest, UpdateBackfillRequest, WatchRequestsRequest,
    WatchRequestsResponse, watch_requests_response::Request,
};
use tonic::{Code, Status, Streaming};

use crate::support::{NOON, TestServer, code, pass, refused_fields, sync, time};

/// A server whose app can ask GitHub, and which sees some repositories.
async fn server(ids: &[i64]) -> TestServer {
    let server = TestServer::start().await;
    server.report_mode(AppMode::Connected).await;
    server.sync(10, ids).await;
    server
}

async fn start(server: &TestServer, name: &str, since: i64) -> Result<Backfill, Status> {
    let request = StartBackfillRequest {
        repository: name.to_owned(),
        since_time: time(since),
    };
    let answer = server.system().start_backfill(request).await;
    answer.map(|answer| answer.into_inner().backfill.unwrap())
}

async fn list(server: &TestServer) -> Vec<Backfill> {
    let request = ListBackfillsRequest::default();
    let answer = server.system().list_backfills(request).await.unwrap();
    answer.into_inner().backfills
}

async fn cancel(server: &TestServer, id: &str) -> Result<Backfill, Status> {
    let request = CancelBackfillRequest { id: id.to_owned() };
    let answer = server.system().cancel_backfill(request).await;
    answer.map(|answer| answer.into_inner().backfill.unwrap())
}

struct Requests(Streaming<WatchRequestsResponse>);

impl Requests {
    async fn watch(server: &TestServer) -> Self {
        let request = WatchRequestsRequest::default();
        let answer = server.app().watch_requests(request).await;
        Self(answer.unwrap().into_inner())
    }

    /// The next message: a backfill, or only a sign of life.
    async fn message(&mut self) -> Option<LeasedBackfill> {
        let message = self.0.message().await.unwrap().unwrap();
        message.request.map(|Request::Backfill(leased)| leased)
    }

    async fn next(&mut self) -> LeasedBackfill {
        self.message().await.expect("a backfill is handed out")
    }

    /// Lets so much time pass that it is looked for what came up by itself.
    async fn next_look(&mut self) -> LeasedBackfill {
        pass(Duration::from_secs(5)).await;
        self.next().await
    }

    /// Nothing comes but a sign of life.
    async fn nothing(&mut self) {
        pass(Duration::from_secs(15)).await;
        assert_eq!(self.message().await, None);
    }
}

fn id(leased: &LeasedBackfill) -> &str {
    &leased.backfill.as_ref().unwrap().id
}

/// That a backfill that was handed out goes on.
fn running(leased: &LeasedBackfill) -> UpdateBackfillRequest {
    UpdateBackfillRequest {
        id: id(leased).to_owned(),
        lease: leased.lease,
        status: BackfillStatus::Running.into(),
        ..UpdateBackfillRequest::default()
    }
}

fn done(leased: &LeasedBackfill) -> UpdateBackfillRequest {
    UpdateBackfillRequest {
        status: BackfillStatus::Done.into(),
        ..running(leased)
    }
}

async fn update(server: &TestServer, request: UpdateBackfillRequest) -> Result<(), Status> {
    server.app().update_backfill(request).await.map(drop)
}

#[tokio::test]
async fn a_backfill_is_started_once_for_as_far_back() {
    let server = server(&[7]).await;
    let first = start(&server, "Acme/R7", 1000).await.unwrap();
    assert_eq!(first.repository, "acme/r7");
    assert_eq!(
        (first.repository_id, first.status()),
        (7, BackfillStatus::Queued)
    );
    assert_eq!(
        (first.since_time, first.create_time),
        (time(1000), time(NOON))
    );
    let less = start(&server, "acme/r7", 2000).await.unwrap();
    assert_eq!(less, first, "it reaches as far back");
    let more = start(&server, "acme/r7", 500).await.unwrap();
    assert_ne!(more.id, first.id);
    assert_eq!(list(&server).await.len(), 2);
    cancel(&server, &more.id).await.unwrap();
    cancel(&server, &first.id).await.unwrap();
    let anew = start(&server, "acme/r7", 1000).await.unwrap();
    assert_ne!(anew.id, first.id, "that one is over");
}

#[tokio::test]
async fn a_backfill_needs_a_key_and_a_repository_that_is_seen() {
    let server = TestServer::start().await;
    server.sync(10, &[7]).await;
    let untold = start(&server, "acme/r7", 1000).await;
    assert_eq!(code(untold), Code::FailedPrecondition);
    for mode in [AppMode::Setup, AppMode::Webhooks] {
        server.report_mode(mode).await;
        let keyless = start(&server, "acme/r7", 1000).await;
        assert_eq!(code(keyless), Code::FailedPrecondition, "{mode:?}");
    }
    server.report_mode(AppMode::Polling).await;
    start(&server, "acme/r7", 1000).await.unwrap();
    let unknown = start(&server, "acme/r8", 1000).await;
    assert_eq!(code(unknown), Code::NotFound);
    server.sync(20, &[]).await;
    let hidden = start(&server, "acme/r7", 1000).await;
    assert_eq!(code(hidden), Code::NotFound);

    let nothing = StartBackfillRequest::default();
    let fields = refused_fields(server.system().start_backfill(nothing).await);
    assert_eq!(fields, ["repository", "since_time"]);
    let future = start(&server, "acme/r7", NOON).await;
    assert_eq!(refused_fields(future), ["since_time"]);
}

#[tokio::test]
async fn a_sync_starts_the_first_backfill_of_what_it_brings() {
    let server = server(&[7]).await;
    assert_eq!(list(&server).await, []);
    let with_history = |second, ids: &[i64]| v1::SyncInstallationRequest {
        backfill_since: time(-1000),
        ..sync(second, ids)
    };
    let mut ingest = server.ingest();
    ingest
        .sync_installation(with_history(20, &[7, 8]))
        .await
        .unwrap();
    let started = list(&server).await;
    let names: Vec<&str> = started.iter().map(|it| it.repository.as_str()).collect();
    assert_eq!(names, ["acme/r7", "acme/r8"]);
    assert_eq!(started[0].since_time, time(-1000));
    cancel(&server, &started[0].id).await.unwrap();
    ingest
        .sync_installation(with_history(30, &[7, 8, 9]))
        .await
        .unwrap();
    assert_eq!(list(&server).await.len(), 3, "only 9 never had one");
    ingest
        .sync_installation(with_history(5, &[10]))
        .await
        .unwrap();
    assert_eq!(list(&server).await.len(), 3, "10 is not seen any more");
}

#[tokio::test]
async fn two_are_handed_out_at_a_time_and_the_next_when_one_is_over() {
    let server = server(&[7, 8, 9]).await;
    let mut requests = Requests::watch(&server).await;
    for (name, second) in [("acme/r8", 1), ("acme/r7", 2), ("acme/r9", 3)] {
        server.set_time(NOON + second);
        start(&server, name, 1000).await.unwrap();
    }
    let first = requests.next().await;
    let second = requests.next().await;
    assert_eq!((id(&first), id(&second)), ("8-1", "7-1"), "in their order");
    assert_eq!((first.installation_id, first.lease), (5, 1));
    // Only a sign of life comes.
    requests.nothing().await;
    update(&server, done(&first)).await.unwrap();
    assert_eq!(id(&requests.next().await), "9-1");

    let over = list(&server).await.pop().unwrap();
    assert_eq!(
        (over.id.as_str(), over.status()),
        ("8-1", BackfillStatus::Done)
    );
    assert_eq!(over.end_time, time(NOON + 3));
}

#[tokio::test]
async fn what_nobody_tells_of_is_handed_out_again() {
    let server = server(&[7]).await;
    start(&server, "acme/r7", 1000).await.unwrap();
    let first = Requests::watch(&server).await.next().await;
    update(&server, running(&first)).await.unwrap();
    let mut requests = Requests::watch(&server).await;
    server.set_time(NOON + 59);
    update(&server, running(&first)).await.unwrap();
    server.set_time(NOON + 118);
    // It was told of a minute ago.
    requests.nothing().await;
    server.set_time(NOON + 119);
    let second = requests.next_look().await;
    assert_eq!((id(&second), second.lease), ("7-1", 2));
    let lost = update(&server, running(&first)).await;
    assert_eq!(code(lost), Code::FailedPrecondition);
    update(&server, running(&second)).await.unwrap();
}

#[tokio::test]
async fn progress_is_kept_and_handed_on() {
    let server = server(&[7]).await;
    start(&server, "acme/r7", 1000).await.unwrap();
    let leased = Requests::watch(&server).await.next().await;
    let steps = [(5000, 100, 1), (4000, 50, 2), (4500, 0, 1)];
    for (cursor, runs, requests) in steps {
        let request = UpdateBackfillRequest {
            cursor_time: time(cursor),
            added_run_count: runs,
            added_request_count: requests,
            ..running(&leased)
        };
        update(&server, request).await.unwrap();
    }
    let without_cursor = UpdateBackfillRequest {
        problem: "GitHub is slow".to_owned(),
        ..running(&leased)
    };
    server.set_time(NOON + 30);
    update(&server, without_cursor).await.unwrap();
    server.set_time(NOON + 300);
    let leased = Requests::watch(&server).await.next().await;
    let backfill = leased.backfill.unwrap();
    assert_eq!(backfill.status(), BackfillStatus::Running);
    assert_eq!(backfill.cursor_time, time(4000), "what is loaded, stays so");
    assert_eq!((backfill.run_count, backfill.request_count), (150, 4));
    assert_eq!(backfill.problem, "GitHub is slow");
    assert_eq!(backfill.update_time, time(NOON + 30));
}

#[tokio::test]
async fn one_that_waits_makes_room_for_others() {
    let server = server(&[7, 8, 9]).await;
    for name in ["acme/r7", "acme/r8", "acme/r9"] {
        start(&server, name, 1000).await.unwrap();
    }
    let mut requests = Requests::watch(&server).await;
    let (first, second) = (requests.next().await, requests.next().await);
    let waiting = UpdateBackfillRequest {
        wait_until_time: time(NOON + 600),
        problem: "no requests are left".to_owned(),
        cursor_time: time(9000),
        ..running(&first)
    };
    update(&server, waiting).await.unwrap();
    let third = requests.next().await;
    assert_eq!(id(&third), "9-1");
    let listed = list(&server).await;
    assert_eq!(listed[0].wait_until_time, time(NOON + 600));
    update(&server, done(&second)).await.unwrap();
    // It is not time yet.
    requests.nothing().await;
    server.set_time(NOON + 601);
    let again = requests.next_look().await;
    assert_eq!((id(&again), again.lease), ("7-1", 2));
    assert_eq!(again.backfill.unwrap().wait_until_time, None);
}

#[tokio::test]
async fn a_cancelled_backfill_is_let_go_of() {
    let server = server(&[7]).await;
    let started = start(&server, "acme/r7", 1000).await.unwrap();
    let leased = Requests::watch(&server).await.next().await;
    let cancelled = cancel(&server, &started.id).await.unwrap();
    assert_eq!(cancelled.status(), BackfillStatus::Cancelled);
    assert_eq!(cancelled.end_time, time(NOON));
    let late = update(&server, done(&leased)).await;
    assert_eq!(code(late), Code::FailedPrecondition);
    server.set_time(NOON + 90);
    assert_eq!(cancel(&server, &started.id).await.unwrap(), cancelled);
    assert_eq!(code(cancel(&server, "7-9").await), Code::NotFound);
    assert_eq!(refused_fields(cancel(&server, "7").await), ["id"]);
}

#[tokio::test]
async fn nothing_is_asked_of_github_for_what_it_does_not_show() {
    let server = server(&[7, 8]).await;
    start(&server, "acme/r7", 1000).await.unwrap();
    start(&server, "acme/r8", 1000).await.unwrap();
    let mut suspended = sync(20, &[]);
    let installation = suspended.installation.as_mut().unwrap();
    installation.state = v1::InstallationState::Suspended.into();
    server.ingest().sync_installation(suspended).await.unwrap();
    let mut requests = Requests::watch(&server).await;
    // It is suspended.
    requests.nothing().await;
    server.sync(30, &[8]).await;
    assert_eq!(id(&requests.next().await), "8-1");
    let listed = list(&server).await;
    assert_eq!(listed.len(), 1, "7 is hidden");
    requests.nothing().await;
}

#[tokio::test]
async fn the_stream_gives_signs_of_life_and_ends_with_the_server() {
    let server = server(&[]).await;
    let mut requests = Requests::watch(&server).await;
    for _ in 0..3 {
        requests.nothing().await;
    }
    server.server.end_streams().await;
    assert_eq!(code(requests.0.message().await), Code::Unavailable);
    let mut late = Requests::watch(&server).await;
    assert_eq!(code(late.0.message().await), Code::Unavailable);
}

#[tokio::test]
async fn backfills_are_listed_open_ones_first() {
    let server = server(&[7, 8, 9]).await;
    for (name, second) in [("acme/r7", 1), ("acme/r8", 2), ("acme/r9", 3)] {
        server.set_time(NOON + second);
        start(&server, name, 1000).await.unwrap();
    }
    cancel(&server, "9-1").await.unwrap();
    let ask = async |limit, ids: &[&str]| {
        let request = ListBackfillsRequest {
            limit,
            ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        };
        let answer = server.system().list_backfills(request).await.unwrap();
        let answer = answer.into_inner();
        assert_eq!(answer.open_count, 2);
        let ids = answer.backfills.into_iter().map(|it| it.id);
        ids.collect::<Vec<_>>()
    };
    assert_eq!(ask(0, &[]).await, ["8-1", "7-1", "9-1"]);
    assert_eq!(ask(1, &[]).await, ["8-1"]);
    assert_eq!(ask(0, &["9-1", "7-1", "7-2"]).await, ["7-1", "9-1"]);
    let bad = ListBackfillsRequest {
        limit: 0,
        ids: vec!["7-1".to_owned(), "x".to_owned()],
    };
    let fields = refused_fields(server.system().list_backfills(bad).await);
    assert_eq!(fields, ["ids[1]"]);
}

#[tokio::test]
async fn a_bad_update_is_refused() {
    let server = server(&[]).await;
    let nothing = UpdateBackfillRequest::default();
    let fields = refused_fields(update(&server, nothing).await);
    assert_eq!(fields, ["id", "lease", "status"]);
    let bad = UpdateBackfillRequest {
        id: "7-1".to_owned(),
        lease: 1,
        status: BackfillStatus::Cancelled.into(),
        added_run_count: -1,
        added_request_count: -1,
        problem: "p".repeat(1001),
        ..UpdateBackfillRequest::default()
    };
    let fields = refused_fields(update(&server, bad).await);
    let expected = [
        "status",
        "added_run_count",
        "added_request_count",
        "problem",
    ];
    assert_eq!(fields, expected);
    let unknown = UpdateBackfillRequest {
        id: "7-1".to_owned(),
        lease: 1,
        status: BackfillStatus::Running.into(),
        ..UpdateBackfillRequest::default()
    };
    let unknown = update(&server, unknown).await;
    assert_eq!(code(unknown), Code::FailedPrecondition);
}

//! Several servers on one database. `make test` runs these beside a server of `PostgreSQL`; without
//! one there is nothing that servers could share.

use std::{collections::BTreeSet, time::Duration};

use http::StatusCode;
use lampboard_proto::v1::{WatchBuildsResponse, watch_builds_response::Event};
use tokio::time::timeout;
use tonic::Streaming;

use crate::support::{
    board::Board,
    github::{OneWorkflow, a_run},
    lampboard::{Lampboard, Mode},
};

/// What a stream tells next, within a second.
async fn next(stream: &mut Streaming<WatchBuildsResponse>) -> Event {
    let next = timeout(Duration::from_secs(1), stream.message()).await;
    let next = next.expect("it took more than a second");
    next.unwrap().unwrap().event.unwrap()
}

#[tokio::test]
async fn a_watcher_has_what_another_server_took_in_within_a_second() {
    let lampboard = Lampboard::start(Mode::TwoProcesses).await;
    let Some(other) = lampboard.another_server().await else {
        return;
    };
    let mut stream = other.board().await.watch().await;
    assert!(matches!(next(&mut stream).await, Event::Sync(_)));
    let (_, event) = a_run();
    let answer = lampboard.hook().deliver_event(&event).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);
    match next(&mut stream).await {
        Event::Build(build) => assert_eq!(build.id, answer.build_id()),
        other => panic!("no build, but {other:?}"),
    }
}

#[tokio::test]
async fn a_killed_server_takes_nothing_from_the_others() {
    let mut lampboard = Lampboard::start(Mode::TwoProcesses).await;
    let Some(other) = lampboard.another_server().await else {
        return;
    };
    let mut stream = other.board().await.watch().await;
    assert!(matches!(next(&mut stream).await, Event::Sync(_)));
    let mut github = OneWorkflow::new();
    let (_, event) = github.next_run();
    let answer = lampboard.hook().deliver_event(&event).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);
    assert!(matches!(next(&mut stream).await, Event::Build(_)));

    lampboard.server.kill();
    let (_, lost) = github.next_run();
    let answer = lampboard.hook().deliver_event(&lost).await.unwrap();
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(other.board().await.builds().await.len(), 1);

    lampboard.restart_server().await;
    let app = lampboard.github_app.as_ref().unwrap();
    app.wait_until_ready().await;
    let answer = lampboard.hook().deliver_event(&lost).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);
    assert!(matches!(next(&mut stream).await, Event::Build(_)));
}

/// How many builds are taken in around the death of a server.
const BURST: usize = 20;

/// Watches as a page does: lists when it is told to, and when its server is gone, asks the next
/// one. Ends once it has heard of so many builds.
async fn watch(boards: Vec<Board>, count: usize) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    for mut board in boards {
        let mut stream = board.watch().await;
        while seen.len() < count {
            let Ok(Some(told)) = stream.message().await else {
                break;
            };
            match told.event {
                Some(Event::Sync(_)) => {
                    let Ok(builds) = board.try_builds().await else {
                        break;
                    };
                    seen.extend(builds.into_iter().map(|build| build.id));
                }
                Some(Event::Build(build)) => {
                    seen.insert(build.id);
                }
                _ => {}
            }
        }
    }
    seen
}

#[tokio::test]
async fn a_watcher_of_a_killed_server_goes_on_at_another_and_misses_nothing() {
    let lampboard = Lampboard::start(Mode::TwoProcesses).await;
    let Some(mut other) = lampboard.another_server().await else {
        return;
    };
    let boards = vec![other.board().await, lampboard.board().await];
    let watching = timeout(Duration::from_mins(1), watch(boards, BURST));
    let mut github = OneWorkflow::new();
    let delivering = async {
        let mut ids = BTreeSet::new();
        for number in 0..BURST {
            let (_, event) = github.next_run();
            let answer = lampboard.hook().deliver_event(&event).await.unwrap();
            assert_eq!(answer.status, StatusCode::OK);
            ids.insert(answer.build_id());
            if number == BURST / 2 {
                other.server.kill();
            }
        }
        ids
    };
    let (seen, delivered) = tokio::join!(watching, delivering);
    assert_eq!(seen.expect("it heard of all"), delivered);
}

//! GitHub, or the way there, out of order.

use std::{sync::Arc, time::Duration};

use lampboard_github_app::github::{Error, GitHub, Limits, Purpose, RequestCounter};
use serde_json::json;
use tokio::net::TcpListener;

use crate::support::{
    INSTALLATION, World,
    clock::SteppedClock,
    connection,
    fake::{Canned, Fake},
    gzip, path,
};

const MIB: usize = 1024 * 1024;

fn thing() -> Canned {
    Canned::json(&json!({ "well": true }))
}

async fn get(world: &World) -> Result<bytes::Bytes, Error> {
    let thing = path("/thing");
    world.github.get(INSTALLATION, Purpose::Live, &thing).await
}

#[tokio::test]
async fn asks_once_more_after_a_failure() {
    for failure in [
        || Canned::status(500),
        || Canned::status(502).with_body("<html>Bad Gateway</html>"),
        || Canned::status(503),
        || Canned::status(504),
        || thing().cut(),
    ] {
        let world = World::new(Fake::answering_in_turn([failure(), thing()])).await;
        assert_eq!(get(&world).await.unwrap(), r#"{"well":true}"#);
        let sleeps = world.clock.sleeps();
        assert_eq!(sleeps.len(), 1);
        let bounds = Duration::from_millis(200)..=Duration::from_secs(1);
        assert!(bounds.contains(&sleeps[0]), "{sleeps:?}");
    }
}

#[tokio::test]
async fn does_not_ask_a_third_time() {
    let world = World::new(Fake::answering(|_| Canned::status(502))).await;
    assert!(matches!(get(&world).await, Err(Error::Unavailable(_))));
    assert_eq!(world.fake.asked_for_data().len(), 2);
    let world = World::new(Fake::answering(|_| thing().cut())).await;
    assert!(matches!(get(&world).await, Err(Error::Unavailable(_))));
    assert_eq!(world.fake.asked_for_data().len(), 2);
}

#[tokio::test]
async fn does_not_repeat_what_changes_something() {
    let world = World::new(Fake::answering(|_| Canned::status(502))).await;
    let redelivered = world.github.redeliver(5).await;
    assert!(matches!(redelivered, Err(Error::Unavailable(_))));
    assert_eq!(world.fake.asked().len(), 1);
    let world = World::new(Fake::answering_all(|_| Canned::status(502))).await;
    assert!(matches!(get(&world).await, Err(Error::Unavailable(_))));
    assert_eq!(world.fake.tokens_made(), 1);
}

#[tokio::test]
async fn does_not_wait_for_ever() {
    let limits = Limits {
        answer_time: Duration::from_millis(100),
        ..Limits::default()
    };
    let fake = Fake::answering_all(|_| Canned::never());
    let world = World::with_limits(fake, limits).await;
    let counter = Arc::new(RequestCounter::default());
    let github = world.github.counted(Arc::clone(&counter));
    let error = github.app().await.unwrap_err();
    assert!(matches!(&error, Error::Unavailable(problem) if problem.contains("in time")));
    assert_eq!(counter.sent(), 2);
}

#[tokio::test]
async fn one_that_hangs_does_not_hold_up_another() {
    let fake = Fake::answering(|asked| match asked.bearer() {
        "token-1" => Canned::never(),
        _ => thing(),
    });
    let world = World::new(fake).await;
    let hanging = get(&world);
    tokio::pin!(hanging);
    let other = async {
        while world.fake.asked_for_data().is_empty() {
            tokio::task::yield_now().await;
        }
        world.github.get(99, Purpose::Live, &path("/thing")).await
    };
    tokio::select! {
        biased;
        other = other => assert_eq!(other.unwrap(), r#"{"well":true}"#),
        hung = &mut hanging => panic!("the one that hangs was first: {hung:?}"),
    }
}

#[tokio::test]
async fn tells_that_nobody_is_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let fake = Fake::answering(|_| thing());
    let connection = connection(&url.parse().unwrap());
    let github = GitHub::new(connection, fake.clock.clone()).unwrap();
    let error = github.app().await.unwrap_err();
    let said = error.to_string();
    assert!(
        said.starts_with("github can not be reached: client error (Connect): "),
        "{said}"
    );
    assert!(said.contains("refused"), "{said}");
    assert_eq!(github.clock_offset(), None);
}

#[tokio::test]
async fn tells_that_somebody_hangs_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let hang_up = async move {
        loop {
            drop(listener.accept().await.unwrap());
        }
    };
    let hanging_up = tokio::spawn(hang_up);
    let clock = Arc::new(SteppedClock::new());
    let counter = Arc::new(RequestCounter::default());
    let github = GitHub::new(connection(&url.parse().unwrap()), Arc::clone(&clock) as _).unwrap();
    let app = github.counted(Arc::clone(&counter)).app().await;
    assert!(matches!(app, Err(Error::Unavailable(_))), "{app:?}");
    assert_eq!((counter.sent(), clock.sleeps().len()), (2, 1));
    hanging_up.abort();
}

#[tokio::test]
async fn takes_answers_up_to_a_size() {
    let large = format!("\"{}\"", "a".repeat(32 * MIB - 2));
    let fake = Fake::answering_in_turn([
        Canned::status(200).with_body(large.clone()),
        Canned::status(200).with_body(large + " "),
        Canned::status(200).with_body(vec![b' '; 33 * MIB]),
    ]);
    let world = World::new(fake).await;
    assert_eq!(get(&world).await.unwrap().len(), 32 * MIB);
    assert!(matches!(get(&world).await, Err(Error::TooLarge { .. })));
    assert!(matches!(get(&world).await, Err(Error::TooLarge { .. })));
    assert_eq!(world.fake.asked_for_data().len(), 3);
}

#[tokio::test]
async fn unpacks_answers_and_counts_them_unpacked() {
    let packed = |size| {
        let packed = gzip::zeros(size);
        Canned::status(200)
            .with("content-encoding", "gzip")
            .with_body(packed)
    };
    assert!(gzip::zeros(33 * MIB).len() < MIB);
    let world = World::new(Fake::answering_in_turn([packed(5000), packed(33 * MIB)])).await;
    let unpacked = get(&world).await.unwrap();
    assert!(unpacked.len() >= 5000 && unpacked.iter().all(|byte| *byte == 0));
    assert!(matches!(get(&world).await, Err(Error::TooLarge { .. })));
    assert_eq!(
        world.fake.asked()[0].header("accept-encoding"),
        Some("gzip")
    );
}

#[tokio::test]
async fn tells_a_missing_permission_from_a_limit() {
    let fake = Fake::answering(|asked| {
        Canned::refusal(403, "Resource not accessible by integration")
            .with("x-accepted-github-permissions", "actions=read")
            .with_remaining(4000, asked)
    });
    let world = World::new(fake).await;
    for _ in 0..2 {
        match get(&world).await {
            Err(Error::Forbidden {
                message,
                accepted_permissions,
            }) => {
                assert_eq!(message, "Resource not accessible by integration");
                assert_eq!(accepted_permissions.as_deref(), Some("actions=read"));
            }
            other => panic!("not forbidden: {other:?}"),
        }
    }
    assert_eq!(world.fake.asked_for_data().len(), 2);
}

#[tokio::test]
async fn tells_what_is_not_there_and_what_is_refused() {
    for status in [404, 410] {
        let world = World::new(Fake::answering(move |_| {
            Canned::refusal(status, "Not Found")
        }))
        .await;
        assert!(matches!(get(&world).await, Err(Error::NotFound { path }) if path == "/thing"));
    }
    let world = World::new(Fake::answering(|_| Canned::refusal(451, "Blocked"))).await;
    assert!(
        matches!(get(&world).await, Err(Error::Refused { status, message, .. })
            if status == 451 && message == "Blocked")
    );
    assert_eq!(world.fake.asked_for_data().len(), 1);
}

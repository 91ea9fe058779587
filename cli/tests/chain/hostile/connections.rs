//! Connections that are slow, many, or given up.

use std::{
    future::pending,
    time::{Duration, Instant},
};

use http::StatusCode;
use tokio::{
    io::AsyncWriteExt as _,
    net::TcpStream,
    task::JoinSet,
    time::{interval, timeout},
};

use crate::support::{
    LARGEST, WEBHOOK, alone_with_large_bodies,
    github::{OneWorkflow, a_run_of_size},
    lampboard::Lampboard,
    raw,
};

/// When a connection that sends no whole head must be gone.
const HEAD_TIME: Duration = Duration::from_secs(12);
/// The same of a body.
const BODY_TIME: Duration = Duration::from_secs(10);

#[tokio::test]
async fn slow_heads_are_cut_and_hold_nobody_up() {
    let lampboard = Lampboard::serve().await;
    let head = format!("POST {WEBHOOK} HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
    let mut slow = JoinSet::new();
    // In turn: nothing at all, half of HTTP/2's greeting, a head without end.
    for start in ["", "PRI * HTTP/2.0\r\n", "G", &head].repeat(50) {
        let connection = raw::connect(lampboard.webhook_address()).await;
        let drips = start == head;
        slow.spawn(time_until_cut(connection, start.to_owned(), drips));
    }

    let (hook, mut github) = (lampboard.hook(), OneWorkflow::new());
    for _ in 0..20 {
        let (_, event) = github.next_run();
        let start = Instant::now();
        let answer = hook.deliver_event(&event).await.unwrap();
        assert_eq!(answer.status, StatusCode::OK);
        let took = start.elapsed();
        assert!(took < Duration::from_secs(1), "held up for {took:?}");
    }
    assert_eq!(slow.len(), 200);
    for took in slow.join_all().await {
        assert!(took < HEAD_TIME, "cut only after {took:?}");
    }
}

/// Starts, goes on by a byte a second if it drips, and waits for the other side
/// to close.
async fn time_until_cut(mut connection: TcpStream, start: String, drips: bool) -> Duration {
    let begin = Instant::now();
    connection.write_all(start.as_bytes()).await.unwrap();
    let (mut reader, mut writer) = connection.split();
    let drip = async {
        let mut seconds = interval(Duration::from_secs(1));
        while drips && writer.write_all(b"x").await.is_ok() {
            seconds.tick().await;
        }
        pending::<()>().await;
    };
    tokio::select! {
        _ = raw::read_to_end(&mut reader) => {}
        () = drip => {}
    }
    begin.elapsed()
}

#[tokio::test]
async fn slow_bodies_are_cut_and_give_their_room_back() {
    let _alone = alone_with_large_bodies().await;
    let lampboard = Lampboard::serve().await;
    let (_, event) = a_run_of_size(LARGEST);
    let length = format!("Content-Length: {LARGEST}");
    let head = raw::signed_head(&event.name, &event.guid, &event.body, &length);
    let whole = [head.as_bytes(), &event.body].concat();
    let start = Instant::now();
    let mut slow = raw::connect(lampboard.webhook_address()).await;
    let all_but_a_bit = &whole[..whole.len() - 1000];
    slow.write_all(all_but_a_bit).await.unwrap();
    // It holds 25 of the 42 MiB that large bodies share.
    let answer = raw::exchange(lampboard.webhook_address(), &whole).await;
    assert_eq!(raw::statuses(&answer), [503], "{answer}");

    let answer = raw::read_to_end(&mut slow).await;
    assert_eq!(raw::statuses(&answer), [408], "{answer}");
    assert!(start.elapsed() < BODY_TIME, "{:?}", start.elapsed());
    let answer = raw::exchange(lampboard.webhook_address(), &whole).await;
    assert_eq!(raw::statuses(&answer), [200], "{answer}");
}

#[tokio::test]
async fn whoever_leaves_before_the_answer_left_all_or_nothing() {
    let lampboard = Lampboard::serve().await;
    let mut github = OneWorkflow::new();
    let events: Vec<_> = (0..50).map(|_| github.next_run()).collect();
    for (_, event) in &events {
        let length = format!("Content-Length: {}", event.body.len());
        let head = raw::signed_head(&event.name, &event.guid, &event.body, &length);
        let mut connection = raw::connect(lampboard.webhook_address()).await;
        connection.write_all(head.as_bytes()).await.unwrap();
        connection.write_all(&event.body).await.unwrap();
    }
    let mut database = lampboard.database().await;
    let hook = lampboard.hook();
    for (run, event) in &events {
        let stored = database.delivery(&event.guid).await.is_some();
        // Read after it, the build can only be there already.
        let run = i64::try_from(run.0).unwrap();
        assert!(!stored || database.runs().await.contains(&run));
        let again = hook.deliver_event(event).await.unwrap();
        assert_eq!(again.status, StatusCode::OK);
    }
    assert_eq!(database.guids().await.len(), 50);
    assert_eq!(database.runs().await.len(), 50);
}

#[tokio::test]
async fn running_out_of_files_is_survived() {
    let mut lampboard = Lampboard::serve_with_files(64).await;
    let mut connections = Vec::new();
    for _ in 0..100 {
        connections.push(raw::connect(lampboard.webhook_address()).await);
    }
    let full = async {
        while !lampboard
            .server
            .log()
            .contains("can not accept a connection")
        {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let full = timeout(Duration::from_secs(10), full).await;
    full.expect("it did not run out of files");
    drop(connections);

    let (_, event) = OneWorkflow::new().next_run();
    let answer = lampboard.hook().deliver_event(&event).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);
    lampboard.server.assert_serving().await;
}

//! What servers tell each other.

use std::sync::Arc;

use sqlx::Executor as _;

use super::{
    super::fixture::{open_on, record},
    connect, database, reported,
};
use crate::{
    AlertConfig, Clock, Database, Retention,
    alerts::Dispatch,
    fixtures::{at, build_id, facts},
    live::{Event, Live},
    model::{Filter, Status},
    server::teller,
    store::{Feed, Heard, Own, Schema, Store, open},
};

/// What sends alerts, of which there are none.
fn dispatch() -> Arc<Dispatch> {
    let config = AlertConfig::new("http://localhost".parse().unwrap());
    Arc::new(Dispatch::new(config, Clock::new(|| at(0))).unwrap())
}

/// A server whose watchers are told by its feed.
async fn server(database: &Database) -> (Store, Live, Feed) {
    let (live, own) = (Live::new(), Own::default());
    let tell = teller(live.clone(), own.clone(), dispatch());
    let clock = Clock::new(|| at(0));
    let opening = Store::open(database, Schema::Migrate, clock, Retention::default(), tell);
    let store = opening.await.unwrap();
    let feed = store.feed(own).await.unwrap().unwrap();
    (store, live, feed)
}

#[tokio::test]
async fn what_another_server_took_in_is_heard() {
    let Some(database) = database().await else {
        return;
    };
    let (one, _, mut feed) = server(&database).await;
    let other = open_on(&database, |_| ()).await.unwrap();
    record(&other, reported(2, "queued", 1)).await.unwrap();
    record(&one, reported(1, "queued", 1)).await.unwrap();
    record(&one, reported(1, "success", 2)).await.unwrap();
    record(&other, reported(2, "success", 2)).await.unwrap();
    let heard = feed.hear().await.unwrap();
    let [build] = &heard.builds[..] else {
        panic!("another server changed one build: {heard:?}");
    };
    assert_eq!(build.record.id, build_id(2, 1));
    assert_eq!(build.record.facts, facts("success", 2));
    let [first, second] = &heard.own[..] else {
        panic!("this one changed one twice: {heard:?}");
    };
    assert_eq!(first.before, None);
    assert_eq!(second.before.as_ref(), Some(&first.after));
    assert_eq!(second.after.record.facts, facts("success", 2));
    assert!(heard.gone.is_empty() && !heard.list_again);
    assert_eq!(feed.hear().await.unwrap(), Heard::default(), "only once");
}

async fn told_next(watcher: &mut crate::live::Watcher) -> Status {
    match watcher.next().await {
        Some(Event::Build(change)) => change.after.record.facts.status.clone(),
        other => panic!("expected a build, got {other:?}"),
    }
}

#[tokio::test]
async fn a_watcher_ends_with_the_last_state_of_a_build() {
    let Some(database) = database().await else {
        return;
    };
    let (one, live, mut feed) = server(&database).await;
    let other = open_on(&database, |_| ()).await.unwrap();
    let mut watcher = live.watch(Filter::default()).unwrap();
    assert!(matches!(watcher.next().await, Some(Event::Sync)));
    record(&other, reported(1, "in_progress", 1)).await.unwrap();
    let heard = feed.hear().await.unwrap();
    // Before that is told, this server takes in what is newer.
    record(&one, reported(1, "success", 9)).await.unwrap();
    live.publish_heard(heard);
    live.publish_heard(feed.hear().await.unwrap());
    assert_eq!(told_next(&mut watcher).await, Status::InProgress);
    assert_eq!(told_next(&mut watcher).await, facts("success", 9).status);
}

#[tokio::test]
async fn a_build_that_two_servers_change_is_told_once_as_it_is() {
    let Some(database) = database().await else {
        return;
    };
    let (one, _, mut feed) = server(&database).await;
    let other = open_on(&database, |_| ()).await.unwrap();
    record(&one, reported(1, "queued", 1)).await.unwrap();
    record(&other, reported(1, "success", 9)).await.unwrap();
    let mut rerun = reported(1, "success", 9);
    rerun.builds[0].1.title = "Another".to_owned();
    rerun.builds[0].1.update_time = at(10);
    record(&one, rerun).await.unwrap();
    let heard = feed.hear().await.unwrap();
    assert_eq!(heard.own, []);
    assert_eq!(heard.builds.len(), 1);
    assert_eq!(heard.builds[0].record.facts.title, "Another");
}

#[tokio::test]
async fn what_was_not_kept_of_our_own_is_read() {
    let Some(database) = database().await else {
        return;
    };
    let store = open_on(&database, |_| ()).await.unwrap();
    let mut feed = store.feed(Own::default()).await.unwrap().unwrap();
    record(&store, reported(1, "queued", 1)).await.unwrap();
    let heard = feed.hear().await.unwrap();
    assert_eq!((heard.own.len(), heard.builds.len()), (0, 1));
}

#[tokio::test]
async fn others_are_heard_while_all_who_read_are_busy() {
    let Some(database) = database().await else {
        return;
    };
    let (one, _, mut feed) = server(&database).await;
    let mut taken = Vec::new();
    for _ in 0..4 {
        taken.push(one.readers.snapshot().await.unwrap());
    }
    record(&one, reported(1, "queued", 1)).await.unwrap();
    assert_eq!(feed.hear().await.unwrap().own.len(), 1);
    drop(taken);
}

#[tokio::test]
async fn a_commit_that_comes_late_is_not_skipped() {
    let Some(database) = database().await else {
        return;
    };
    let store = open_on(&database, |_| ()).await.unwrap();
    let other = open_on(&database, |_| ()).await.unwrap();
    record(&other, reported(1, "queued", 1)).await.unwrap();
    let mut feed = store.feed(Own::default()).await.unwrap().unwrap();
    // A third server has its number, and is not through with its commit.
    let mut late = connect(&database).await;
    late.execute(open::postgres::BEGIN).await.unwrap();
    late.execute(
        "INSERT INTO change (number, origin, run_id, run_attempt, repository_id)
         SELECT MAX(number) + 1, 'third', 1, 1, MAX(repository_id) FROM change",
    )
    .await
    .unwrap();
    let mut waiting = Box::pin(record(&other, reported(2, "queued", 1)));
    let early = tokio::time::timeout(std::time::Duration::from_millis(100), &mut waiting).await;
    assert!(early.is_err(), "the greater number is not given yet");
    assert_eq!(feed.hear().await.unwrap(), Heard::default());
    late.execute("COMMIT").await.unwrap();
    waiting.await.unwrap();
    let heard = feed.hear().await.unwrap();
    let heard: Vec<_> = heard.builds.iter().map(|b| b.record.id).collect();
    assert_eq!(heard, [build_id(1, 1), build_id(2, 1)]);
}

#[tokio::test]
async fn whoever_is_far_behind_lists_again() {
    let Some(database) = database().await else {
        return;
    };
    let store = open_on(&database, |_| ()).await.unwrap();
    let mut feed = store.feed(Own::default()).await.unwrap().unwrap();
    let mut other = connect(&database).await;
    other
        .execute(
            "INSERT INTO change (number, origin, run_id, run_attempt, repository_id)
             VALUES (20000, 'third', 1, 1, 1)",
        )
        .await
        .unwrap();
    let heard = feed.hear().await.unwrap();
    assert!(heard.list_again);
    assert_eq!(heard.gone.len(), 1, "nobody knows this build");
}

#[tokio::test]
async fn whoever_saw_what_a_restore_took_back_lists_again() {
    let Some(database) = database().await else {
        return;
    };
    let store = open_on(&database, |_| ()).await.unwrap();
    let other = open_on(&database, |_| ()).await.unwrap();
    for run in 1..=5 {
        record(&other, reported(run, "queued", 1)).await.unwrap();
    }
    let mut feed = store.feed(Own::default()).await.unwrap().unwrap();
    assert_eq!(feed.hear().await.unwrap(), Heard::default());
    let again = Heard {
        list_again: true,
        ..Heard::default()
    };
    let mut owner = connect(&database).await;
    for taken_back in [
        "DELETE FROM change WHERE number > 2",
        // Other changes have their numbers by the time that it is looked.
        "UPDATE change SET run_id = 70 WHERE number = (SELECT MAX(number) FROM change)",
        "DELETE FROM change",
    ] {
        owner.execute(taken_back).await.unwrap();
        assert_eq!(feed.hear().await.unwrap(), again, "{taken_back}");
        assert_eq!(feed.hear().await.unwrap(), Heard::default(), "only once");
        record(&other, reported(6, "queued", 1)).await.unwrap();
        record(&other, reported(6, "success", 2)).await.unwrap();
        let heard = feed.hear().await.unwrap();
        assert_eq!((heard.builds.len(), heard.list_again), (1, false));
        owner
            .execute("DELETE FROM build WHERE run_id = 6")
            .await
            .unwrap();
    }
}

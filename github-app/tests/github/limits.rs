//! What GitHub allows is kept to without asking, and nobody waits for it here.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use lampboard_github_app::{
    clock::Clock as _,
    github::{Error, Listed, Purpose, Spent},
};
use serde_json::json;

use crate::support::{
    INSTALLATION, World,
    fake::{Asked, Canned, Fake},
    path,
};

const OTHER: i64 = 99;

fn thing() -> Canned {
    Canned::json(&json!({}))
}

async fn get_for(world: &World, installation: i64, purpose: Purpose) -> Result<(), Error> {
    let got = world
        .github
        .get(installation, purpose, &path("/thing"))
        .await;
    got.map(drop)
}

async fn get(world: &World) -> Result<(), Error> {
    get_for(world, INSTALLATION, Purpose::Live).await
}

/// Until when the call says that there is no asking.
fn limited(call: Result<(), Error>) -> Timestamp {
    match call {
        Err(Error::Limited { until }) => until,
        other => panic!("it was not limited: {other:?}"),
    }
}

/// How long from now it is limited.
async fn wait(world: &World) -> SignedDuration {
    let until = limited(get(world).await);
    until.duration_since(world.clock.now())
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

#[tokio::test]
async fn asks_nothing_before_the_reset() {
    for status in [200, 403, 429] {
        let first = AtomicU64::new(0);
        let fake = Fake::answering(move |asked| match first.fetch_add(1, Ordering::Relaxed) {
            0 if status == 200 => thing().with_remaining(0, asked),
            0 => Canned::refusal(status, "API rate limit exceeded").with_remaining(0, asked),
            _ => thing().with_remaining(4999, asked),
        });
        let world = World::new(fake).await;
        let first = get(&world).await;
        assert_eq!(first.is_ok(), status == 200);
        assert_eq!(wait(&world).await, minutes(30));
        world.clock.step(minutes(30) - seconds(1));
        assert_eq!(wait(&world).await, seconds(1));
        assert_eq!(world.fake.asked_for_data().len(), 1, "{status}");
        world.clock.step(seconds(1));
        get(&world).await.unwrap();
        assert!(world.clock.sleeps().is_empty());
    }
}

#[tokio::test]
async fn who_waited_for_a_turn_does_not_ask_either() {
    let world = World::new(Fake::answering(|asked| thing().with_remaining(0, asked))).await;
    let calls = join_all((0..10).map(|_| get(&world))).await;
    assert_eq!(calls.iter().filter(|call| call.is_ok()).count(), 1);
    assert_eq!(world.fake.asked_for_data().len(), 1);
}

#[tokio::test]
async fn other_installations_go_on() {
    let fake = Fake::answering(|asked| match asked.bearer() {
        "token-1" => thing().with_remaining(0, asked),
        _ => thing().with_remaining(4000, asked),
    });
    let world = World::new(fake).await;
    get(&world).await.unwrap();
    limited(get(&world).await);
    get_for(&world, OTHER, Purpose::Live).await.unwrap();
    world.github.app().await.unwrap();
}

#[tokio::test]
async fn a_limited_app_makes_no_tokens() {
    let fake =
        Fake::answering_all(|_| Canned::refusal(429, "Too many requests").with("retry-after", 90));
    let world = World::new(fake).await;
    assert_eq!(wait(&world).await, seconds(90));
    limited(get_for(&world, OTHER, Purpose::Live).await);
    assert_eq!(world.fake.asked().len(), 1);
}

#[tokio::test]
async fn waits_as_long_as_github_says() {
    let secondary = "You have exceeded a secondary rate limit.";
    for (status, after, wait_for) in [
        (403, "90", seconds(90)),
        (429, "7", seconds(7)),
        (503, "20", seconds(20)),
        (429, "Sun, 01 Mar 2026 12:05:00 GMT", minutes(5)),
        (403, "Sun, 01 Mar 2026 11:00:00 GMT", seconds(1)),
        (429, "0", seconds(1)),
        (429, "99999999999999", SignedDuration::from_hours(24)),
    ] {
        let fake =
            Fake::answering(move |_| Canned::refusal(status, secondary).with("retry-after", after));
        let world = World::new(fake).await;
        assert_eq!(wait(&world).await, wait_for, "{status} {after}");
        assert_eq!(wait(&world).await, wait_for, "{status} {after}");
        assert_eq!(world.fake.asked_for_data().len(), 1);
        world.clock.step(wait_for);
        limited(get(&world).await);
        assert_eq!(world.fake.asked_for_data().len(), 2);
    }
}

#[tokio::test]
async fn a_time_is_meant_by_githubs_clock() {
    let fake = Fake::answering(|_| {
        Canned::refusal(429, "").with("retry-after", "Sun, 01 Mar 2026 13:05:00 GMT")
    });
    let world = World::new(fake.ahead_by(minutes(60))).await;
    assert_eq!(wait(&world).await, minutes(5));
    let fake = Fake::answering(|asked| {
        let reset = asked.time + minutes(60 + 7);
        Canned::refusal(403, "")
            .with("x-ratelimit-remaining", 0)
            .with("x-ratelimit-reset", reset.as_second())
    });
    let world = World::new(fake.ahead_by(minutes(60))).await;
    assert_eq!(wait(&world).await, minutes(7));
}

#[tokio::test]
async fn waits_longer_each_time_that_github_does_not_say() {
    let well = Arc::new(AtomicU64::new(0));
    let is_well = Arc::clone(&well);
    let fake = Fake::answering(move |asked| match is_well.load(Ordering::Relaxed) {
        0 => Canned::refusal(403, "You have exceeded a secondary rate limit")
            .with_remaining(3000, asked),
        _ => thing(),
    });
    let world = World::new(fake).await;
    for expected in [1, 2, 4, 8, 16, 32, 60, 60] {
        assert_eq!(wait(&world).await, minutes(expected));
        world.clock.step(minutes(expected));
    }
    well.store(1, Ordering::Relaxed);
    get(&world).await.unwrap();
    well.store(0, Ordering::Relaxed);
    assert_eq!(wait(&world).await, minutes(1));
}

#[tokio::test]
async fn a_429_without_a_word_is_a_limit_too() {
    let world = World::new(Fake::answering(|_| Canned::status(429))).await;
    assert_eq!(wait(&world).await, minutes(1));
}

#[tokio::test]
async fn keeps_a_tenth_for_live_work() {
    let world = World::new(Fake::answering(|asked| thing().with_remaining(500, asked))).await;
    get(&world).await.unwrap();
    for purpose in [Purpose::Reconcile, Purpose::Backfill] {
        limited(get_for(&world, INSTALLATION, purpose).await);
    }
    get(&world).await.unwrap();
    assert_eq!(world.fake.asked_for_data().len(), 2);
    // Of another installation nothing is known yet: one request tells.
    get_for(&world, OTHER, Purpose::Backfill).await.unwrap();
    limited(get_for(&world, OTHER, Purpose::Backfill).await);
}

/// A limit of a hundred requests, of which many are left.
fn of_a_hundred(asked: &Asked) -> Canned {
    thing()
        .with("x-ratelimit-limit", 100)
        .with("x-ratelimit-remaining", 90)
        .with("x-ratelimit-reset", (asked.time + minutes(30)).as_second())
}

/// How many requests of a purpose are made before it is limited.
async fn count(world: &World, purpose: Purpose) -> u64 {
    for count in 0..100 {
        if get_for(world, INSTALLATION, purpose).await.is_err() {
            return count;
        }
    }
    panic!("there is no limit");
}

#[tokio::test]
async fn takes_a_fifth_in_the_background_and_leaves_some_to_reconcile() {
    let world = World::new(Fake::answering(of_a_hundred)).await;
    assert_eq!(count(&world, Purpose::Backfill).await, 15);
    assert_eq!(count(&world, Purpose::Reconcile).await, 5);
    assert_eq!(count(&world, Purpose::Backfill).await, 0);
    get(&world).await.unwrap();
    let spent = Spent {
        live: 1,
        reconcile: 5,
        backfill: 15,
    };
    let budgets = world.github.budgets();
    let budget = budgets
        .iter()
        .find(|it| it.installation_id == Some(INSTALLATION))
        .unwrap();
    assert_eq!(budget.spent, spent);
    assert_eq!((budget.limit, budget.remaining), (Some(100), Some(90)));
    assert_eq!(budget.limited_until, None);
}

#[tokio::test]
async fn has_a_fifth_again_after_an_hour_whatever_github_resets() {
    let world = World::new(Fake::answering(of_a_hundred)).await;
    assert_eq!(count(&world, Purpose::Reconcile).await, 20);
    let until = limited(get_for(&world, INSTALLATION, Purpose::Reconcile).await);
    assert_eq!(until.duration_since(world.clock.now()), minutes(61));
    world.clock.step(minutes(60));
    assert_eq!(count(&world, Purpose::Reconcile).await, 0);
    world.clock.step(minutes(1));
    assert_eq!(count(&world, Purpose::Reconcile).await, 20);
}

#[tokio::test]
async fn what_did_not_change_costs_nothing() {
    let fake = Fake::answering(|asked| match asked.header("if-none-match") {
        Some(_) => Canned::status(304),
        None => of_a_hundred(asked).with("etag", "W/\"a\""),
    });
    let world = World::new(fake).await;
    let list = path("/list");
    let first = world
        .github
        .list(INSTALLATION, Purpose::Reconcile, &list, None)
        .await;
    let Ok(Listed::Page { etag, .. }) = first else {
        panic!("no page: {first:?}");
    };
    for _ in 0..200 {
        let again = world
            .github
            .list(INSTALLATION, Purpose::Reconcile, &list, etag.as_ref())
            .await;
        assert!(matches!(again, Ok(Listed::NotModified)));
    }
    assert_eq!(world.github.budgets()[1].spent.reconcile, 1);
}

#[tokio::test]
async fn a_server_without_limits_is_asked_without_limits() {
    let world = World::new(Fake::answering(|_| thing())).await;
    for _ in 0..100 {
        get_for(&world, INSTALLATION, Purpose::Backfill)
            .await
            .unwrap();
    }
    let budgets = world.github.budgets();
    assert_eq!(budgets[1].limit, None);
    assert_eq!(budgets[1].spent.backfill, 100);
}

#[tokio::test]
async fn a_limit_of_something_else_is_not_taken_for_the_hours() {
    let fake = Fake::answering(|_| {
        thing()
            .with("x-ratelimit-limit", 10)
            .with("x-ratelimit-remaining", 0)
            .with("x-ratelimit-reset", 2_000_000_000)
            .with("x-ratelimit-resource", "search")
    });
    let world = World::new(fake).await;
    get(&world).await.unwrap();
    get(&world).await.unwrap();
}

#[tokio::test]
async fn makes_four_requests_at_a_time_and_no_more() {
    let fake = Fake::answering(|asked| match asked.path.as_str() {
        "/hang" => Canned::never(),
        _ => thing(),
    });
    let world = World::new(fake).await;
    let hang = path("/hang");
    let calls = (1..=5).map(|id| world.github.get(id, Purpose::Live, &hang));
    let hanging = || {
        let mut asked = world.fake.asked_for_data();
        asked.retain(|asked| asked.path == "/hang");
        asked.len()
    };
    let meanwhile = async {
        while hanging() < 4 {
            tokio::task::yield_now().await;
        }
        // While another client comes and goes, the fifth would long have come.
        let other = world.another_client();
        for _ in 0..20 {
            other.get(99, Purpose::Live, &path("/thing")).await.unwrap();
        }
        assert_eq!(hanging(), 4);
    };
    tokio::select! {
        biased;
        calls = join_all(calls) => panic!("there was no end to wait for: {calls:?}"),
        () = meanwhile => {}
    }
}

#[tokio::test]
async fn tells_what_is_left_of_each() {
    let world = World::new(Fake::answering(|asked| thing().with_remaining(0, asked))).await;
    assert_eq!(world.github.budgets(), []);
    get(&world).await.unwrap();
    let budgets = world.github.budgets();
    let ids: Vec<_> = budgets
        .iter()
        .map(|budget| budget.installation_id)
        .collect();
    assert_eq!(ids, [None, Some(INSTALLATION)]);
    assert_eq!(
        budgets[0].spent,
        Spent {
            live: 1,
            ..Spent::default()
        }
    );
    let reset = Some(world.clock.now() + minutes(30));
    assert_eq!(budgets[1].remaining, Some(0));
    assert_eq!(
        (budgets[1].reset_time, budgets[1].limited_until),
        (reset, reset)
    );
    world.clock.step(minutes(30));
    let budgets = world.github.budgets();
    assert_eq!(
        (budgets[1].remaining, budgets[1].limited_until),
        (Some(5000), None)
    );
}

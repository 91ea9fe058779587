//! Leases of installations: one holder at a time, whoever calls when, and nobody without a share.

mod chance;
mod work;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use super::fixture::{Fixture, synced};
use crate::{
    Clock,
    fixtures::at,
    model::{HoldRequest, InstallationId, InstallationState},
};

/// A store whose clock is at a second that the test chooses.
struct Leases {
    fixture: Fixture,
    second: Arc<AtomicI64>,
}

fn request(holder: &str) -> HoldRequest {
    HoldRequest {
        holder: holder.to_owned(),
        asked: Vec::new(),
        undivided: false,
        leave: false,
    }
}

impl Leases {
    /// A store that knows installations.
    async fn of(installations: &[i64]) -> Self {
        let second = Arc::new(AtomicI64::new(0));
        let now = Arc::clone(&second);
        let clock = Clock::new(move || at(now.load(Ordering::Relaxed)));
        let fixture = Fixture::open_by(clock).await;
        for id in installations {
            fixture.sync(*id, 0, &[*id]).await;
        }
        Self { fixture, second }
    }

    fn wait(&self, seconds: i64) {
        self.second.fetch_add(seconds, Ordering::Relaxed);
    }

    /// The installations that are held after a call, with the numbers of their leases.
    async fn call(&self, request: HoldRequest) -> BTreeMap<i64, i64> {
        let held = self.fixture.store.hold(request).await.unwrap();
        held.iter()
            .map(|it| (it.installation.0, it.number))
            .collect()
    }

    async fn hold(&self, holder: &str) -> Vec<i64> {
        self.call(request(holder)).await.into_keys().collect()
    }

    async fn ask_time(&self, holder: &str, id: i64) -> Option<jiff::Timestamp> {
        let held = self.fixture.store.hold(request(holder)).await.unwrap();
        let held = held.iter().find(|it| it.installation.0 == id);
        held.unwrap().ask_time
    }
}

#[tokio::test]
async fn who_is_alone_holds_all_at_once_and_keeps_it() {
    let leases = Leases::of(&[1, 2]).await;
    let first = leases.call(request("a")).await;
    assert_eq!(first, BTreeMap::from([(0, 1), (1, 1), (2, 1)]));
    for _ in 0..10 {
        leases.wait(29);
        assert_eq!(leases.call(request("a")).await, first, "they are kept");
    }
    leases.wait(300);
    assert_eq!(
        leases.call(request("a")).await,
        first,
        "nobody else had them"
    );
}

#[tokio::test]
async fn a_dead_ones_installations_go_to_another_when_its_time_is_over() {
    let leases = Leases::of(&[1]).await;
    leases.hold("a").await;
    leases.wait(29);
    assert_eq!(leases.hold("b").await, [0; 0]);
    leases.wait(1);
    assert_eq!(
        leases.call(request("b")).await,
        BTreeMap::from([(0, 2), (1, 2)])
    );
    assert_eq!(leases.hold("a").await, [0; 0], "it came too late");
}

#[tokio::test]
async fn who_leaves_holds_up_nobody() {
    let leases = Leases::of(&[1]).await;
    leases.hold("a").await;
    let leave = HoldRequest {
        leave: true,
        ..request("a")
    };
    assert_eq!(leases.call(leave).await, BTreeMap::new());
    assert_eq!(leases.hold("b").await, [0, 1]);
}

#[tokio::test]
async fn a_new_app_gets_its_share_once_others_let_go_of_it() {
    let leases = Leases::of(&[1, 2, 3, 4]).await;
    assert_eq!(leases.hold("a").await, [0, 1, 2, 3, 4]);
    assert_eq!(leases.hold("b").await, [0; 0], "it waits");
    leases.wait(10);
    assert_eq!(leases.hold("a").await, [0, 1, 2], "as many as its share");
    assert_eq!(
        leases.hold("b").await,
        [0; 0],
        "what a had may still be in use"
    );
    leases.wait(20);
    assert_eq!(leases.hold("b").await, [3, 4]);
    assert_eq!(leases.hold("a").await, [0, 1, 2]);
    leases.wait(30);
    assert_eq!(leases.hold("b").await, [0, 1, 2, 3, 4], "a is dead");
}

#[tokio::test]
async fn whoever_takes_all_or_nothing_shares_with_nobody() {
    let leases = Leases::of(&[1]).await;
    let undivided = |holder| HoldRequest {
        undivided: true,
        ..request(holder)
    };
    for _ in 0..3 {
        assert_eq!(leases.call(undivided("a")).await.len(), 2);
        assert_eq!(leases.call(undivided("b")).await.len(), 0);
        leases.wait(10);
    }
    leases.wait(20);
    assert_eq!(leases.call(undivided("b")).await.len(), 2);
    assert_eq!(leases.call(undivided("a")).await.len(), 0);
}

#[tokio::test]
async fn what_is_asked_about_is_told_to_its_holder_each_time() {
    let leases = Leases::of(&[1]).await;
    let ask = |holder, id| HoldRequest {
        asked: vec![InstallationId(id)],
        ..request(holder)
    };
    // So that it takes no share of what a holds.
    let ask_and_leave = |holder, id| HoldRequest {
        leave: true,
        ..ask(holder, id)
    };
    leases.hold("a").await;
    assert_eq!(leases.ask_time("a", 1).await, None);
    leases.call(ask_and_leave("b", 1)).await;
    let first = leases.ask_time("a", 1).await;
    assert!(first.is_some());
    assert_eq!(leases.ask_time("a", 1).await, first, "nobody asked again");
    leases.call(ask_and_leave("b", 1)).await;
    assert!(leases.ask_time("a", 1).await > first, "in the same moment");

    let new = leases.call(ask("b", 9)).await;
    assert_eq!(
        new,
        BTreeMap::from([(9, 1)]),
        "nobody knew of it: it is had at once"
    );
}

#[tokio::test]
async fn an_uninstalled_installation_is_nobodys_unless_somebody_asks() {
    let leases = Leases::of(&[1]).await;
    let gone = synced(1, InstallationState::Deleted, 1, &[]);
    leases.fixture.sync_as(gone).await;
    assert_eq!(leases.hold("a").await, [0]);
    let ask = HoldRequest {
        asked: vec![InstallationId(1)],
        ..request("a")
    };
    assert_eq!(leases.call(ask).await.len(), 2);
    leases.wait(600);
    assert_eq!(leases.hold("a").await, [0]);
}

//! Leases of installations: one holder at a time, whoever calls when, and nobody without a share.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

use super::{
    super::{GapQuery, LogRead},
    fixture::{Fixture, synced},
};
use crate::{
    Clock, Error,
    fixtures::at,
    model::{
        Gap, GapKind, HoldRequest, InstallationId, InstallationState, MissedDelivery, RepositoryId,
        WHOLE_APP, told_hold,
    },
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

#[tokio::test]
async fn the_cursor_is_moved_by_whoever_holds_the_log() {
    let leases = Leases::of(&[]).await;
    let store = &leases.fixture.store;
    let read = |until, lease| LogRead {
        until: Some(at(until)),
        lease: Some(lease),
        ..LogRead::default()
    };
    let first = leases.call(request("a")).await[&0];
    store.record_missed(read(10, first)).await.unwrap();
    leases.wait(30);
    let late = store.record_missed(read(20, first)).await;
    assert!(matches!(late, Err(Error::Precondition(_))), "it is over");
    let second = leases.call(request("b")).await[&0];
    let stale = store.record_missed(read(20, first)).await;
    assert!(matches!(stale, Err(Error::Precondition(_))), "b has it");
    assert_eq!(store.delivery_cursor().await.unwrap(), Some(at(10)));
    store.record_missed(read(15, second)).await.unwrap();
    assert_eq!(store.delivery_cursor().await.unwrap(), Some(at(15)));
}

#[tokio::test]
async fn history_that_the_log_does_not_tell_is_loaded_of_all_that_is_seen() {
    let leases = Leases::of(&[1, 2]).await;
    let store = &leases.fixture.store;
    let read = |since| LogRead {
        until: Some(at(10)),
        history_since: Some(at(since)),
        ..LogRead::default()
    };
    store.record_missed(read(-100)).await.unwrap();
    store.record_missed(read(-50)).await.unwrap();
    let free = async |holder: &str| store.has_free_backfill(holder, at(0)).await.unwrap();
    assert!(!free("a").await, "it holds nothing");
    leases.hold("a").await;
    assert!(free("a").await);
    let mut names = Vec::new();
    while let Some(leased) = store.lease_backfill("a".to_owned()).await.unwrap() {
        names.push(leased.backfill.repository);
    }
    names.sort();
    assert_eq!(
        names,
        ["acme/repository-1", "acme/repository-2"],
        "each once"
    );
}

#[tokio::test]
async fn missed_deliveries_are_told_to_whoever_holds_their_installation() {
    let leases = Leases::of(&[1, 2]).await;
    let missed = |guid: &str, installation| MissedDelivery {
        guid: guid.to_owned(),
        delivery_id: 1,
        event: "workflow_run".to_owned(),
        action: "completed".to_owned(),
        repository: RepositoryId(0),
        installation: InstallationId(installation),
        deliver_time: at(-10),
        problem: "timed out".to_owned(),
    };
    let store = &leases.fixture.store;
    let all = ["1", "2", "9", "0"].map(|guid| missed(guid, guid.parse().unwrap()));
    let read = LogRead {
        missed: all.into(),
        ..LogRead::default()
    };
    store.record_missed(read).await.unwrap();
    let of = async |ids: &[i64]| {
        let asked = GapQuery {
            kind: GapKind::Delivery,
            repositories: Vec::new(),
            installations: ids.iter().map(|id| InstallationId(*id)).collect(),
            limit: 10,
        };
        let gaps: Vec<Gap> = store.gaps(asked, at(0)).await.unwrap();
        let mut ids: Vec<_> = gaps.iter().map(|gap| gap.installation.0).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(of(&[]).await, [0, 1, 2, 9]);
    assert_eq!(of(&[WHOLE_APP.0]).await, [0, 1, 2, 9], "nobody holds any");
    leases.hold("a").await;
    assert_eq!(of(&[WHOLE_APP.0]).await, [0, 9]);
    assert_eq!(of(&[2]).await, [2]);
    assert_eq!(of(&[WHOLE_APP.0, 1]).await, [0, 1, 9]);
}

#[tokio::test]
async fn only_the_word_of_whoever_holds_the_app_counts() {
    let leases = Leases::of(&[]).await;
    let store = &leases.fixture.store;
    let tell = async |word: u8, holder: &str| {
        let told = store.set_app_status(vec![word], holder.to_owned()).await;
        told.unwrap();
        let status = store.app_status().await.unwrap();
        status.map(|(status, _)| status[0])
    };
    assert_eq!(tell(1, "b").await, Some(1), "nobody holds it");
    leases.hold("a").await;
    assert_eq!(tell(2, "b").await, Some(1));
    assert_eq!(tell(3, "a").await, Some(3));
    leases.wait(30);
    assert_eq!(tell(4, "b").await, Some(4));
}

/// What may happen.
#[derive(Clone, Debug)]
enum Event {
    Wait(i64),
    /// Calls, to hold all or a share, or to leave.
    Call(usize, bool, bool),
    Ask(usize, i64),
}

fn event() -> impl Strategy<Value = Event> {
    let call = (
        0..3usize,
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.1),
    );
    prop_oneof![
        3 => (1..40i64).prop_map(Event::Wait),
        5 => call.prop_map(|(app, undivided, leave)| Event::Call(app, undivided, leave)),
        1 => (0..3usize, 1..6i64).prop_map(|(app, id)| Event::Ask(app, id)),
    ]
}

/// What each of three apps believes to hold, with the number and until which second.
type Beliefs = [BTreeMap<i64, (i64, i64)>; 3];

/// Lets the events happen, each app believing what it was told last.
async fn play(leases: &Leases, events: Vec<Event>) -> Result<(), TestCaseError> {
    let fixture = &leases.fixture;
    fixture.sabotage("DELETE FROM installation_lease").await;
    fixture.sabotage("DELETE FROM app_holder").await;
    let mut beliefs = Beliefs::default();
    let mut last: BTreeMap<i64, (i64, usize)> = BTreeMap::new();
    for event in events {
        let (app, mut call) = match event {
            Event::Wait(seconds) => {
                leases.wait(seconds);
                continue;
            }
            Event::Call(app, undivided, leave) => {
                let call = HoldRequest {
                    undivided,
                    leave,
                    ..request("")
                };
                (app, call)
            }
            Event::Ask(app, id) => {
                let call = HoldRequest {
                    asked: vec![InstallationId(id)],
                    ..request("")
                };
                (app, call)
            }
        };
        call.holder = format!("app-{app}");
        let now = leases.second.load(Ordering::Relaxed);
        beliefs[app].clear();
        for (id, number) in leases.call(call).await {
            let until = now + told_hold().as_secs();
            let others = beliefs.iter().filter_map(|it| it.get(&id));
            let mut others = others.filter(|(_, until)| now < *until);
            prop_assert!(others.next().is_none(), "two hold {id} at {now}");
            let (known, holder) = last.insert(id, (number, app)).unwrap_or_default();
            prop_assert!(number > known || (number == known && holder == app));
            beliefs[app].insert(id, (number, until));
        }
    }
    // Once all call in turn, everything is held, and by nobody more than his share.
    for _ in 0..8 {
        for (app, belief) in beliefs.iter_mut().enumerate() {
            *belief = BTreeMap::new();
            for (id, number) in leases.call(request(&format!("app-{app}"))).await {
                belief.insert(id, (number, 0));
            }
        }
        leases.wait(10);
    }
    let counts: Vec<usize> = beliefs.iter().map(BTreeMap::len).collect();
    let all: usize = counts.iter().sum();
    prop_assert!(all >= 4, "{counts:?}");
    prop_assert!(
        counts.iter().all(|count| *count <= all.div_ceil(3)),
        "{counts:?}"
    );
    Ok(())
}

#[test]
fn two_never_hold_the_same_whatever_happens() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut runner = TestRunner::new(Config {
        cases: 64,
        failure_persistence: None,
        ..Config::default()
    });
    let leases = runtime.block_on(Leases::of(&[1, 2, 3]));
    let stories = prop::collection::vec(event(), 0..60);
    let outcome = runner.run(&stories, |events| runtime.block_on(play(&leases, events)));
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

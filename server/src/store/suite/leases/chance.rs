//! Whatever happens in whatever order, no two hold the same, and in the end all is held.

use std::{collections::BTreeMap, sync::atomic::Ordering};

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

use super::{super::fixture::cases, Leases, request};
use crate::model::{HoldRequest, InstallationId, told_hold};

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
        cases: cases(64),
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

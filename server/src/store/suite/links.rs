//! Which installation sees what: the later word wins, and what nobody sees is hidden everywhere.

use std::collections::BTreeSet;

use proptest::{
    collection::vec,
    prelude::{Just, Strategy},
    test_runner::{Config, TestCaseError, TestRunner},
};

use super::{
    super::{RepositoryQuery, StandingQuery, db::query},
    fixture::{Fixture, cases, synced},
    rows::fetch,
};
use crate::{
    fixtures::{REPOSITORY, at, build_id, facts, job, repository},
    model::{
        Filter, InstallationFacts, InstallationId, InstallationState, Report, Repository,
        RepositoryFacts, RepositoryId, Window,
    },
};

/// The ids of the repositories that are shown as seen through an installation.
async fn seen(fixture: &Fixture, installation: i64) -> Vec<i64> {
    let query = RepositoryQuery {
        installation: Some(InstallationId(installation)),
        names: &[],
    };
    let seen = fixture.store.repositories(query).await.unwrap();
    seen.iter().map(|repository| repository.id.0).collect()
}

/// The ids of all repositories that are shown.
async fn shown(fixture: &Fixture) -> BTreeSet<i64> {
    let query = RepositoryQuery {
        installation: None,
        names: &[],
    };
    let shown = fixture.store.repositories(query).await.unwrap();
    shown.iter().map(|repository| repository.id.0).collect()
}

/// A report that an installation saw a repository at a second.
fn sighting(installation: i64, second: i64, id: i64) -> Report {
    Report {
        repositories: vec![Repository {
            id: RepositoryId(id),
            facts: RepositoryFacts {
                update_time: at(second),
                ..repository().facts
            },
            installation: InstallationId(installation),
        }],
        ..Report::default()
    }
}

#[tokio::test]
async fn an_installation_sees_what_its_last_list_names() {
    let fixture = Fixture::open().await;
    fixture.sync(5, 10, &[7, 8]).await;
    assert_eq!(seen(&fixture, 5).await, [7, 8]);
    fixture.sync(5, 20, &[8, 9]).await;
    assert_eq!(seen(&fixture, 5).await, [8, 9]);
    assert_eq!(shown(&fixture).await, [8, 9].into(), "nobody sees 7");
    fixture.sync(5, 15, &[7]).await;
    assert_eq!(seen(&fixture, 5).await, [8, 9], "that was before");
    fixture.sync(5, 30, &[7]).await;
    assert_eq!(seen(&fixture, 5).await, [7], "it is back");
}

#[tokio::test]
async fn what_another_installation_sees_stays() {
    let fixture = Fixture::open().await;
    fixture.sync(5, 10, &[8]).await;
    fixture.sync(6, 20, &[8]).await;
    assert_eq!(seen(&fixture, 6).await, [8], "the last one to see it");
    assert_eq!(seen(&fixture, 5).await, [] as [i64; 0]);
    fixture.sync(5, 30, &[]).await;
    assert_eq!(seen(&fixture, 6).await, [8]);
    fixture.record(sighting(5, 40, 8)).await;
    assert_eq!(seen(&fixture, 5).await, [8]);
    fixture.remove(5, 50, &[8]).await;
    assert_eq!(seen(&fixture, 6).await, [8]);
    fixture.remove(6, 50, &[8]).await;
    assert_eq!(shown(&fixture).await, [].into());
}

#[tokio::test]
async fn a_repository_of_which_no_link_is_known_is_shown() {
    let fixture = Fixture::open().await;
    fixture.record(sighting(0, 10, 8)).await;
    assert_eq!(shown(&fixture).await, [8].into());
    fixture.sync(5, 20, &[9]).await;
    assert_eq!(shown(&fixture).await, [8, 9].into());
}

#[tokio::test]
async fn a_late_sighting_brings_nothing_back() {
    let fixture = Fixture::open().await;
    fixture.remove(5, 20, &[8]).await;
    fixture.record(sighting(5, 10, 8)).await;
    assert_eq!(shown(&fixture).await, [].into(), "removed by name");
    fixture.sync(5, 20, &[]).await;
    fixture.record(sighting(5, 10, 9)).await;
    assert_eq!(shown(&fixture).await, [].into(), "not listed since");
    fixture.record(sighting(5, 20, 8)).await;
    assert_eq!(shown(&fixture).await, [].into(), "of one time, hiding wins");
    fixture.record(sighting(5, 21, 8)).await;
    assert_eq!(shown(&fixture).await, [8].into());
}

#[tokio::test]
async fn an_installation_that_is_uninstalled_sees_nothing() {
    let fixture = Fixture::open().await;
    fixture.sync(5, 10, &[8, 9]).await;
    let suspended = synced(5, InstallationState::Suspended, 20, &[]);
    fixture.sync_as(suspended).await;
    assert_eq!(seen(&fixture, 5).await, [8, 9], "suspended ones stay");
    let deleted = synced(5, InstallationState::Deleted, 30, &[]);
    fixture.sync_as(deleted).await;
    assert_eq!(shown(&fixture).await, [].into());
    fixture.sync(5, 25, &[8, 9]).await;
    assert_eq!(shown(&fixture).await, [].into(), "that was before");
    fixture.sync(6, 40, &[8]).await;
    assert_eq!(seen(&fixture, 6).await, [8], "installed anew");
}

#[tokio::test]
async fn installations_are_listed_with_what_they_see() {
    let fixture = Fixture::open().await;
    fixture.sync(6, 10, &[8, 9]).await;
    fixture.sync(5, 10, &[9]).await;
    let mut other = synced(4, InstallationState::Suspended, 10, &[]);
    other.installation.facts.account = "zoo".to_owned();
    other.installation.facts.missing_permissions = vec!["actions: read".to_owned()];
    let zoo = other.installation.clone();
    fixture.sync_as(other).await;
    fixture.remove(6, 20, &[9]).await;
    let listed = fixture.store.installations().await.unwrap();
    let told = listed
        .iter()
        .map(|it| (it.installation.id.0, it.repository_count));
    assert_eq!(told.collect::<Vec<_>>(), [(5, 1), (6, 1), (4, 0)]);
    assert_eq!(listed[2].installation, zoo);
}

#[tokio::test]
async fn of_an_installation_the_later_word_is_kept() {
    let fixture = Fixture::open().await;
    let mut late = synced(5, InstallationState::Active, 20, &[]);
    late.installation.facts.account = "acme-renamed".to_owned();
    let expected = late.installation.clone();
    fixture.sync_as(late).await;
    fixture.sync(5, 10, &[]).await;
    let listed = fixture.store.installations().await.unwrap();
    assert_eq!(listed[0].installation, expected);
}

#[tokio::test]
async fn whose_a_lost_installation_was_is_still_known() {
    let fixture = Fixture::open().await;
    let mut known = synced(5, InstallationState::Active, 10, &[]);
    known.installation.facts.url = "https://github.com/settings/installations/5".to_owned();
    let before = known.installation.facts.clone();
    fixture.sync_as(known).await;
    let mut lost = synced(5, InstallationState::Deleted, 20, &[]);
    lost.installation.facts.account = String::new();
    lost.installation.facts.account_id = 0;
    let expected = InstallationFacts {
        account: before.account,
        account_id: before.account_id,
        url: before.url,
        ..lost.installation.facts.clone()
    };
    fixture.sync_as(lost).await;
    let listed = fixture.store.installations().await.unwrap();
    assert_eq!(listed[0].installation.facts, expected);
}

#[tokio::test]
async fn what_is_hidden_is_nowhere_until_it_is_seen_again() {
    let fixture = Fixture::open().await;
    fixture
        .report_build(build_id(1, 1), facts("failure", 60))
        .await;
    fixture
        .report_job(job(11, build_id(1, 1), "failure", (Some(5), Some(50))))
        .await;
    fixture
        .report_build(build_id(2, 1), facts("queued", 60))
        .await;
    assert_eq!(found(&fixture).await, (2, 2, 1, 1, 1));
    fixture.take_news();
    fixture.remove(5, 100, &[REPOSITORY.0]).await;
    assert_eq!(found(&fixture).await, (0, 0, 0, 0, 0));
    let news = fixture.take_news();
    assert!(news.iter().any(|news| news.list_again), "watchers are told");

    // What comes late is recorded, and not told.
    fixture
        .report_build(build_id(2, 1), facts("success", 70))
        .await;
    let news = fixture.take_news();
    assert!(news.iter().all(|news| news.changes.is_empty()));
    assert!(news.iter().all(|news| !news.list_again));

    fixture.record(sighting(5, 200, REPOSITORY.0)).await;
    assert_eq!(found(&fixture).await, (2, 2, 2, 1, 1));
    let news = fixture.take_news();
    assert!(news.iter().any(|news| news.list_again), "watchers are told");
}

/// How much each question finds: a list, look-ups, a number, standings and jobs.
async fn found(fixture: &Fixture) -> (usize, usize, usize, usize, usize) {
    let store = &fixture.store;
    let filter = Filter::default();
    let listed = fixture.list(&filter).await.len();
    let looked_up = [build_id(1, 1), build_id(2, 1)].map(async |id| {
        let build = store.build(id).await.unwrap();
        let attempts = store.attempts(id.run, None).await.unwrap();
        assert_eq!(build.is_some(), !attempts.is_empty());
        usize::from(build.is_some())
    });
    let looked_up = futures_util::future::join_all(looked_up).await;
    let window = Window::of(filter.end_time, at(1000)).unwrap();
    let mut summaries = store.summaries(&filter, &window.into()).await.unwrap();
    let summary = summaries.pop().unwrap();
    let query = StandingQuery {
        repositories: &[],
        broken_only: false,
        limit: 100,
    };
    let standings = store.standings(query).await.unwrap();
    let jobs = store.jobs(build_id(1, 1)).await.unwrap();
    (
        listed,
        looked_up.iter().sum(),
        summary.builds,
        standings.told.len(),
        jobs.len(),
    )
}

#[tokio::test]
async fn many_repositories_are_synced_and_removed_at_once() {
    let fixture = Fixture::open().await;
    let all: Vec<i64> = (1..=700).collect();
    fixture.sync(5, 10, &all).await;
    assert_eq!(seen(&fixture, 5).await.len(), 700);
    fixture.remove(5, 20, &all[..600]).await;
    assert_eq!(seen(&fixture, 5).await.len(), 100);
}

/// Something that is told of two installations and two repositories.
#[derive(Clone, Debug)]
enum Told {
    Sync(i64, InstallationState, i64, Vec<i64>),
    Removed(i64, i64, i64),
    Seen(i64, i64, i64),
}

fn told() -> impl Strategy<Value = Told> {
    let installation = 1..=2i64;
    let second = 0..6i64;
    let states = proptest::prop_oneof![
        6 => Just(InstallationState::Active),
        1 => Just(InstallationState::Suspended),
        1 => Just(InstallationState::Deleted),
    ];
    let list = proptest::sample::subsequence(vec![1, 2], 0..=2);
    let sync = (installation.clone(), states, second.clone(), list).prop_map(
        |(installation, state, second, list)| {
            let active = state == InstallationState::Active;
            let list = if active { list } else { Vec::new() };
            Told::Sync(installation, state, second, list)
        },
    );
    let ends = (installation, second, 1..=2i64);
    let removed = ends
        .clone()
        .prop_map(|(i, second, r)| Told::Removed(i, second, r));
    let seen = ends.prop_map(|(i, second, r)| Told::Seen(i, second, r));
    proptest::prop_oneof![sync, removed, seen]
}

/// What was told, and the order in which it is told another time.
fn told_twice() -> impl Strategy<Value = (Vec<Told>, Vec<Told>)> {
    vec(told(), 1..8).prop_flat_map(|told| {
        let repeated = told.iter().chain(told.iter().take(2)).cloned();
        let repeated = Just(repeated.collect::<Vec<_>>());
        (Just(told), repeated.prop_shuffle())
    })
}

/// Tells it of repositories and installations with ids from `first` on.
async fn tell(fixture: &Fixture, all: &[Told], first: i64) {
    for told in all {
        match told {
            Told::Sync(installation, state, second, list) => {
                let list: Vec<i64> = list.iter().map(|id| first + id).collect();
                let sync = synced(first + installation, *state, *second, &list);
                fixture.sync_as(sync).await;
            }
            Told::Removed(installation, second, id) => {
                fixture
                    .remove(first + installation, *second, &[first + id])
                    .await;
            }
            Told::Seen(installation, second, id) => {
                let seen = sighting(first + installation, *second, first + id);
                fixture.record(seen).await;
            }
        }
    }
}

/// Which repositories are there, hidden or not, and through which installation
/// they are shown.
async fn outcome(fixture: &Fixture, first: i64) -> Vec<(i64, bool, i64)> {
    let query = query(
        "SELECT id, hidden_time IS NOT NULL, installation_id FROM repository
         WHERE id BETWEEN $1 AND $1 + 9 ORDER BY id",
    )
    .bind(first);
    let rows: Vec<(i64, bool, i64)> = fetch(&fixture.store, query).await;
    let relative = |id: i64| if id == 0 { 0 } else { id - first };
    rows.into_iter()
        .map(|(id, hidden, installation)| (relative(id), hidden, relative(installation)))
        .collect()
}

#[test]
fn in_any_order_the_same_repositories_are_hidden() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let fixture = runtime.block_on(Fixture::open());
    let next = std::cell::Cell::new(100);
    let mut runner = TestRunner::new(Config {
        cases: cases(500),
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&told_twice(), |(told, again)| {
        let first = next.get();
        next.set(first + 20);
        runtime.block_on(async {
            tell(&fixture, &told, first).await;
            tell(&fixture, &again, first + 10).await;
            let (one, other) = (
                outcome(&fixture, first).await,
                outcome(&fixture, first + 10).await,
            );
            proptest::prop_assert_eq!(one, other);
            Ok::<(), TestCaseError>(())
        })
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

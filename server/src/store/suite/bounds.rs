//! Bounds: what one question may cost.

use std::time::Duration;

use super::{
    super::{
        BuildPage, Dimension, StandingQuery,
        db::{Query, Snapshot, query},
        metrics::{Bounds, Question},
    },
    fixture::{Fixture, POSTGRES},
    rollups,
};
use crate::{
    Error,
    fixtures::{at, build_id, facts, repository},
    model::{BuildFacts, Filter, GapKind, Intervals, Pattern, Report},
};

const FOREVER: Duration = Duration::from_hours(1);

/// Counts so far, which takes a second for each ten million.
fn count_to(end: i64) -> Query {
    query(
        "WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n
                                  WHERE i < $1)
         SELECT COUNT(*) FROM n",
    )
    .bind(end)
}

#[tokio::test]
async fn a_statement_ends_when_its_time_is_up() {
    let fixture = Fixture::open().await;
    let readers = &fixture.store.readers;
    let mut snapshot = readers
        .snapshot_within(Duration::from_millis(1))
        .await
        .unwrap();
    let counted = count_to(20_000_000).fetch_one(&mut snapshot).await;
    let Err(Error::TooMuch(why)) = counted.map(drop).map_err(Error::from) else {
        panic!("it has no end");
    };
    assert!(why.contains("shorter window"), "{why}");
    drop(snapshot);
    // Whoever has the connection next has all the time.
    for _ in 0..8 {
        let row = count_to(50_000).fetch_one(readers).await.unwrap();
        assert_eq!(row.try_get::<i64, _>(0).unwrap(), 50_000);
    }
}

#[tokio::test]
async fn no_statement_of_a_server_begins_when_the_time_of_the_question_is_up() {
    if std::env::var_os(POSTGRES).is_none() {
        return;
    }
    let fixture = Fixture::open().await;
    let readers = &fixture.store.readers;
    let allowed = async |snapshot: &mut Snapshot| {
        let asked = query(
            "SELECT CAST(setting AS BIGINT) FROM pg_settings
                           WHERE name = 'statement_timeout'",
        );
        let row = asked.fetch_one(snapshot).await.map_err(Error::from)?;
        Ok::<i64, Error>(row.try_get(0)?)
    };
    let mut snapshot = readers.snapshot_within(FOREVER).await.unwrap();
    let all = allowed(&mut snapshot).await.unwrap();
    assert!((3_590_000..=3_600_000).contains(&all), "{all}");
    // Much of it went by.
    snapshot.end_within(FOREVER / 2).unwrap();
    let half = allowed(&mut snapshot).await.unwrap();
    assert!((1_790_000..=1_800_000).contains(&half), "{half}");
    snapshot.end_within(Duration::ZERO).unwrap();
    let none = allowed(&mut snapshot).await;
    assert!(matches!(none, Err(Error::TooMuch(_))), "{none:?}");
    // It was not even asked, and so goes on.
    snapshot.end_within(FOREVER).unwrap();
    allowed(&mut snapshot).await.unwrap();
}

#[tokio::test]
async fn what_says_how_it_stands_has_a_deadline() {
    // A file fails only what takes many steps.
    if std::env::var_os(POSTGRES).is_none() {
        return;
    }
    let fixture = Fixture::open().await;
    let mut store = fixture.store.clone();
    store.patience = Duration::ZERO;
    let standing = StandingQuery {
        repositories: &[],
        broken_only: false,
        limit: 10,
    };
    let late = [
        store.standings(standing).await.map(drop),
        store.delivery_counts(at(0)).await.map(drop),
        store.gap_count(GapKind::Jobs, at(0)).await.map(drop),
        store.gap_count(GapKind::Delivery, at(0)).await.map(drop),
        store
            .summaries_and_running(&Filter::default(), &until(1))
            .await
            .map(drop),
    ];
    for outcome in late {
        assert!(matches!(outcome, Err(Error::TooMuch(_))), "{outcome:?}");
    }
}

#[tokio::test]
async fn who_finds_all_connections_in_use_is_told_that() {
    let fixture = Fixture::open().await;
    let readers = &fixture.store.readers;
    let mut taken = Vec::new();
    for _ in 0..4 {
        taken.push(readers.snapshot().await.unwrap());
    }
    // Whoever waits, does so in no time.
    tokio::time::pause();
    let by_id = fixture.store.build(build_id(1, 1)).await.map(drop);
    let counted = fixture.store.delivery_counts(at(0)).await.map(drop);
    for outcome in [by_id, counted] {
        assert!(matches!(outcome, Err(Error::Busy(_))), "{outcome:?}");
    }
    drop(taken);
}

/// So many builds of one start that it takes a while to look at all of them, and a filter by
/// which each has to be looked at and none is found.
async fn many() -> (Fixture, Filter) {
    let fixture = Fixture::open_file().await;
    let builds = (1..=1500).map(|run| (build_id(run, 1), facts("success", 60)));
    let report = Report {
        repositories: vec![repository()],
        builds: builds.collect(),
        ..Report::default()
    };
    fixture.record(report).await;
    let filter = Filter {
        events: vec!["push".to_owned()],
        branches: vec![Pattern::new("*nowhere*")],
        ..Filter::default()
    };
    (fixture, filter)
}

#[tokio::test]
async fn numbers_have_a_bound_in_time() {
    let (fixture, filter) = many().await;
    let question = Question::new(&filter, &until(1000));
    let ask = |patience| fixture.store.ask(question.clone(), patience);
    let given_up = ask(Duration::ZERO).await;
    assert!(matches!(given_up, Err(Error::TooMuch(_))), "{given_up:?}");
    assert!(ask(FOREVER).await.unwrap().is_empty());
}

#[tokio::test]
async fn lists_have_a_bound_in_time() {
    let (fixture, filter) = many().await;
    let ask = async |limit| {
        let page = BuildPage {
            filter: &filter,
            after: None,
            size: 50,
        };
        let listed = fixture.store.builds_within(page, (FOREVER, limit)).await;
        listed.map(|listed| (listed.builds.len(), listed.next))
    };
    let given_up = ask(Duration::ZERO).await;
    assert!(matches!(given_up, Err(Error::TooMuch(_))), "{given_up:?}");
    assert_eq!(ask(FOREVER).await.unwrap(), (0, None));
}

#[tokio::test]
async fn a_gap_of_a_year_does_not_make_a_list_fail() {
    const HOUR: i64 = 3600;
    let fixture = Fixture::open_file().await;
    let ahead = BuildFacts {
        start_time: at(9000 * HOUR),
        ..facts("queued", 1)
    };
    fixture.report_build(build_id(9999, 1), ahead).await;
    // Few in each hour, and too many to look at all of them in no time.
    let builds = (0..1500).map(|run| {
        let facts = BuildFacts {
            start_time: at(run * HOUR / 5),
            ..facts("success", run * HOUR / 5 + 60)
        };
        (build_id(run + 1, 1), facts)
    });
    let report = Report {
        repositories: vec![repository()],
        builds: builds.collect(),
        ..Report::default()
    };
    fixture.record(report).await;
    let filter = Filter {
        events: vec!["push".to_owned()],
        branches: vec![Pattern::new("*nowhere*")],
        ..Filter::default()
    };
    let ask = async |after, patience| {
        let page = BuildPage {
            filter: &filter,
            after,
            size: 50,
        };
        let listed = fixture
            .store
            .builds_within(page, (patience, Duration::ZERO));
        let listed = listed.await.unwrap();
        (listed.builds.len(), listed.next)
    };
    assert_eq!(ask(None, FOREVER).await, (0, None));
}

fn until(second: i64) -> Intervals {
    Intervals {
        start: None,
        ends: vec![at(second)],
    }
}

/// Builds of 20 branches: each two have more failures than the two before. A few run.
async fn branches() -> Fixture {
    let fixture = Fixture::open().await;
    let facts = |run: i64| BuildFacts {
        branch: format!("branch-{}", run % 20),
        ..facts(
            match (run % 20, run / 20) {
                (3 | 4, 9) => "in_progress",
                (branch, round) if round < branch / 2 => "failure",
                _ => "success",
            },
            60,
        )
    };
    let builds = (0..200).map(|run| (build_id(run + 1, 1), facts(run)));
    let report = Report {
        repositories: vec![repository()],
        builds: builds.collect(),
        ..Report::default()
    };
    fixture.record(report).await;
    fixture
}

#[tokio::test]
async fn of_many_branches_the_same_ones_come_first() {
    let fixture = branches().await;
    let by = Some(Dimension::Branch);
    let question = |exact, limit, bounds| Question {
        dimension: by,
        exact,
        limit,
        bounds,
        ..Question::new(&Filter::default(), &until(86_400))
    };
    let few = Bounds {
        summed: 6,
        ..Bounds::default()
    };
    for exact in [i64::MAX, -1] {
        let all = question(exact, 20, Bounds::default());
        let all = fixture.store.ask(all, FOREVER).await.unwrap();
        assert_eq!(all.len(), 20);
        let best = fixture
            .store
            .ask(question(exact, 3, few), FOREVER)
            .await
            .unwrap();
        let mut names: Vec<&str> = best.keys().map(|slice| slice.value.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["branch-16", "branch-18", "branch-19"]);
        for (slice, summaries) in &best {
            assert_eq!(summaries, &all[slice]);
        }
        let none = Bounds { ranked: 10, ..few };
        let refused = fixture.store.ask(question(exact, 3, none), FOREVER).await;
        assert!(matches!(refused, Err(Error::TooMuch(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn what_only_runs_has_its_place_behind_what_ended() {
    let fixture = branches().await;
    let only = |branches: &[&str]| Filter {
        branches: branches.iter().map(|name| Pattern::new(*name)).collect(),
        ..Filter::default()
    };
    let ask = async |filter: &Filter, second, limit| {
        let store = &fixture.store;
        let by = Dimension::Branch;
        let rows = store.summaries_by(filter, &until(second), by, limit).await;
        let rows = rows.unwrap().into_iter();
        let rows = rows.map(|(slice, sum)| (slice.value, sum.builds, sum.running));
        rows.collect::<Vec<_>>()
    };
    let filter = only(&["branch-2", "branch-3"]);
    let row = |name: &str, builds, running| (name.to_owned(), builds, running);
    let expected = [row("branch-2", 10, 0), row("branch-3", 9, 1)];
    assert_eq!(ask(&filter, 1000, 9).await, expected);
    assert_eq!(ask(&filter, 1000, 1).await, expected[..1]);
    // Before anything ended.
    assert_eq!(ask(&filter, 1, 9).await, [row("branch-3", 0, 1)]);
}

#[tokio::test]
async fn people_are_looked_up_by_their_builds_while_these_are_few() {
    let fixture = branches().await;
    rollups::fold(&fixture.store).await;
    // Whoever reads these finds nothing.
    fixture.sabotage("DELETE FROM rollup WHERE kind = 5").await;
    let count = async |repositories: &[&str], exact| {
        let filter = Filter {
            actors: vec![Pattern::new("ada")],
            repositories: repositories
                .iter()
                .map(|name| Pattern::new(*name))
                .collect(),
            ..Filter::default()
        };
        let question = Question {
            exact,
            ..Question::new(&filter, &until(86_400))
        };
        let summaries = fixture.store.ask(question, FOREVER).await.unwrap();
        summaries.values().map(|all| all[0].builds).sum::<usize>()
    };
    // 198 of 200 builds ended.
    assert_eq!(count(&[], 10).await, 198, "200 are at most 20 times 10");
    assert_eq!(count(&[], 9).await, 0, "and more than 20 times 9");
    assert_eq!(count(&["acme/api"], 10).await, 0);
}

#[tokio::test]
async fn what_lost_its_builds_since_the_last_fold_has_no_row() {
    let fixture = Fixture::open().await;
    let tell = async |run, branch: &str, end| {
        let facts = BuildFacts {
            branch: branch.to_owned(),
            ..facts("success", end)
        };
        fixture.report_build(build_id(run, 1), facts).await;
    };
    tell(1, "main", 60).await;
    tell(2, "next", 60).await;
    rollups::fold(&fixture.store).await;
    tell(2, "other", 61).await;
    let ranked = Bounds {
        summed: 0,
        ..Bounds::default()
    };
    for bounds in [Bounds::default(), ranked] {
        let question = Question {
            dimension: Some(Dimension::Branch),
            exact: -1,
            limit: 5,
            bounds,
            ..Question::new(&Filter::default(), &until(86_400))
        };
        let rows = fixture.store.ask(question, FOREVER).await.unwrap();
        let mut branches: Vec<&str> = rows.keys().map(|slice| slice.value.as_str()).collect();
        branches.sort_unstable();
        assert_eq!(branches, ["main", "other"]);
    }
}

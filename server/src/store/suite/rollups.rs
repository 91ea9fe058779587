//! Rollups: what they say is what the builds say, whatever happened to both.

mod before;

use std::collections::{BTreeSet, HashMap};

use futures_util::FutureExt as _;
use jiff::SignedDuration;
use proptest::{
    collection::vec,
    option,
    prelude::{Just, Strategy},
    prop_assert, prop_assert_eq,
    sample::select,
    test_runner::{Config, TestCaseError, TestRunner},
};

use super::{
    super::{Dimension, Slice, Store, rollup},
    fixture::{Fixture, cases},
};
use crate::{
    fixtures::{at, build_id, facts, job, repository, status},
    model::{
        BuildFacts, BuildId, Durations, Filter, Intervals, Pattern, Report, Repository,
        RepositoryFacts, RepositoryId, Summary, WorkflowId,
    },
};

const HISTORIES: u32 = 60;
/// All builds, or none, are few enough to be read one by one.
const EXACT: i64 = i64::MAX;
const ROLLED_UP: i64 = -1;

/// Something that happens to the store.
#[derive(Clone, Debug)]
enum Event {
    /// A build is told of; later words win.
    Told(BuildId, Told),
    /// A job of it is.
    Job(BuildId, i64, i64),
    /// Another branch of a repository is the default one since a time.
    DefaultBranch(i64, i64, &'static str),
    /// What was left is folded in.
    Fold,
}

#[derive(Clone, Debug)]
struct Told {
    update: i64,
    start: i64,
    word: &'static str,
    workflow: usize,
    branch: usize,
    actor: usize,
}

const WORKFLOWS: [&str; 3] = ["CI", "Release", "CI nightly"];
const BRANCHES: [(&str, &str); 3] = [("main", ""), ("main", "fork"), ("feature/a", "")];
const ACTORS: [&str; 2] = ["ada", "dependabot[bot]"];
const REPOSITORIES: i64 = 3;
/// Four days and a half, so that there are whole days and cut ones.
const SPAN: i64 = 388_800;

fn repository_of(run: i64) -> Repository {
    let id = run % REPOSITORIES + 1;
    Repository {
        id: RepositoryId(id),
        facts: RepositoryFacts {
            name: format!("acme/service-{id}"),
            ..repository().facts
        },
        ..repository()
    }
}

fn id() -> impl Strategy<Value = BuildId> {
    (0..20i64, 1..3i32).prop_map(|(run, attempt)| BuildId {
        repository: repository_of(run).id,
        ..build_id(run, attempt)
    })
}

fn told() -> impl Strategy<Value = Told> {
    let words = &[
        "in_progress",
        "success",
        "success",
        "failure",
        "cancelled",
        "exploded",
    ];
    let names = (0..WORKFLOWS.len(), 0..BRANCHES.len(), 0..ACTORS.len());
    (0..SPAN, 0..5000i64, select(&words[..]), names).prop_map(
        |(start, length, word, (workflow, branch, actor))| Told {
            update: start + length,
            start,
            word,
            workflow,
            branch,
            actor,
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    proptest::prop_oneof![
        8 => (id(), told()).prop_map(|(id, told)| Event::Told(id, told)),
        3 => (id(), 0..SPAN, 0..5000i64).prop_map(|(id, start, length)| {
            Event::Job(id, start, start + length)
        }),
        1 => (1..=REPOSITORIES, 1..SPAN, select(&["main", "feature/a", "other", ""][..]))
            .prop_map(|(id, since, name)| Event::DefaultBranch(id, since, name)),
        1 => Just(Event::Fold),
    ]
}

/// A question: where to cut, and which builds.
fn question() -> impl Strategy<Value = (Intervals, Filter, Option<Dimension>)> {
    let cuts = vec(cut(), 1..6).prop_map(|mut cuts| {
        cuts.sort_unstable();
        cuts
    });
    let intervals = (option::of(Just(())), cuts).prop_map(|(start, mut cuts)| Intervals {
        start: start
            .filter(|()| cuts.len() > 1)
            .map(|()| at(cuts.remove(0))),
        ends: cuts.into_iter().map(at).collect(),
    });
    let dimension = option::of(select(
        &[
            Dimension::Repository,
            Dimension::Workflow,
            Dimension::Branch,
            Dimension::Actor,
        ][..],
    ));
    (intervals, filter(), dimension)
}

/// Any second, or a boundary of days or half hours.
fn cut() -> impl Strategy<Value = i64> {
    proptest::prop_oneof![
        0..SPAN,
        (0..SPAN / 1800).prop_map(|slot| slot * 1800),
        // The morning begins at nine.
        (1..SPAN / 86_400).prop_map(|day| day * 86_400 - 32_400),
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    let names = |names: &'static [&'static str]| vec(select(names).prop_map(Pattern::new), 0..2);
    let by_names = (
        names(&["acme/service-1", "ACME/*", "acme/service-2", "other/*"]),
        names(&["CI", "CI*", "Release"]),
        names(&["main", "fork:main", "*main", "feature/a"]),
        names(&["ada", "*[bot]"]),
    );
    let chosen = select(&[0, 1, 2, 3, 4, 5, 6][..]);
    (by_names, chosen).prop_map(|((repositories, workflows, branches, actors), chosen)| {
        let all = Filter {
            repositories,
            ..Filter::default()
        };
        match chosen {
            0 => Filter::default(),
            1 => all,
            2 => Filter { workflows, ..all },
            3 => Filter { branches, ..all },
            4 => Filter { actors, ..all },
            5 => Filter {
                default_branch_only: true,
                ..all
            },
            _ => Filter {
                workflow_ids: vec![WorkflowId(1)],
                ..all
            },
        }
    })
}

#[test]
fn rollups_say_what_the_builds_say() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut runner = TestRunner::new(Config {
        cases: cases(HISTORIES),
        failure_persistence: None,
        ..Config::default()
    });
    let strategy = (
        vec(event(), 1..120),
        vec(question(), 12),
        option::of(1..=REPOSITORIES),
    );
    let outcome = runner.run(&strategy, |(events, questions, hidden)| {
        runtime.block_on(compare(&events, &questions, hidden))
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

async fn compare(
    events: &[Event],
    questions: &[(Intervals, Filter, Option<Dimension>)],
    hidden: Option<i64>,
) -> Result<(), TestCaseError> {
    let fixture = Fixture::open().await;
    for event in events {
        happen(&fixture, event).await;
    }
    if let Some(id) = hidden {
        hide(&fixture, id).await;
    }
    for (intervals, filter, dimension) in questions {
        let store = &fixture.store;
        let ask = async |exact| store.sum_up(filter, intervals, *dimension, exact).await;
        let builds = ask(EXACT).await.unwrap();
        let rollups = ask(ROLLED_UP).await.unwrap();
        same(
            &builds,
            &rollups,
            &format!("{intervals:?} {filter:?} {dimension:?}"),
        )?;
    }
    let differences = fixture.store.recount().await.unwrap().differences;
    prop_assert!(differences.is_empty(), "{differences:?}");
    fold(&fixture.store).await;
    let differences = fixture.store.recount().await.unwrap().differences;
    prop_assert!(differences.is_empty(), "folded: {differences:?}");
    fixture.store.delete_hidden(at(SPAN)).await.unwrap();
    let differences = fixture.store.recount().await.unwrap().differences;
    prop_assert!(differences.is_empty(), "deleted: {differences:?}");
    Ok(())
}

async fn happen(fixture: &Fixture, event: &Event) {
    match event {
        Event::Told(id, told) => {
            let report = Report {
                repositories: vec![repository_of(id.run.0)],
                builds: vec![(*id, facts_of(told))],
                ..Report::default()
            };
            fixture.record(report).await;
        }
        Event::Job(id, start, end) => {
            let number = id.run.0 * 10 + i64::from(id.attempt);
            let report = Report {
                repositories: vec![repository_of(id.run.0)],
                jobs: vec![job(number, *id, "success", (Some(*start), Some(*end)))],
                ..Report::default()
            };
            fixture.record(report).await;
        }
        Event::DefaultBranch(id, since, name) => {
            let Repository { facts, .. } = repository_of(id - 1);
            let facts = RepositoryFacts {
                update_time: at(*since),
                default_branch: (*name).to_owned(),
                ..facts
            };
            let report = Report {
                repositories: vec![Repository {
                    facts,
                    ..repository_of(id - 1)
                }],
                ..Report::default()
            };
            fixture.record(report).await;
        }
        Event::Fold => fold(&fixture.store).await,
    }
}

fn facts_of(told: &Told) -> BuildFacts {
    let (branch, fork) = BRANCHES[told.branch];
    BuildFacts {
        status: status(told.word),
        start_time: at(told.start),
        workflow_id: WorkflowId(i64::try_from(told.workflow).unwrap()),
        workflow: WORKFLOWS[told.workflow].to_owned(),
        branch: branch.to_owned(),
        head_repository: fork.to_owned(),
        triggering_actor: ACTORS[told.actor].to_owned(),
        ..facts("queued", told.update)
    }
}

pub(super) async fn fold(store: &Store) {
    let folding = store.write(|connection, _| rollup::fold(connection, usize::MAX).boxed());
    folding.await.unwrap();
}

async fn hide(fixture: &Fixture, id: i64) {
    let statement = format!("UPDATE repository SET hidden_time = 1 WHERE id = {id}");
    fixture.sabotage(statement.leak()).await;
}

fn same(
    builds: &HashMap<Slice, Vec<Summary>>,
    rollups: &HashMap<Slice, Vec<Summary>>,
    question: &str,
) -> Result<(), TestCaseError> {
    let slices = |of: &HashMap<Slice, _>| of.keys().cloned().collect::<BTreeSet<_>>();
    prop_assert_eq!(slices(rollups), slices(builds), "{}", question);
    for (slice, expected) in builds {
        for (expected, found) in expected.iter().zip(&rollups[slice]) {
            for (expected, found) in [
                (expected.wall_time, found.wall_time),
                (expected.queue_time, found.queue_time),
                (expected.run_time, found.run_time),
            ] {
                prop_assert!(near(expected.p50, found.p50), "{expected:?} {found:?}");
                prop_assert!(near(expected.p95, found.p95), "{expected:?} {found:?}");
            }
            let counts = |summary: &Summary| Summary {
                wall_time: no_percentiles(summary.wall_time),
                queue_time: no_percentiles(summary.queue_time),
                run_time: no_percentiles(summary.run_time),
                ..summary.clone()
            };
            prop_assert_eq!(counts(found), counts(expected), "{:?} {}", slice, question);
        }
    }
    Ok(())
}

fn near(exact: SignedDuration, found: SignedDuration) -> bool {
    (exact - found).abs() * 100 <= exact
}

fn no_percentiles(durations: Durations) -> Durations {
    Durations {
        p50: SignedDuration::ZERO,
        p95: SignedDuration::ZERO,
        ..durations
    }
}

//! One filter in two languages: what SQL selects is what `Filter::matches` says yes to.

use proptest::{
    collection::vec,
    option,
    prelude::{Just, Strategy, any},
    prop_oneof,
    sample::select,
    test_runner::{Config, TestCaseError, TestRunner},
};

use super::fixture::{Fixture, cases};
use crate::{
    fixtures::{at, build_id, facts, job, repository, status},
    model::{
        Build, BuildFacts, BuildId, CommitPrefix, Each, Ended, Filter, Intervals, Job, Pattern,
        Report, RepositoryId, RunId, Status, StatusFilter, Summary, Tally, TimeRange, WorkflowId,
    },
};

/// How many sets of builds, each asked by `FILTERS` filters.
const SETS: u32 = 64;
const FILTERS: usize = 40;
/// How many seconds apart times are: some builds take longer than others do, some less than
/// nothing.
const UNIT: i64 = 5000;

#[test]
fn sql_selects_what_the_model_matches() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut runner = TestRunner::new(Config {
        cases: cases(SETS),
        failure_persistence: None,
        ..Config::default()
    });
    let asked = (report(), vec(filter(), FILTERS));
    let outcome = runner.run(&asked, |(report, filters)| {
        runtime.block_on(compare(report, &filters))
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

async fn compare(report: Report, filters: &[Filter]) -> Result<(), TestCaseError> {
    let fixture = Fixture::open().await;
    fixture.record(report).await;
    let all = fixture.list(&Filter::default()).await;
    for filter in filters {
        let selected = fixture.list(filter).await;
        let matching: Vec<Build> = all.iter().filter(|b| filter.matches(b)).cloned().collect();
        let summed = sum_up(&fixture, filter).await;
        proptest::prop_assert_eq!(summed, sum(&matching), "{:?}", filter);
        proptest::prop_assert_eq!(selected, matching, "{:?}", filter);
    }
    Ok(())
}

/// What the store makes of all that ended and that a filter selects.
async fn sum_up(fixture: &Fixture, filter: &Filter) -> Summary {
    let all = Intervals {
        start: filter.end_time.start,
        ends: vec![filter.end_time.end.unwrap_or(at(100 * UNIT))],
    };
    let summaries = fixture.store.summaries(filter, &all).await;
    summaries.unwrap().pop().unwrap()
}

fn sum(builds: &[Build]) -> Summary {
    let mut sum = Tally::<Each>::default();
    for build in builds {
        if let Some(build) = Ended::of(&build.record) {
            sum.count(&build.finished, 1);
        }
    }
    sum.summary()
}

/// Names that mean something in patterns, in SQL or in both.
fn name() -> impl Strategy<Value = String> {
    let letters = [
        "a", "A", "b", "%", "_", "\\", "?", "[", "]", "^", "-", "*", "'", "é", "/",
    ];
    vec(select(letters.to_vec()), 0..4).prop_map(|letters| letters.concat())
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let star = select(&["", "*"][..]);
    let fork = select(&["", "", "*", "*:", "eve/api:"][..]);
    (fork, name(), star.clone(), name(), star)
        .prop_map(|(a, b, c, d, e)| Pattern::new([a, &b, c, &d, e].concat()))
}

const COMMITS: [&str; 4] = [
    "",
    "4f8fdcc1c3a5a2a1fdf4b5b0f2f3c5e9d1a7b6c8",
    "4f8fdcc1ffffffffffffffffffffffffffffffff",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];

fn report() -> impl Strategy<Value = Report> {
    let repositories = vec((name(), name()), 3);
    (repositories, vec(build(), 1..30), vec(any_job(), 0..8)).prop_map(|(names, builds, jobs)| {
        let named = (1..).zip(names).map(|(id, (name, default_branch))| {
            let mut repository = repository();
            repository.id = RepositoryId(id);
            repository.facts.name = name;
            repository.facts.default_branch = default_branch;
            repository
        });
        Report {
            repositories: named.collect(),
            builds,
            jobs,
            ..Report::default()
        }
    })
}

fn any_id() -> impl Strategy<Value = BuildId> {
    (1..=3i64, 1..=5i64, 1..=3i32).prop_map(|(repository, run, attempt)| BuildId {
        repository: RepositoryId(repository),
        ..build_id(run, attempt)
    })
}

fn build() -> impl Strategy<Value = (BuildId, BuildFacts)> {
    let names = (name(), name(), name());
    let fork = select(&["", "", "eve/api"][..]);
    let workflow_id = (3..=5i64).prop_map(WorkflowId);
    let event = select(&["push", "schedule"][..]);
    let commit = select(&COMMITS[..]);
    let pull_requests = vec(select(&[1, 11, 12, 112][..]), 0..3);
    let rest = (fork, event, commit, pull_requests);
    let times = (0..6i64, 0..6i64);
    let of_all = (any_id(), any_status(), workflow_id, names, rest, times);
    of_all.prop_map(|(id, status, workflow_id, names, rest, times)| {
        let facts = BuildFacts {
            status,
            workflow_id,
            workflow: names.0,
            branch: names.1,
            triggering_actor: names.2,
            head_repository: rest.0.to_owned(),
            event: rest.1.to_owned(),
            commit_sha: rest.2.to_owned(),
            pull_requests: rest.3,
            start_time: at(times.0 * UNIT),
            ..facts("queued", times.1 * UNIT)
        };
        (id, facts)
    })
}

fn any_status() -> impl Strategy<Value = Status> {
    let known = StatusFilter::STATUS_WORDS[..5].iter();
    let known: Vec<&str> = known
        .chain(&StatusFilter::CONCLUSION_WORDS)
        .copied()
        .collect();
    let unknown = prop_oneof![
        Just(Status::Unknown("frozen".to_owned())),
        Just(Status::Unknown(String::new())),
        Just(status("exploded")),
    ];
    prop_oneof![4 => select(known).prop_map(status), 1 => unknown]
}

fn any_job() -> impl Strategy<Value = Job> {
    (1..=9i64, any_id(), 0..6i64)
        .prop_map(|(id, build, end)| job(id, build, "success", (Some(0), Some(end * UNIT))))
}

fn filter() -> impl Strategy<Value = Filter> {
    let names = (patterns(), patterns(), patterns(), patterns());
    let events = few(select(&["push", "schedule", "pull_request"][..]).prop_map(str::to_owned));
    let words = (
        few(word(&StatusFilter::STATUS_WORDS)),
        few(word(&StatusFilter::CONCLUSION_WORDS)),
    );
    let times = (time_range(), time_range());
    let numbers = (
        few(commit()),
        few((1..=6i64).prop_map(RunId)),
        few((3..=6i64).prop_map(WorkflowId)),
        few(select(&[1, 2, 11, 12, 112][..])),
    );
    let only = (seldom(), seldom(), seldom());
    (names, events, words, times, numbers, only).prop_map(
        |(names, events, words, times, numbers, only)| Filter {
            repositories: names.0,
            workflows: names.1,
            branches: names.2,
            actors: names.3,
            events,
            statuses: words.0,
            conclusions: words.1,
            start_time: times.0,
            end_time: times.1,
            commits: numbers.0,
            runs: numbers.1,
            workflow_ids: numbers.2,
            pull_requests: numbers.3,
            latest_attempts_only: only.0,
            default_branch_only: only.1,
            counted_only: only.2,
        },
    )
}

/// Mostly nothing, so that filters with some fields still select something.
fn few<T: std::fmt::Debug + Clone>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Vec<T>> {
    option::weighted(0.2, vec(value, 1..4)).prop_map(Option::unwrap_or_default)
}

fn patterns() -> impl Strategy<Value = Vec<Pattern>> {
    few(pattern())
}

fn seldom() -> impl Strategy<Value = bool> {
    proptest::bool::weighted(0.2)
}

fn word(words: &'static [&'static str]) -> impl Strategy<Value = StatusFilter> {
    prop_oneof![
        6 => select(words).prop_map(StatusFilter::Word),
        1 => Just(StatusFilter::Unknown),
    ]
}

fn time_range() -> impl Strategy<Value = TimeRange> {
    let bound = || option::weighted(0.25, (0..8i64).prop_map(|time| at(time * UNIT)));
    (bound(), bound()).prop_map(|(start, end)| TimeRange { start, end })
}

fn commit() -> impl Strategy<Value = CommitPrefix> {
    (select(&COMMITS[1..]), 7..=64usize, any::<bool>()).prop_map(|(sha, length, upper)| {
        let text = &sha[..length.min(sha.len())];
        let text = if upper {
            text.to_ascii_uppercase()
        } else {
            text.to_owned()
        };
        CommitPrefix::parse(&text).expect("it is the start of a commit")
    })
}

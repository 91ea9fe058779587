//! The numbers: what the store sums up is what a recount of the history gives.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use proptest::{
    collection::vec,
    option,
    prelude::{Just, Strategy},
    sample::select,
    test_runner::{Config, TestCaseError, TestRunner},
};

use super::{
    super::Dimension,
    fixture::{Fixture, cases},
};
use crate::{
    fixtures::{at, build_id, facts, job, repository, status},
    model::{
        BuildFacts, BuildId, Conclusion, Durations, Filter, Intervals, Report, Status, Summary,
        Window,
    },
};

const HISTORIES: u32 = 150;

/// What GitHub told of one attempt: its reports, later ones last, and the start
/// and end of its one job.
#[derive(Clone, Debug)]
struct Attempt {
    id: BuildId,
    start: i64,
    reports: Vec<(i64, Status)>,
    job: Option<(i64, i64)>,
    branch: &'static str,
    actor: &'static str,
}

impl Attempt {
    /// The last word on how it ended.
    fn conclusion(&self) -> Option<&Conclusion> {
        self.reports.iter().rev().find_map(|(_, s)| s.conclusion())
    }

    /// In seconds: its job's end, or when its end was first told.
    fn end(&self) -> Option<i64> {
        let over = self.reports.iter().find(|(_, s)| s.is_completed());
        over.map(|(told, _)| self.job.map_or(*told, |(_, end)| end))
    }

    fn facts(&self, (update, status): &(i64, Status)) -> BuildFacts {
        BuildFacts {
            status: status.clone(),
            start_time: at(self.start),
            branch: self.branch.to_owned(),
            triggering_actor: self.actor.to_owned(),
            ..facts("queued", *update)
        }
    }
}

#[test]
fn the_sums_are_those_of_a_recount() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut runner = TestRunner::new(Config {
        cases: cases(HISTORIES),
        failure_persistence: None,
        ..Config::default()
    });
    let strategy = history().prop_flat_map(|history| {
        let count: usize = history.iter().map(|attempt| attempt.reports.len()).sum();
        let order = Just((0..count).collect::<Vec<_>>()).prop_shuffle();
        (Just(history), order)
    });
    let outcome = runner.run(&strategy, |(history, order)| {
        runtime.block_on(compare(&history, &order))
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

fn history() -> impl Strategy<Value = Vec<Attempt>> {
    vec(vec(attempt(), 1..=3), 1..10).prop_map(|runs| {
        let mut history = Vec::new();
        for (run, attempts) in (1..).zip(runs) {
            for (number, mut attempt) in (1..).zip(attempts) {
                attempt.id = build_id(run, number);
                history.push(attempt);
            }
        }
        history
    })
}

fn attempt() -> impl Strategy<Value = Attempt> {
    let under_way = select(&["queued", "in_progress", "waiting"][..]).prop_map(status);
    let words = &[
        "success",
        "success",
        "failure",
        "timed_out",
        "startup_failure",
        "cancelled",
        "skipped",
        "exploded",
    ];
    let over = select(&words[..]).prop_map(status);
    let reports = (
        vec((1..20i64, under_way), 1..3),
        vec((1..20i64, over), 0..3),
    );
    let job = option::of((0..60i64, 0..60i64));
    let branch = select(&["main", "next"][..]);
    let actor = select(&["ada", "dependabot[bot]"][..]);
    (0..100i64, reports, job, branch, actor).prop_map(
        |(start, (under_way, over), job, branch, actor)| {
            let mut time = start;
            // No two in the same second: which of those wins is told elsewhere.
            let reports = under_way.into_iter().chain(over).map(|(gap, status)| {
                time += gap;
                (time, status)
            });
            Attempt {
                id: build_id(1, 1),
                start,
                reports: reports.collect(),
                job: job.map(|(wait, work)| (start + wait, start + wait + work)),
                branch,
                actor,
            }
        },
    )
}

async fn compare(history: &[Attempt], order: &[usize]) -> Result<(), TestCaseError> {
    let fixture = Fixture::open().await;
    tell(&fixture, history, order).await;
    let window = Window {
        start: Some(at(40)),
        end: at(130),
    };
    let filter = Filter::default();
    let store = &fixture.store;
    let all = Intervals::from(window);
    let summaries = store.summaries_and_running(&filter, &all).await;
    let summary = summaries.unwrap().pop().unwrap();
    let expected = recount(history, 40..130, |_| true);
    proptest::prop_assert_eq!(summary, expected);

    let intervals = Intervals {
        start: window.start,
        ends: vec![at(70), at(100), at(130)],
    };
    let points = store.summaries(&filter, &intervals).await.unwrap();
    for (start, point) in [40, 70, 100].into_iter().zip(points) {
        let mut expected = recount(history, start..start + 30, |_| true);
        expected.running = 0;
        proptest::prop_assert_eq!(point, expected);
    }

    let by_branch = store
        .summaries_by(&filter, &all, Dimension::Branch, 9)
        .await;
    let by_actor = store.summaries_by(&filter, &all, Dimension::Actor, 9).await;
    let by_branch = by_value(by_branch.unwrap());
    let by_actor = by_value(by_actor.unwrap());
    for value in ["main", "next", "ada", "dependabot[bot]"] {
        let found = by_branch.get(value).or(by_actor.get(value)).cloned();
        let expected = recount(history, 40..130, |a| a.branch == value || a.actor == value);
        proptest::prop_assert_eq!(found.unwrap_or_default(), expected, "{}", value);
    }
    Ok(())
}

fn by_value(rows: Vec<(super::super::Slice, Summary)>) -> BTreeMap<String, Summary> {
    let rows = rows.into_iter();
    rows.map(|(slice, summary)| (slice.value, summary))
        .collect()
}

/// Tells a history in some order, and the jobs last.
async fn tell(fixture: &Fixture, history: &[Attempt], order: &[usize]) {
    let told = history.iter().flat_map(|attempt| {
        attempt
            .reports
            .iter()
            .map(move |r| (attempt.id, attempt.facts(r)))
    });
    let told: Vec<_> = told.collect();
    let jobs = history.iter().filter_map(|attempt| {
        let (start, end) = attempt.job?;
        let id = attempt.id.run.0 * 10 + i64::from(attempt.id.attempt);
        Some(job(id, attempt.id, "success", (Some(start), Some(end))))
    });
    for chunk in order.chunks(5) {
        let report = Report {
            repositories: vec![repository()],
            builds: chunk.iter().map(|i| told[*i].clone()).collect(),
            ..Report::default()
        };
        fixture.record(report).await;
    }
    let report = Report {
        repositories: vec![repository()],
        jobs: jobs.collect(),
        ..Report::default()
    };
    fixture.record(report).await;
}

/// Counts by the published definitions, attempt by attempt.
fn recount(
    history: &[Attempt],
    window: std::ops::Range<i64>,
    matches: impl Fn(&Attempt) -> bool,
) -> Summary {
    let later = |a: &Attempt| {
        let a = a.id;
        let rest = history.iter();
        rest.filter(move |b| b.id.run == a.run && b.id.attempt > a.attempt)
    };
    let matching = || history.iter().filter(|attempt| matches(attempt));
    let ended: Vec<&Attempt> = matching()
        .filter(|attempt| attempt.end().is_some_and(|end| window.contains(&end)))
        .collect();
    let (replaced, counted): (Vec<&Attempt>, Vec<&Attempt>) = ended
        .iter()
        .partition(|attempt| later(attempt).any(|b| b.end().is_some()));
    let measured: Vec<&Attempt> = counted
        .iter()
        .copied()
        .filter(|attempt| is_success(attempt) || is_failure(attempt))
        .collect();
    let first_tries = || ended.iter().filter(|attempt| attempt.id.attempt == 1);
    let running = matching().filter(|a| a.end().is_none() && later(a).next().is_none());
    let end = |a: &Attempt| a.end().expect("it is over");
    let with_jobs = measured.iter().filter_map(|a| Some((*a, a.job?)));
    Summary {
        builds: counted.len(),
        successes: counted.iter().filter(|a| is_success(a)).count(),
        failures: counted.iter().filter(|a| is_failure(a)).count(),
        running: running.count(),
        replaced: replaced.len(),
        first_try_successes: first_tries().filter(|a| is_success(a)).count(),
        first_try_failures: first_tries().filter(|a| is_failure(a)).count(),
        wall_time: measure(measured.iter().map(|a| end(a) - a.start)),
        queue_time: measure(with_jobs.clone().map(|(a, (first, _))| first - a.start)),
        run_time: measure(with_jobs.map(|(a, (first, _))| end(a) - first)),
        conclusions: by_conclusion(&counted),
    }
}

fn is_success(attempt: &Attempt) -> bool {
    attempt.conclusion() == Some(&Conclusion::Success)
}

fn is_failure(attempt: &Attempt) -> bool {
    let word = attempt.conclusion().map(Conclusion::word);
    matches!(word, Some("failure" | "timed_out" | "startup_failure"))
}

fn by_conclusion(attempts: &[&Attempt]) -> Vec<(Conclusion, usize)> {
    let mut counts = BTreeMap::new();
    for conclusion in attempts.iter().filter_map(|a| a.conclusion()) {
        *counts.entry(conclusion.clone()).or_default() += 1;
    }
    counts.into_iter().collect()
}

/// A percentile is the smallest value with at least that share at or below it.
fn measure(seconds: impl Iterator<Item = i64>) -> Durations {
    let all: Vec<i64> = seconds.map(|s| s.max(0)).collect();
    let Ok(count) = i32::try_from(all.len()) else {
        panic!("few attempts")
    };
    if count == 0 {
        return Durations::default();
    }
    let percentile = |percent: usize| {
        let covers = |value: &&i64| {
            let below = all.iter().filter(|other| other <= value).count();
            below * 100 >= all.len() * percent
        };
        let value = all.iter().filter(covers).min();
        SignedDuration::from_secs(*value.expect("the largest one covers all"))
    };
    Durations {
        count: all.len(),
        mean: SignedDuration::from_secs(all.iter().sum()) / count,
        p50: percentile(50),
        p95: percentile(95),
    }
}

//! The demo's story is the same each time, and has in it what a board is for.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use lampboard_github_double::demo::{Story, history};
use lampboard_github_double::{Change, Conclusion};

/// A Thursday afternoon.
static NOW: LazyLock<Timestamp> = LazyLock::new(|| "2026-03-12T14:20:00Z".parse().expect("a time"));
/// A month that all tests look at.
static MONTH: LazyLock<Vec<Change>> = LazyLock::new(|| Story::begin(7, *NOW, 30).1);

#[test]
fn the_same_seed_makes_the_same_bytes() {
    let tell = |seed| history(seed, *NOW, 2).collect::<Vec<_>>();
    let (once, again, otherwise) = (tell(3), tell(3), tell(4));
    assert!(once.len() > 100, "{}", once.len());
    assert_eq!(once, again);
    assert_ne!(once, otherwise);
}

#[test]
fn the_present_is_the_same_too_however_it_is_stepped() {
    let minute = SignedDuration::from_mins(1);
    let at_once = present(1, minute * 10);
    let in_steps = present(7, minute * 10);
    assert_eq!(at_once, in_steps);
}

#[test]
fn history_comes_newest_first_and_lies_in_the_past() {
    let times: Vec<_> = history(7, *NOW, 2).map(|event| event.time).collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older));
    assert!(times[0] <= *NOW);
    assert!(*times.last().unwrap() >= *NOW - SignedDuration::from_hours(48));
}

#[test]
fn a_month_has_four_thousand_attempts_of_fourteen_workflows() {
    let attempts = attempts(&MONTH);
    assert!(
        (3_400..4_600).contains(&attempts.len()),
        "{}",
        attempts.len()
    );
    let workflows: BTreeSet<_> = attempts.iter().map(|change| change.workflow().id).collect();
    assert_eq!(workflows.len(), 14);
    let jobs: Vec<_> = MONTH.iter().filter_map(Change::job).collect();
    let finished = jobs.iter().filter(|job| job.conclusion.is_some());
    let ids: HashSet<_> = finished.clone().map(|job| job.id).collect();
    assert_eq!(
        ids.len(),
        finished.count(),
        "every job ends once, under an id of its own"
    );
}

#[test]
fn attempts_end_as_often_in_each_way_as_in_real_life() {
    let attempts = attempts(&MONTH);
    let share = |conclusion| {
        let such = attempts
            .iter()
            .filter(|change| change.attempt().conclusion == Some(conclusion));
        such.count() * 1_000 / attempts.len()
    };
    let table = [
        (Conclusion::Success, 700..820),
        (Conclusion::Failure, 100..180),
        (Conclusion::Cancelled, 35..90),
        (Conclusion::StartupFailure, 5..20),
        (Conclusion::Skipped, 5..25),
        (Conclusion::TimedOut, 3..15),
        (Conclusion::ActionRequired, 3..15),
    ];
    for (conclusion, expected) in table {
        let share = share(conclusion);
        assert!(
            expected.contains(&share),
            "{conclusion:?}: {share} of 1,000"
        );
    }
    let reruns = attempts
        .iter()
        .filter(|change| change.attempt().number > 1)
        .count();
    let reruns = reruns * 1_000 / attempts.len();
    assert!((50..95).contains(&reruns), "{reruns} of 1,000 are re-runs");
}

#[test]
fn durations_are_heavy_tailed() {
    let mut minutes: Vec<_> = attempts(&MONTH)
        .into_iter()
        .filter(|change| change.attempt().conclusion == Some(Conclusion::Success))
        .map(minutes)
        .collect();
    minutes.sort_unstable();
    let percentile = |percent: usize| minutes[minutes.len() * percent / 100];
    assert!((5..=9).contains(&percentile(50)), "{}", percentile(50));
    assert!(percentile(99) > 4 * percentile(50), "{}", percentile(99));
}

#[test]
fn people_rest_at_weekends_and_one_day_is_an_outage() {
    let mut days: BTreeMap<_, (u32, u32)> = BTreeMap::new();
    for change in attempts(&MONTH) {
        let day = change.attempt().started_at.to_zoned(TimeZone::UTC).date();
        let (count, failed) = days.entry(day).or_default();
        *count += 1;
        *failed += u32::from(is_failure(change));
    }
    let weekend = |day: &jiff::civil::Date| day.weekday().to_monday_zero_offset() > 4;
    let mean = |wanted: bool| {
        let counts = days.iter().filter(|(day, _)| weekend(day) == wanted);
        let counts: Vec<_> = counts.map(|(_, (count, _))| *count).collect();
        counts.iter().sum::<u32>() / u32::try_from(counts.len()).unwrap()
    };
    assert!(
        mean(false) > 3 * mean(true),
        "{} and {}",
        mean(false),
        mean(true)
    );
    let busy = |count: u32| count > mean(false) / 3;
    let outages = days
        .values()
        .filter(|(count, failed)| busy(*count) && failed * 3 > *count);
    assert_eq!(outages.count(), 1, "{days:?}");
}

#[test]
fn one_workflow_is_flaky_and_one_gets_slower() {
    let attempts = attempts(&MONTH);
    let mut recovered: BTreeMap<_, u32> = BTreeMap::new();
    let mut failed = HashSet::new();
    for change in &attempts {
        let run = change.run().id;
        if is_failure(change) {
            failed.insert(run);
        } else if failed.contains(&run) && change.attempt().conclusion == Some(Conclusion::Success)
        {
            *recovered
                .entry(change.workflow().name.as_str())
                .or_default() += 1;
        }
    }
    let flaky = recovered.remove("Integration").unwrap();
    assert!(
        flaky > 2 * recovered.values().max().unwrap(),
        "{flaky} {recovered:?}"
    );

    let mean_minutes = |days: std::ops::Range<i64>| {
        let begin = *NOW - SignedDuration::from_hours(30 * 24);
        let of_days = attempts.iter().filter(|change| {
            let day = change.time.duration_since(begin).as_hours() / 24;
            change.workflow().name == "End to end"
                && change.attempt().conclusion == Some(Conclusion::Success)
                && days.contains(&day)
        });
        let minutes: Vec<_> = of_days.map(|change| minutes(change)).collect();
        minutes.iter().sum::<i64>() / i64::try_from(minutes.len()).unwrap()
    };
    let (early, late) = (mean_minutes(0..10), mean_minutes(20..30));
    assert!(late * 10 > early * 13, "{early} and {late} minutes");
}

#[test]
fn default_branches_are_green_but_two() {
    for seed in 0..3 {
        let (_, month) = Story::begin(seed, *NOW, 30);
        let mut latest: BTreeMap<_, &Change> = BTreeMap::new();
        for change in attempts(&month) {
            if change.run().branch.as_deref() == Some("main")
                && change.run().fork.is_none()
                && is_decisive(change)
            {
                let key = (
                    change.repository().name.clone(),
                    change.workflow().name.clone(),
                );
                let newest = latest.entry(key).or_insert(change);
                if order(newest) < order(change) {
                    *newest = change;
                }
            }
        }
        let broken: BTreeSet<_> = latest
            .iter()
            .filter(|(_, change)| is_failure(change))
            .map(|((repository, workflow), _)| (repository.as_str(), workflow.as_str()))
            .collect();
        let meant = [("almanac", "Nightly"), ("pocket", "Build")];
        assert!(
            meant.iter().all(|meant| broken.contains(meant)),
            "{broken:?}"
        );
        assert!(broken.len() <= 3, "{broken:?}");
    }
}

#[test]
fn there_are_forks_bots_clocks_and_superseded_runs() {
    let attempts = attempts(&MONTH);
    let count = |is: &dyn Fn(&Change) -> bool| attempts.iter().filter(|it| is(it)).count();
    assert!(count(&|it| it.run().fork.is_some()) > 50);
    assert!(count(&|it| it.run().actor.login == "dependabot[bot]") > 50);
    assert!(count(&|it| it.run().event == "schedule") > 80);
    assert!(count(&|it| it.run().event == "workflow_dispatch") > 10);
    let ran: HashSet<_> = MONTH
        .iter()
        .filter_map(Change::job)
        .filter(|job| job.runner.is_some())
        .map(|job| (job.run, job.attempt))
        .collect();
    let superseded = count(&|it| {
        it.attempt().conclusion == Some(Conclusion::Cancelled)
            && !ran.contains(&(it.run().id, it.attempt().number))
    });
    assert!(superseded > 10, "{superseded}");
}

#[test]
fn the_last_hours_are_told_in_full_and_the_rest_by_its_ends() {
    let recent = *NOW - SignedDuration::from_hours(4);
    let (new, old): (Vec<_>, Vec<_>) = MONTH.iter().partition(|change| change.time >= recent);
    for action in ["requested", "queued", "in_progress", "completed"] {
        assert!(
            new.iter().any(|change| change.action() == action),
            "{action}"
        );
    }
    let unfinished = old.iter().filter(|change| match change.job() {
        Some(job) => job.conclusion.is_none(),
        None => change.attempt().conclusion.is_none(),
    });
    assert_eq!(unfinished.count(), 0);
}

#[test]
fn in_the_present_main_breaks_and_recovers() {
    let (mut story, _) = Story::begin(7, *NOW, 2);
    let hour = *NOW + SignedDuration::from_hours(1);
    let mut broken_since: HashMap<_, Timestamp> = HashMap::new();
    let (mut breaks, mut recoveries) = (0, Vec::new());
    for change in story.play_until(hour) {
        let on_main = change.run().branch.as_deref() == Some("main") && change.run().fork.is_none();
        let drama = ["harbor", "skiff", "ledger"].contains(&change.repository().name.as_str());
        if !on_main || !drama || change.workflow().name != "CI" || change.job().is_some() {
            continue;
        }
        let workflow = change.workflow().id;
        if is_failure(&change) {
            breaks += usize::from(!broken_since.contains_key(&workflow));
            broken_since.entry(workflow).or_insert(change.time);
        } else if change.attempt().conclusion == Some(Conclusion::Success)
            && let Some(since) = broken_since.remove(&workflow)
        {
            recoveries.push(change.time.duration_since(since).as_secs());
        }
    }
    assert!((14..=20).contains(&breaks), "{breaks} breaks in an hour");
    assert!(
        recoveries.len() + 1 >= breaks,
        "{} recoveries",
        recoveries.len()
    );
    let longest = recoveries.iter().max().unwrap();
    assert!(*longest < 300, "{longest} seconds");
}

#[test]
fn in_the_present_new_runs_come_every_few_seconds_and_never_too_many() {
    let (mut story, _) = Story::begin(7, *NOW, 2);
    let mut running = HashSet::new();
    let (mut started, mut most) = (0, 0);
    let mut attempts = HashMap::new();
    for change in story.play_until(*NOW + SignedDuration::from_mins(30)) {
        let run = change.run().id;
        started += u32::from(change.action() == "requested");
        if change.action() == "requested" {
            attempts.insert(run, change.time);
        }
        // Only runs of the present: those of history take their time.
        if attempts.contains_key(&run) {
            match change.attempt().conclusion {
                Some(_) => running.remove(&run),
                None => running.insert(run),
            };
        }
        most = most.max(running.len());
    }
    assert!(
        (150..500).contains(&started),
        "{started} runs in half an hour"
    );
    assert!((6..=12).contains(&most), "{most} at a time");
}

#[test]
fn a_story_that_slept_skips_what_it_missed() {
    let (mut story, _) = Story::begin(7, *NOW, 2);
    let morning = *NOW + SignedDuration::from_hours(12);
    story.skip_to(morning);
    let missed = story.play_until(morning);
    let requested = missed
        .iter()
        .filter(|change| change.action() == "requested");
    assert!(requested.count() < 20);
    let next = story.play_until(morning + SignedDuration::from_mins(5));
    let requested = next.iter().filter(|change| change.action() == "requested");
    assert!(requested.count() > 15, "it goes on");
}

/// What the story tells in its present, looked at every so many seconds.
fn present(step: i64, length: SignedDuration) -> Vec<String> {
    let (mut story, _) = Story::begin(7, *NOW, 2);
    let mut time = *NOW;
    let mut told = Vec::new();
    while time < *NOW + length {
        time = (time + SignedDuration::from_secs(step)).min(*NOW + length);
        told.extend(
            story
                .play_until(time)
                .iter()
                .map(|change| change.event().guid),
        );
    }
    told
}

/// The changes that end an attempt.
fn attempts(changes: &[Change]) -> Vec<&Change> {
    let ends = changes.iter();
    ends.filter(|change| change.job().is_none() && change.attempt().conclusion.is_some())
        .collect()
}

fn minutes(change: &Change) -> i64 {
    let attempt = change.attempt();
    attempt
        .updated_at
        .duration_since(attempt.started_at)
        .as_mins()
}

fn order(change: &Change) -> (u64, u32) {
    (change.run().number, change.attempt().number)
}

fn is_failure(change: &Change) -> bool {
    use Conclusion::{Failure, StartupFailure, TimedOut};
    let conclusion = change.attempt().conclusion;
    conclusion.is_some_and(|it| matches!(it, Failure | TimedOut | StartupFailure))
}

fn is_decisive(change: &Change) -> bool {
    is_failure(change) || change.attempt().conclusion == Some(Conclusion::Success)
}

//! A week of an invented organisation's runs, to make deliveries of.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use lampboard_github_double::{Account, Change, GitHub, Trigger, WorkflowId};

/// Less than the week that a summary counts.
const SPAN: SignedDuration = SignedDuration::from_hours(6 * 24);
const PEOPLE: usize = 60;
const REPOSITORIES: usize = 20;
const WORKFLOWS: [(&str, &str); 3] = [
    ("CI", ".github/workflows/ci.yml"),
    ("Release", ".github/workflows/release.yml"),
    ("Nightly", ".github/workflows/nightly.yml"),
];

/// The completions of `count` runs, spread over the days before `now`; the same
/// for the same `seed` and `now`.
pub(crate) fn completed_runs(count: usize, now: Timestamp, seed: u64) -> Vec<Change> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let start = now - SPAN;
    let mut github = GitHub::new("acme-corp", seed, start);
    let people = people(&mut github);
    let workflows = workflows(&mut github);
    let step = SPAN / i32::try_from(count.max(1)).unwrap_or(i32::MAX);
    (1..)
        .take(count)
        .map(|number| {
            let author = &people[rng.usize(..people.len())];
            let workflow = workflows[rng.usize(..workflows.len())];
            let end = start + step * number;
            completed_run(&mut github, workflow, author, end, &mut rng)
        })
        .collect()
}

fn people(github: &mut GitHub) -> Vec<Arc<Account>> {
    (1..=PEOPLE)
        .map(|number| github.create_person(&format!("developer-{number}"), "A Developer"))
        .collect()
}
fn workflows(github: &mut GitHub) -> Vec<WorkflowId> {
    let mut workflows = Vec::new();
    for number in 1..=REPOSITORIES {
        let repository = github.create_repository(&format!("service-{number}"));
        for (name, path) in WORKFLOWS {
            workflows.push(github.create_workflow(repository, name, path));
        }
    }
    workflows
}

/// Runs a workflow from now until `end`. Four in five succeed.
fn completed_run(
    github: &mut GitHub,
    workflow: WorkflowId,
    author: &Arc<Account>,
    end: Timestamp,
    rng: &mut fastrand::Rng,
) -> Change {
    let commit = github.commit(author, "Say what was meant\n\nIt read otherwise before.");
    let run = github.start_run(workflow, Trigger::push(&branch(rng), &commit));
    let job = github.queue_job(run, "test");
    github.start_job(job);
    github.set_now(end);
    if rng.u8(..100) < 80 {
        github.pass_step(job, "Run tests");
    } else {
        github.fail_step(job, "Run tests");
    }
    github.finish_job(job);
    github.finish_run(run);
    let mut changes = github.take_changes();
    changes.pop().expect("a run that finished is told of")
}

fn branch(rng: &mut fastrand::Rng) -> String {
    match rng.u8(..10) {
        0..=5 => "main".to_owned(),
        6 => "release/2.x".to_owned(),
        _ => format!("feature/{}", rng.u16(..400)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn now() -> Timestamp {
        "2026-01-31T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn each_run_is_completed_and_another_one() {
        let changes = completed_runs(200, now(), 1);
        for change in &changes {
            assert!(change.job().is_none(), "{change:?}");
            assert_eq!(change.action(), "completed");
        }
        let ids: HashSet<_> = changes.iter().map(|change| change.run().id).collect();
        assert_eq!(ids.len(), 200);
    }

    #[test]
    fn all_end_within_the_week_that_is_counted() {
        for count in [1, 7, 5_000] {
            let changes = completed_runs(count, now(), 1);
            let a_week_ago = now() - SignedDuration::from_hours(7 * 24);
            assert!(changes.iter().all(|change| change.time > a_week_ago));
            assert!(changes.iter().all(|change| change.time <= now()));
        }
    }

    #[test]
    fn events_are_as_large_as_real_ones() {
        for change in completed_runs(50, now(), 1) {
            let size = change.event().body.len();
            assert!((19_000..20_500).contains(&size), "{size} bytes");
        }
    }
}

//! Whatever the order of deliveries and however often each comes, the board says what GitHub says.

use std::collections::BTreeMap;

use http::StatusCode;
use jiff::{Timestamp, ToSpan as _};
use lampboard_github_double::{Change, Event, GitHub, Hook, RunId, Trigger};
use lampboard_proto::v1::{Build, BuildConclusion, BuildStatus, Job};
use serde::Serialize;
use tokio::task::JoinSet;

use crate::support::{
    LARGEST, WEBHOOK, WEBHOOK_SECRET, alone_with_large_bodies,
    github::a_run_of_size,
    lampboard::{Lampboard, Mode},
};

/// Everything that the board says: the builds by run and attempt, each with its jobs.
type Everything = BTreeMap<(i64, i32), (Build, Vec<Job>)>;

#[tokio::test]
async fn any_order_and_number_of_deliveries_give_one_board() {
    let (github, runs, events) = story();
    let in_order = board_after(Mode::OneProcess, &events, 1).await;
    assert_is_true(&in_order, &github, &runs);

    let mut shuffled = [events.as_slice(), &events, &events].concat();
    fastrand::Rng::with_seed(1).shuffle(&mut shuffled);
    assert_eq!(
        board_after(Mode::TwoProcesses, &shuffled, 16).await,
        in_order
    );

    let backwards: Vec<Event> = events.into_iter().rev().collect();
    assert_eq!(board_after(Mode::OneProcess, &backwards, 1).await, in_order);
}

#[tokio::test]
async fn the_largest_delivery_is_on_the_board_in_one_process_and_in_two() {
    let _alone = alone_with_large_bodies().await;
    for mode in [Mode::OneProcess, Mode::TwoProcesses] {
        let lampboard = Lampboard::start(mode).await;
        let (run, event) = a_run_of_size(LARGEST);
        let answer = lampboard.hook().deliver_event(&event).await.unwrap();
        assert_eq!(answer.status, StatusCode::OK, "{mode:?}");
        let mut board = lampboard.board().await;
        let build = board.build(&answer.build_id()).await.unwrap().build;
        assert_eq!(build.unwrap().run_id, signed(run.0), "{mode:?}");
    }
}

/// Something of everything that happens to runs; all that GitHub tells of it.
fn story() -> (GitHub, Vec<RunId>, Vec<Event>) {
    let mut github = GitHub::new("acme", 7, "2026-03-02T09:00:00Z".parse().unwrap());
    let ada = github.create_person("ada", "Ada Example");
    let grace = github.create_person("grace", "Grace Example");
    let api = github.create_repository("api");
    let ci = github.create_workflow(api, "CI", ".github/workflows/ci.yml");
    let deploy = github.create_workflow(api, "Deploy", ".github/workflows/deploy.yml");
    let commit = github.commit(&ada, "Fix the parser\n\nIt broke.");

    let rerun = github.start_run(ci, Trigger::push("main", &commit));
    let (lint, test) = (
        github.queue_job(rerun, "lint"),
        github.queue_job(rerun, "test"),
    );
    for job in [lint, test] {
        github.advance(7.seconds());
        github.start_job(job);
    }
    github.advance(90.seconds());
    github.pass_step(lint, "Run cargo clippy");
    github.finish_job(lint);
    github.fail_step(test, "Run cargo test");
    github.finish_job(test);
    github.advance(1.second());
    github.finish_run(rerun);

    let approved = github.start_run(deploy, Trigger::dispatch(&grace, "main", &commit));
    let release = github.wait_job(approved, "release");
    github.skip_job(approved, "notify");

    github.advance(2.hours());
    github.rerun(rerun, &grace);
    let again = github.queue_job(rerun, "test");
    github.advance(5.seconds());
    github.start_job(again);
    github.advance(1.minute());
    github.finish_job(again);
    github.finish_run(rerun);

    github.approve_job(release);
    github.advance(3.seconds());
    github.start_job(release);
    github.advance(6.hours());
    github.time_out_job(release);
    github.finish_run(approved);

    let cancelled = github.start_run(ci, Trigger::pull_request(12, "fix", &commit));
    github.queue_job(cancelled, "test");
    github.advance(4.seconds());
    github.cancel_run(cancelled);

    let held = github.hold_run(ci, Trigger::fork_pull_request("main", &commit));
    let broken = github.fail_to_start_run(deploy, Trigger::push("main", &commit));

    let running = github.start_run(ci, Trigger::schedule(&ada, "main", &commit));
    let started = github.queue_job(running, "lint");
    github.queue_job(running, "test");
    github.advance(2.seconds());
    github.start_job(started);

    let changes = github.take_changes();
    let events = changes.iter().map(Change::event).collect();
    let runs = vec![rerun, approved, cancelled, held, broken, running];
    (github, runs, events)
}

/// What the board says once all of it was delivered, so many at a time.
async fn board_after(mode: Mode, events: &[Event], at_a_time: usize) -> Everything {
    let lampboard = Lampboard::start(mode).await;
    let url = format!("http://{}{WEBHOOK}", lampboard.webhook_address());
    let hook = Hook::new(&url, WEBHOOK_SECRET.into()).unwrap();
    let mut deliveries = JoinSet::new();
    for event in events {
        if deliveries.len() == at_a_time {
            deliveries.join_next().await.unwrap().unwrap();
        }
        let (hook, event) = (hook.clone(), event.clone());
        deliveries.spawn(async move {
            let delivery = hook.deliver(&event).await;
            let answer = &delivery.answer;
            assert_eq!(delivery.status(), Some(StatusCode::OK), "{answer:?}");
        });
    }
    // Panics if one of them did.
    deliveries.join_all().await;

    let mut board = lampboard.board().await;
    let mut everything = Everything::new();
    for build in board.builds().await {
        let jobs = board.jobs(&build.id).await;
        everything.insert((build.run_id, build.run_attempt), (build, jobs));
    }
    everything
}

/// Compares the board with what GitHub itself knows.
fn assert_is_true(board: &Everything, github: &GitHub, runs: &[RunId]) {
    let mut count = 0;
    for run in runs {
        let attempts = github.attempts(*run);
        let counted = attempts
            .iter()
            .rfind(|attempt| attempt.conclusion.is_some());
        for attempt in attempts {
            count += 1;
            let number = i32::try_from(attempt.number).unwrap();
            let (build, jobs) = &board[&(signed(run.0), number)];
            assert_eq!(build.status(), status(attempt.status), "{run} {number}");
            assert_eq!(build.conclusion(), conclusion(attempt.conclusion));
            assert_eq!(build.start_time, Some(time(attempt.started_at)));
            assert_eq!(build.triggering_actor, attempt.triggering_actor.login);
            assert_eq!(
                build.latest_attempt,
                attempt.number == attempts.last().unwrap().number
            );
            assert_eq!(
                build.counted,
                counted.is_some_and(|it| it.number == attempt.number)
            );

            let truth = attempt.jobs.iter().map(|job| github.job(*job));
            let last_end = truth.clone().filter_map(|job| job.completed_at).max();
            let end = attempt
                .conclusion
                .map(|_| time(last_end.unwrap_or(attempt.updated_at)));
            assert_eq!(build.end_time, end, "{run} {number}");
            assert_jobs_are_true(jobs, truth.collect());
        }
    }
    assert_eq!(board.len(), count);
}

fn assert_jobs_are_true(jobs: &[Job], mut truth: Vec<&lampboard_github_double::Job>) {
    truth.sort_by_key(|job| (job.created_at, job.id));
    assert_eq!(jobs.len(), truth.len());
    for (job, truth) in jobs.iter().zip(truth) {
        assert_eq!(job.id, signed(truth.id.0));
        assert_eq!(job.name, truth.name);
        assert_eq!(job.status(), status(truth.status), "{}", truth.name);
        assert_eq!(job.conclusion(), conclusion(truth.conclusion));
        assert_eq!(job.create_time, Some(time(truth.created_at)));
        let has_run = truth.runner.is_some();
        assert_eq!(job.start_time, has_run.then(|| time(truth.started_at)));
        assert_eq!(job.end_time, truth.completed_at.map(time));
        let steps = job
            .steps
            .iter()
            .map(|step| (step.name.as_str(), step.conclusion()));
        let true_steps = truth.steps.iter();
        let true_steps = true_steps.map(|step| (&*step.name, conclusion(step.conclusion)));
        assert!(steps.eq(true_steps), "{}: {:?}", truth.name, job.steps);
    }
}

fn status(status: lampboard_github_double::Status) -> BuildStatus {
    BuildStatus::from_str_name(&constant("BUILD_STATUS", status)).unwrap()
}

fn conclusion(conclusion: Option<lampboard_github_double::Conclusion>) -> BuildConclusion {
    let name = conclusion.map(|conclusion| constant("BUILD_CONCLUSION", conclusion));
    name.map_or(BuildConclusion::Unspecified, |name| {
        BuildConclusion::from_str_name(&name).unwrap()
    })
}

/// The constant of the contract for one of GitHub's words.
fn constant(prefix: &str, word: impl Serialize) -> String {
    let word = serde_json::to_value(word).unwrap();
    format!("{prefix}_{}", word.as_str().unwrap().to_uppercase())
}

fn time(time: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: time.as_second(),
        nanos: time.subsec_nanosecond(),
    }
}

fn signed(id: u64) -> i64 {
    i64::try_from(id).unwrap()
}

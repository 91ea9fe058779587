//! Attempts have times and jobs of their own, and the truth about each stays.

use std::sync::Arc;

use jiff::{Timestamp, ToSpan};
use lampboard_github_double::{
    Account, BuildRow, Conclusion, GitHub, JobId, RepositoryId, RunId, Status, Trigger, WorkflowId,
};
use serde_json::Value;

#[test]
fn a_rerun_is_listed_where_its_run_was_created() {
    let mut scene = Scene::new();
    let older = scene.run(&["test"]);
    scene.github.advance(1.hour());
    let newer = scene.run(&["test"]);
    scene.github.advance(3.hours());
    scene.github.rerun_jobs(older, &scene.ada.clone());
    let listed: Vec<_> = scene
        .github
        .runs_of(scene.api)
        .map(|it| (it.run.id, it.attempt.number, it.attempt.status))
        .collect();
    assert_eq!(
        listed,
        [(newer, 1, Status::Completed), (older, 2, Status::Queued)]
    );
}

#[test]
fn an_attempt_asked_for_by_its_number_was_created_when_it_was_started() {
    let mut scene = Scene::new();
    let run = scene.run(&["test"]);
    scene.github.advance(3.hours());
    scene.github.rerun_jobs(run, &scene.ada.clone());
    let created = |number| scene.github.attempt_view(run, number).unwrap().created_at;
    assert_eq!(created(1), time("2026-03-02T09:00:00Z"));
    assert_eq!(created(2), time("2026-03-02T12:01:12Z"));
    let view = scene.github.run_view(run).unwrap();
    assert_eq!(view.created_at, time("2026-03-02T09:00:00Z"));
    assert_eq!(view.attempt.started_at, time("2026-03-02T12:01:10Z"));
    assert!(scene.github.attempt_view(run, 3).is_none());
}

#[test]
fn a_rerun_of_failed_jobs_lists_the_passed_ones_under_their_old_ids() {
    let mut scene = Scene::new();
    let run = scene.start();
    let passed = scene.pass(run, "lint");
    let failed = scene.fail(run, "test");
    scene.github.finish_run(run);
    let again = scene.github.rerun_failed_jobs(run, &scene.ada.clone());
    assert_eq!(again.len(), 1);
    assert_eq!(scene.github.job(again[0]).name, "test");
    assert_ne!(again[0], failed);
    assert_eq!(scene.jobs_of(run, 1), [passed, failed]);
    assert_eq!(scene.jobs_of(run, 2), [passed, again[0]]);
    assert_eq!(scene.github.job(passed).attempt, 1);

    scene.finish(again[0], Conclusion::Failure);
    scene.github.finish_run(run);
    let third = scene.github.rerun_failed_jobs(run, &scene.ada.clone());
    assert_eq!(scene.jobs_of(run, 3), [passed, third[0]]);
    let all = scene.github.jobs_of_all_attempts(run);
    let all: Vec<_> = all.iter().map(|job| job.id).collect();
    assert_eq!(all, [passed, failed, again[0], third[0]]);
}

#[test]
fn a_rerun_of_failed_jobs_can_list_these_alone() {
    let mut scene = Scene::new();
    scene
        .github
        .assumptions_mut()
        .failed_rerun_lists_passed_jobs = false;
    let run = scene.start();
    scene.pass(run, "lint");
    scene.fail(run, "test");
    scene.github.finish_run(run);
    let again = scene.github.rerun_failed_jobs(run, &scene.ada.clone());
    assert_eq!(scene.jobs_of(run, 2), again);
}

#[test]
fn a_run_may_have_no_branch_and_a_conclusion_that_nobody_knows() {
    let mut scene = Scene::new();
    let commit = scene.github.commit(&scene.ada, "Fix the parser");
    let trigger = Trigger::push("main", &commit).without_branch();
    let run = scene.github.start_run(scene.ci, trigger);
    let job = scene.github.queue_job(run, "test");
    scene.github.cancel_job(job);
    scene.github.conclude_run(run, Conclusion::Novel);
    let payloads = scene.payloads();
    assert_eq!(payloads[1]["workflow_job"]["head_branch"], Value::Null);
    let last = &payloads.last().unwrap()["workflow_run"];
    assert_eq!(last["head_branch"], Value::Null);
    assert_eq!(last["conclusion"], "novel");
}

#[test]
fn a_path_can_end_in_its_ref() {
    let mut scene = Scene::new();
    scene.github.assumptions_mut().path_has_ref = true;
    scene.start();
    let run = &scene.payloads()[0]["workflow_run"];
    assert_eq!(run["path"], ".github/workflows/ci.yml@refs/heads/main");
}

#[test]
fn an_attempt_ended_with_its_last_job_whatever_moves_updated_at() {
    let mut scene = Scene::new();
    let run = scene.start();
    scene.pass(run, "lint");
    scene.pass(run, "test");
    scene.github.advance(4.seconds());
    scene.github.finish_run(run);
    let before = scene.build(run, 1);
    assert_eq!(before.finished_at, Some(time("2026-03-02T09:02:20Z")));
    assert_eq!(before.completed_at, Some(time("2026-03-02T09:02:24Z")));

    scene.github.advance(9.minutes());
    scene.github.annotate_run(run);
    assert_eq!(scene.build(run, 1), before);
    scene.github.rerun_jobs(run, &scene.ada.clone());
    let first = scene.build(run, 1);
    assert!(!first.latest_attempt);
    assert_eq!(first.finished_at, before.finished_at);
    let second = scene.build(run, 2);
    assert!(second.latest_attempt);
    assert_eq!(second.finished_at, None);
}

#[test]
fn an_attempt_without_jobs_ended_when_it_was_completed() {
    let mut scene = Scene::new();
    let commit = scene.github.commit(&scene.ada, "Fix the parser");
    let trigger = Trigger::push("main", &commit);
    let run = scene.github.fail_to_start_run(scene.ci, trigger);
    let build = scene.build(run, 1);
    assert_eq!(build.finished_at, Some(time("2026-03-02T09:00:00Z")));
    assert_eq!(build.conclusion, Some(Conclusion::StartupFailure));
}

#[test]
fn a_job_that_no_runner_took_never_started() {
    let mut scene = Scene::new();
    let run = scene.start();
    scene.github.skip_job(run, "deploy");
    scene.pass(run, "test");
    let truth = scene.github.truth();
    let started: Vec<_> = truth.jobs.iter().map(|job| job.started_at).collect();
    assert_eq!(started, [None, Some(time("2026-03-02T09:00:10Z"))]);
    assert_eq!(truth.jobs[1].steps.len(), 4);
}

#[test]
fn the_truth_is_in_order_and_the_same_for_the_same_story() {
    let story = || {
        let mut scene = Scene::new();
        let older = scene.run(&["lint", "test"]);
        scene.run(&["test"]);
        scene.github.rerun_jobs(older, &scene.ada.clone());
        scene.github.truth()
    };
    let truth = story();
    assert_eq!(truth, story());
    let builds: Vec<_> = truth.builds.iter().map(|it| (it.run, it.attempt)).collect();
    assert!(builds.is_sorted());
    assert_eq!((builds.len(), truth.jobs.len()), (3, 5));
    assert!(truth.jobs.is_sorted_by_key(|job| job.id));
}

/// A repository with a workflow.
struct Scene {
    github: GitHub,
    api: RepositoryId,
    ci: WorkflowId,
    ada: Arc<Account>,
}

impl Scene {
    fn new() -> Self {
        let mut github = GitHub::new("acme", 7, time("2026-03-02T09:00:00Z"));
        let ada = github.create_person("ada", "Ada Example");
        let api = github.create_repository("api");
        let ci = github.create_workflow(api, "CI", ".github/workflows/ci.yml");
        Self {
            github,
            api,
            ci,
            ada,
        }
    }

    fn start(&mut self) -> RunId {
        let commit = self.github.commit(&self.ada, "Fix the parser");
        self.github
            .start_run(self.ci, Trigger::push("main", &commit))
    }

    /// A run that passed; each of its jobs took 70 seconds.
    fn run(&mut self, jobs: &[&'static str]) -> RunId {
        let run = self.start();
        for job in jobs {
            self.pass(run, job);
        }
        self.github.finish_run(run);
        run
    }

    fn pass(&mut self, run: RunId, name: &'static str) -> JobId {
        let job = self.github.queue_job(run, name);
        self.finish(job, Conclusion::Success);
        job
    }

    fn fail(&mut self, run: RunId, name: &'static str) -> JobId {
        let job = self.github.queue_job(run, name);
        self.finish(job, Conclusion::Failure);
        job
    }

    fn finish(&mut self, job: JobId, conclusion: Conclusion) {
        self.github.advance(10.seconds());
        self.github.start_job(job);
        self.github.advance(1.minute());
        self.github.end_step(job, "Run it", conclusion);
        self.github.finish_job(job);
    }

    fn jobs_of(&self, run: RunId, attempt: u32) -> Vec<JobId> {
        let jobs = self.github.jobs_of(run, attempt);
        jobs.iter().map(|job| job.id).collect()
    }

    fn build(&self, run: RunId, attempt: u32) -> BuildRow {
        let builds = self.github.truth().builds;
        let mut builds = builds.into_iter();
        let build = builds.find(|it| it.run == run && it.attempt == attempt);
        build.expect("there is such an attempt")
    }

    fn payloads(&mut self) -> Vec<Value> {
        let changes = self.github.take_changes();
        let bodies = changes.iter().map(|change| change.event().body);
        bodies
            .map(|body| serde_json::from_slice(&body).expect("bodies are JSON"))
            .collect()
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

//! Runs go as they go on GitHub, and the App is told what GitHub tells.

use std::collections::HashSet;

use jiff::ToSpan;
use lampboard_github_double::{
    CancelInProgress, Change, Commit, Conclusion, GitHub, JobId, RunId, Status, Trigger, WorkflowId,
};
use serde_json::{Value, json};

#[test]
fn a_run_goes_from_requested_to_completed() {
    let mut scene = Scene::new();
    let run = scene.push();
    scene.pass_jobs(run, &["lint", "test"]);
    scene.github.finish_run(run);
    assert_eq!(
        scene.told(),
        [
            "workflow_run requested queued",
            "workflow_job queued queued",
            "workflow_job in_progress in_progress",
            "workflow_run in_progress in_progress",
            "workflow_job completed success",
            "workflow_job queued queued",
            "workflow_job in_progress in_progress",
            "workflow_job completed success",
            "workflow_run completed success",
        ]
    );
}

#[test]
fn a_run_ends_as_its_jobs_do() {
    let mut scene = Scene::new();
    let run = scene.push();
    let job = scene.start_job(run, "test");
    scene.github.fail_step(job, "Run tests");
    scene.github.finish_job(job);
    scene.github.skip_job(run, "deploy");
    scene.github.finish_run(run);
    let latest = scene.github.attempts(run).last().unwrap();
    assert_eq!(latest.conclusion, Some(Conclusion::Failure));
}

#[test]
fn a_rerun_is_a_new_attempt_and_sends_no_requested() {
    let mut scene = Scene::new();
    let run = scene.push();
    scene.pass_jobs(run, &["test"]);
    scene.github.finish_run(run);
    let first = scene.last_run_payload();
    scene.told();

    let babbage = scene.github.create_person("babbage", "Charles Example");
    scene.github.advance(3.hours());
    scene.github.rerun(run, &babbage);
    assert_eq!(scene.told(), [""; 0]);
    scene.pass_jobs(run, &["test"]);
    scene.github.finish_run(run);
    let second = scene.last_run_payload();

    for same in ["id", "run_number", "created_at", "head_sha", "html_url"] {
        assert_eq!(first[same], second[same], "{same}");
    }
    assert_eq!(second["run_attempt"], 2);
    assert_eq!(second["actor"]["login"], "ada");
    assert_eq!(second["triggering_actor"]["login"], "babbage");
    assert_eq!(first["run_started_at"], "2026-03-02T09:00:00Z");
    assert_eq!(second["run_started_at"], "2026-03-02T12:01:10Z");
    assert_eq!(first["previous_attempt_url"], Value::Null);
    let earlier = second["previous_attempt_url"].as_str().unwrap();
    assert!(earlier.ends_with("/attempts/1"), "{earlier}");
    assert_eq!(
        scene.told(),
        [
            "workflow_job queued queued",
            "workflow_job in_progress in_progress",
            "workflow_run in_progress in_progress",
            "workflow_job completed success",
            "workflow_run completed success",
        ]
    );
}

#[test]
fn jobs_of_all_attempts_have_ids_of_their_own() {
    let mut scene = Scene::new();
    let run = scene.push();
    scene.pass_jobs(run, &["lint", "test"]);
    scene.github.finish_run(run);
    let ada = scene.commit.author.clone();
    scene.github.rerun(run, &ada);
    scene.pass_jobs(run, &["lint", "test"]);
    let attempts = scene.github.attempts(run);
    let ids: HashSet<_> = attempts.iter().flat_map(|attempt| &attempt.jobs).collect();
    assert_eq!(ids.len(), 4);
}

#[test]
fn a_newer_run_supersedes_one_whose_jobs_never_ran() {
    let mut scene = Scene::new();
    scene.github.workflow_mut(scene.ci).cancel_in_progress = CancelInProgress::Always;
    let older = scene.push();
    let job = scene.github.queue_job(older, "test");
    scene.github.advance(3.seconds());
    let newer = scene.push();
    assert_eq!(
        scene.told(),
        [
            "workflow_run requested queued",
            "workflow_job queued queued",
            "workflow_job completed cancelled",
            "workflow_run completed cancelled",
            "workflow_run requested queued",
        ]
    );
    let job = scene.github.job(job);
    assert_eq!((job.runner, job.steps.len()), (None, 0));
    assert_eq!(scene.github.attempts(newer)[0].status, Status::Queued);
}

#[test]
fn a_run_on_another_branch_or_fork_is_not_in_the_way() {
    let mut scene = Scene::new();
    scene.github.workflow_mut(scene.ci).cancel_in_progress = CancelInProgress::Always;
    let commit = scene.commit.clone();
    let main = scene.push();
    for trigger in [
        Trigger::push("release", &commit),
        Trigger::fork_pull_request("main", &commit),
    ] {
        scene.github.start_run(scene.ci, trigger);
    }
    assert_eq!(scene.github.attempts(main)[0].status, Status::Queued);
}

#[test]
fn only_pull_requests_are_cancelled_if_the_workflow_says_so() {
    let mut scene = Scene::new();
    scene.github.workflow_mut(scene.ci).cancel_in_progress = CancelInProgress::PullRequests;
    let commit = scene.commit.clone();
    let pushed = [scene.push(), scene.push()];
    let trigger = Trigger::pull_request(3, "fix", &commit);
    let proposed =
        [trigger.clone(), trigger].map(|trigger| scene.github.start_run(scene.ci, trigger));
    let conclusion = |run: RunId| scene.github.attempts(run)[0].conclusion;
    assert_eq!(pushed.map(conclusion), [None, None]);
    assert_eq!(
        proposed.map(conclusion),
        [Some(Conclusion::Cancelled), None]
    );
}

#[test]
fn a_file_that_cannot_be_read_gives_a_run_without_jobs_named_as_the_file() {
    let mut scene = Scene::new();
    let trigger = Trigger::push("main", &scene.commit);
    scene.github.fail_to_start_run(scene.ci, trigger);
    let run = scene.last_run_payload();
    assert_eq!(run["name"], ".github/workflows/ci.yml");
    assert_eq!(run["conclusion"], "startup_failure");
    assert_eq!(
        scene.told(),
        [
            "workflow_run requested queued",
            "workflow_run completed startup_failure"
        ]
    );
}

#[test]
fn a_newcomer_s_run_is_requested_and_already_completed() {
    let mut scene = Scene::new();
    let trigger = Trigger::fork_pull_request("patch-1", &scene.commit);
    scene.github.hold_run(scene.ci, trigger);
    let run = scene.last_run_payload();
    assert_eq!(run["status"], "completed");
    assert_eq!(scene.told(), ["workflow_run requested action_required"]);
}

#[test]
fn an_approved_run_goes_on_in_the_attempt_that_was_completed() {
    let mut scene = Scene::new();
    let trigger = Trigger::fork_pull_request("patch-1", &scene.commit);
    let run = scene.github.hold_run(scene.ci, trigger);
    scene.told();
    scene.github.approve_run(run);
    assert_eq!(scene.github.attempts(run)[0].conclusion, None);
    scene.pass_jobs(run, &["test"]);
    scene.github.finish_run(run);
    assert_eq!(
        scene.told(),
        [
            "workflow_job queued queued",
            "workflow_job in_progress in_progress",
            "workflow_run in_progress in_progress",
            "workflow_job completed success",
            "workflow_run completed success",
        ]
    );
    let [attempt] = scene.github.attempts(run) else {
        panic!("it is still one attempt");
    };
    assert_eq!(attempt.conclusion, Some(Conclusion::Success));
}

#[test]
fn a_fork_s_pull_request_is_not_told_but_its_repository_is() {
    let mut scene = Scene::new();
    let trigger = Trigger::fork_pull_request("main", &scene.commit);
    scene.github.start_run(scene.ci, trigger);
    let run = scene.last_run_payload();
    assert_eq!(run["pull_requests"], json!([]));
    assert_eq!(run["head_repository"]["full_name"], "ada/api");
    assert_eq!(run["head_repository"]["fork"], true);
    assert_eq!(run["repository"]["full_name"], "acme/api");
    assert_ne!(run["head_repository"]["id"], run["repository"]["id"]);
}

#[test]
fn a_pull_request_keeps_its_id() {
    let mut scene = Scene::new();
    let mut pull_request = |number| {
        let trigger = Trigger::pull_request(number, "fix", &scene.commit);
        scene.github.start_run(scene.ci, trigger);
        scene.last_run_payload()["pull_requests"][0].clone()
    };
    let (first, second, other) = (pull_request(3), pull_request(3), pull_request(4));
    assert_eq!(first["id"], second["id"]);
    assert_ne!(first["id"], other["id"]);
    assert_eq!(first["number"], 3);
    assert_eq!(first["base"]["ref"], "main");
}

#[test]
fn the_clock_and_the_button_name_who_is_behind_them() {
    let mut scene = Scene::new();
    let grace = scene.github.create_person("grace", "Grace Example");
    let commit = scene.commit.clone();
    for (event, trigger) in [
        ("schedule", Trigger::schedule(&grace, "main", &commit)),
        (
            "workflow_dispatch",
            Trigger::dispatch(&grace, "main", &commit),
        ),
    ] {
        scene.github.start_run(scene.ci, trigger);
        let run = scene.last_run_payload();
        assert_eq!(run["event"], event);
        assert_eq!(run["actor"]["login"], "grace");
        assert_eq!(run["display_title"], "CI");
        assert_eq!(run["head_commit"]["author"]["name"], "Ada Example");
    }
}

#[test]
fn an_approval_comes_before_the_queue() {
    let mut scene = Scene::new();
    let run = scene.push();
    let job = scene.github.wait_job(run, "deploy");
    scene.github.advance(20.minutes());
    scene.github.approve_job(job);
    assert_eq!(
        scene.told()[1..],
        ["workflow_job waiting waiting", "workflow_job queued queued"]
    );
}

#[test]
fn a_job_that_runs_too_long_times_its_run_out() {
    let mut scene = Scene::new();
    let run = scene.push();
    let job = scene.start_job(run, "test");
    scene.github.advance(6.hours());
    scene.github.time_out_job(job);
    scene.github.finish_run(run);
    assert_eq!(scene.last_run_payload()["conclusion"], "timed_out");
}

#[test]
fn a_queued_job_claims_to_have_started_when_it_was_created() {
    let mut scene = Scene::new();
    let run = scene.push();
    scene.github.advance(5.seconds());
    scene.github.queue_job(run, "test");
    let job = scene.last_payload()["workflow_job"].clone();
    assert_eq!(job["started_at"], "2026-03-02T09:00:05Z");
    assert_eq!(job["created_at"], job["started_at"]);
    assert_eq!(job["runner_id"], Value::Null);
    assert_eq!(job["steps"], json!([]));
}

#[test]
fn an_annotation_moves_updated_at_in_silence() {
    let mut scene = Scene::new();
    let run = scene.push();
    scene.pass_jobs(run, &["test"]);
    scene.github.finish_run(run);
    scene.github.take_changes();
    let before = scene.github.attempts(run)[0].updated_at;
    scene.github.advance(9.minutes());
    scene.github.annotate_run(run);
    let after = scene.github.attempts(run)[0].updated_at;
    assert_eq!(after.duration_since(before).as_mins(), 9);
    assert!(scene.github.take_changes().is_empty());
}

#[test]
fn runs_that_ended_long_ago_can_be_forgotten() {
    let mut scene = Scene::new();
    let (ended, running) = (scene.push(), scene.push());
    scene.pass_jobs(ended, &["test"]);
    scene.github.finish_run(ended);
    scene.github.advance(2.hours());
    scene.github.forget_runs_before(scene.github.now());
    assert!(!scene.github.knows_run(ended));
    assert!(scene.github.knows_run(running));
}

#[test]
fn what_is_told_stays_as_it_was() {
    let mut scene = Scene::new();
    let run = scene.push();
    let change = scene.github.take_changes().remove(0);
    let before = change.event();
    "elsewhere".clone_into(&mut scene.github.repository_mut(change.repository().id).name);
    scene.pass_jobs(run, &["test"]);
    scene.github.finish_run(run);
    assert_eq!(change.event(), before);
}

/// One repository with one workflow and one commit.
struct Scene {
    github: GitHub,
    ci: WorkflowId,
    commit: Commit,
    changes: Vec<Change>,
}

impl Scene {
    fn new() -> Self {
        let now = "2026-03-02T09:00:00Z".parse().expect("a time");
        let mut github = GitHub::new("acme", 7, now);
        let ada = github.create_person("ada", "Ada Example");
        let api = github.create_repository("api");
        let ci = github.create_workflow(api, "CI", ".github/workflows/ci.yml");
        let commit = github.commit(&ada, "Fix the parser");
        Self {
            github,
            ci,
            commit,
            changes: Vec::new(),
        }
    }

    fn push(&mut self) -> RunId {
        let trigger = Trigger::push("main", &self.commit);
        self.github.start_run(self.ci, trigger)
    }

    fn start_job(&mut self, run: RunId, name: &'static str) -> JobId {
        let job = self.github.queue_job(run, name);
        self.github.advance(10.seconds());
        self.github.start_job(job);
        job
    }

    fn pass_jobs(&mut self, run: RunId, names: &[&'static str]) {
        for name in names {
            let job = self.start_job(run, name);
            self.github.advance(1.minute());
            self.github.pass_step(job, "Run it");
            self.github.finish_job(job);
        }
    }

    /// Event, action, and conclusion or else status of everything told since last asked.
    fn told(&mut self) -> Vec<String> {
        self.take();
        let told = self.changes.drain(..).map(|change| {
            let event = change.event();
            let body: Value = serde_json::from_slice(&event.body).expect("bodies are JSON");
            let subject = &body[&*event.name];
            let status = subject["conclusion"]
                .as_str()
                .or(subject["status"].as_str());
            let status = status.expect("everything has a status");
            format!("{} {} {status}", event.name, event.action)
        });
        told.collect()
    }

    fn last_run_payload(&mut self) -> Value {
        self.last_payload()["workflow_run"].clone()
    }

    fn last_payload(&mut self) -> Value {
        self.take();
        let event = self.changes.last().expect("something was told").event();
        serde_json::from_slice(&event.body).expect("bodies are JSON")
    }

    fn take(&mut self) {
        self.changes.extend(self.github.take_changes());
    }
}

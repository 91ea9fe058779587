//! What becomes of the words of GitHub, seen from the server's side.

use http::StatusCode;
use lampboard_proto::v1::{
    Build, BuildConclusion, BuildStatus, InstallationState, Job, Provider, Repository,
};
use prost_types::Timestamp;
use serde_json::{Value, json};
use tonic::Status;

use crate::{payloads, support::App};

fn at(time: &str) -> Option<Timestamp> {
    let time: jiff::Timestamp = time.parse().ok()?;
    Some(Timestamp {
        seconds: time.as_second(),
        nanos: time.subsec_nanosecond(),
    })
}

/// Delivers an event and gives the build that was reported.
async fn build_of(payload: &Value) -> Build {
    let app = App::new();
    app.deliver("workflow_run", payload).await;
    let mut report = app.report();
    assert_eq!(report.delivery.unwrap().problem, "");
    assert_eq!((report.builds.len(), report.jobs.len()), (1, 0));
    report.builds.remove(0)
}

/// Delivers an event, with a change to its run.
async fn build_with(change: impl FnOnce(&mut Value)) -> Build {
    let mut payload = payloads::workflow_run();
    change(&mut payload["workflow_run"]);
    build_of(&payload).await
}

/// Delivers an event, with a change to its job, and gives the job reported.
async fn job_with(change: impl FnOnce(&mut Value)) -> Job {
    let mut payload = payloads::workflow_job();
    change(&mut payload["workflow_job"]);
    let app = App::new();
    app.deliver("workflow_job", &payload).await;
    let mut report = app.report();
    assert_eq!(report.delivery.unwrap().problem, "");
    assert_eq!((report.builds.len(), report.jobs.len()), (0, 1));
    report.jobs.remove(0)
}

/// Delivers an event and gives the repositories that were reported.
async fn repositories_of(event: &str, payload: &Value) -> Vec<Repository> {
    let app = App::new();
    app.deliver(event, payload).await;
    app.report().repositories
}

#[tokio::test]
async fn a_run_becomes_a_build() {
    let expected = Build {
        repository_id: 900,
        workflow: "CI".to_owned(),
        workflow_id: 31,
        workflow_path: ".github/workflows/ci.yml".to_owned(),
        run_id: 5001,
        run_number: 77,
        run_attempt: 2,
        status: BuildStatus::Completed.into(),
        conclusion: BuildConclusion::Failure.into(),
        event: "push".to_owned(),
        branch: "main".to_owned(),
        commit_sha: "abcdef0123456789abcdef0123456789abcdef01".to_owned(),
        commit_title: "Fix the build".to_owned(),
        commit_author: "Mona Lisa".to_owned(),
        title: "Fix the build".to_owned(),
        actor: "mona".to_owned(),
        triggering_actor: "hubot".to_owned(),
        pull_requests: vec![12],
        url: "https://github.com/acme/api/actions/runs/5001/attempts/2".to_owned(),
        provider: Provider::GithubActions.into(),
        create_time: at("2026-03-01T11:00:00Z"),
        start_time: at("2026-03-01T11:30:00Z"),
        update_time: at("2026-03-01T11:40:00Z"),
        ..Build::default()
    };
    assert_eq!(build_of(&payloads::workflow_run()).await, expected);
}

#[tokio::test]
async fn a_workflow_job_becomes_a_job() {
    let job = job_with(|_| {}).await;
    assert_eq!((job.id, job.repository_id), (60001, 900));
    assert_eq!((job.run_id, job.run_attempt), (5001, 2));
    assert_eq!(job.name, "test (stable)");
    assert_eq!(job.status(), BuildStatus::Completed);
    assert_eq!(job.conclusion(), BuildConclusion::Failure);
    assert_eq!(job.labels, ["ubuntu-latest", "x64"]);
    assert_eq!(job.runner, "runner 3");
    assert_eq!(job.create_time, at("2026-03-01T11:30:00Z"));
    assert_eq!(job.start_time, at("2026-03-01T11:31:00Z"));
    assert_eq!(job.end_time, at("2026-03-01T11:39:00Z"));
    assert_eq!(
        job.url,
        "https://github.com/acme/api/actions/runs/5001/job/60001"
    );
    assert_eq!(job.steps.len(), 2);
    assert_eq!(job.steps[0].end_time, at("2026-03-01T11:31:05.25Z"));
    assert_eq!(job.steps[1].name, "Run tests");
    assert_eq!(job.steps[1].conclusion(), BuildConclusion::Failure);
}

#[tokio::test]
async fn both_say_what_repository_they_happened_in() {
    let expected = Repository {
        id: 900,
        name: "acme/api".to_owned(),
        installation_id: 44,
        default_branch: "main".to_owned(),
        private: true,
        update_time: at("2026-03-01T11:40:00Z"),
        ..Repository::default()
    };
    let run = repositories_of("workflow_run", &payloads::workflow_run()).await;
    assert_eq!(run, [expected]);

    let job = repositories_of("workflow_job", &payloads::workflow_job()).await;
    assert_eq!(job[0].update_time, at("2026-03-01T11:39:00Z"));
    assert_eq!((job[0].id, job[0].name.as_str()), (900, "acme/api"));
}

#[tokio::test]
async fn a_repository_is_as_of_its_own_change_if_that_is_later() {
    let mut payload = payloads::workflow_run();
    payload["repository"]["updated_at"] = json!("2026-03-01T11:59:00Z");
    let repositories = repositories_of("workflow_run", &payload).await;
    assert_eq!(repositories[0].update_time, at("2026-03-01T11:59:00Z"));
}

#[tokio::test]
async fn a_repository_is_public_only_if_github_says_so() {
    for (private, expected) in [
        (json!(false), false),
        (json!(null), true),
        (json!("no"), true),
    ] {
        let mut payload = payloads::workflow_run();
        payload["repository"]["private"] = private;
        let repositories = repositories_of("workflow_run", &payload).await;
        assert_eq!(repositories[0].private, expected);
    }
}

#[tokio::test]
async fn the_object_counts_and_not_the_action() {
    let build = build_with(|run| {
        run["status"] = json!("queued");
        run["conclusion"] = json!(null);
    })
    .await;
    assert_eq!(build.status(), BuildStatus::Queued);
    assert_eq!(build.conclusion(), BuildConclusion::Unspecified);
}

#[tokio::test]
async fn unknown_words_are_kept() {
    let build = build_with(|run| run["conclusion"] = json!("stale2")).await;
    assert_eq!(build.conclusion(), BuildConclusion::Unknown);
    assert_eq!(build.conclusion_text, "stale2");

    let build = build_with(|run| run["status"] = json!("paused2")).await;
    assert_eq!(build.status(), BuildStatus::Unknown);
    assert_eq!(build.status_text, "paused2");
    assert_eq!(build.conclusion(), BuildConclusion::Unspecified);
}

#[tokio::test]
async fn the_branch_of_a_fork_is_not_ours() {
    let build = build_with(|run| {
        run["head_repository"] = json!({ "id": 901, "full_name": "mona/api" });
    })
    .await;
    assert_eq!(build.head_repository, "mona/api");

    // Renamed meanwhile, but the same one.
    let build = build_with(|run| {
        run["head_repository"] = json!({ "id": 900, "full_name": "acme/old-api" });
    })
    .await;
    assert_eq!(build.head_repository, "");

    let build = build_with(|run| {
        run["head_repository"] = json!({ "full_name": "Acme/API" });
    })
    .await;
    assert_eq!(build.head_repository, "");
}

#[tokio::test]
async fn the_branch_of_a_deleted_fork_is_not_ours_either() {
    let build = build_with(|run| {
        run["event"] = json!("pull_request");
        run["head_repository"] = json!(null);
        run["pull_requests"] = json!([]);
    })
    .await;
    assert_eq!(build.head_repository, "ghost/api");

    let build = build_with(|run| {
        run["head_repository"] = json!(null);
        run["pull_requests"] = json!([]);
    })
    .await;
    assert_eq!(
        build.head_repository, "",
        "a push is always to a branch of ours"
    );

    let build = build_with(|run| {
        run["event"] = json!("pull_request");
        run["head_repository"] = json!(null);
    })
    .await;
    assert_eq!(
        build.head_repository, "",
        "a listed pull request is of our own branch"
    );
}

#[tokio::test]
async fn pull_requests_of_other_repositories_are_left_out() {
    let build = build_with(|run| {
        run["pull_requests"] = json!([
            { "number": 1, "base": { "repo": { "id": 899 } } },
            { "number": 2, "base": { "repo": { "id": 900 } } },
            { "number": 3 },
            { "number": "4" },
            { "number": -5 },
            6,
        ]);
    })
    .await;
    assert_eq!(build.pull_requests, [2, 3]);
}

#[tokio::test]
async fn whoever_started_the_attempt_is_told_from_whoever_caused_the_run() {
    let mut payload = payloads::workflow_run();
    payload["sender"]["login"] = json!("a-bot");
    payload["workflow_run"]["triggering_actor"] = json!(null);
    let build = build_of(&payload).await;
    assert_eq!(
        (build.actor.as_str(), build.triggering_actor.as_str()),
        ("mona", "mona")
    );

    payload["workflow_run"]["actor"] = json!(null);
    let build = build_of(&payload).await;
    assert_eq!(
        (build.actor.as_str(), build.triggering_actor.as_str()),
        ("", "a-bot")
    );
}

#[tokio::test]
async fn a_workflow_that_could_not_start_still_has_a_name() {
    let mut payload = payloads::workflow_run();
    payload["workflow_run"]["name"] = json!("");
    payload["workflow"]["name"] = json!("Continuous");
    assert_eq!(build_of(&payload).await.workflow, "Continuous");

    payload["workflow"]["name"] = json!(null);
    assert_eq!(
        build_of(&payload).await.workflow,
        ".github/workflows/ci.yml"
    );
}

#[tokio::test]
async fn times_stand_in_for_each_other() {
    let (created, started, updated) = (
        at("2026-03-01T11:00:00Z"),
        at("2026-03-01T11:30:00Z"),
        at("2026-03-01T11:40:00Z"),
    );
    let build = build_with(|run| run["run_started_at"] = json!(null)).await;
    assert_eq!(build.start_time, created);
    let build = build_with(|run| run["created_at"] = json!(null)).await;
    assert_eq!(build.create_time, started);
    let build = build_with(|run| run["updated_at"] = json!("soon")).await;
    assert_eq!(build.update_time, started);
    let build = build_with(|run| {
        run["run_started_at"] = json!(null);
        run["created_at"] = json!(null);
    })
    .await;
    assert_eq!((build.create_time, build.start_time), (updated, updated));
}

#[tokio::test]
async fn a_build_without_a_commit_is_a_build() {
    let build = build_with(|run| {
        run["head_commit"] = json!(null);
        run["head_branch"] = json!(null);
        run["display_title"] = json!(null);
    })
    .await;
    assert_eq!(
        (build.commit_title.as_str(), build.commit_author.as_str()),
        ("", "")
    );
    assert_eq!((build.branch.as_str(), build.title.as_str()), ("", ""));
}

#[tokio::test]
async fn the_page_is_that_of_the_attempt() {
    let page = "https://github.com/acme/api/actions/runs/5001/attempts/2";
    let build = build_with(|run| run["html_url"] = json!(page)).await;
    assert_eq!(build.url, page);
    let build = build_with(|run| run["html_url"] = json!("javascript:alert(1)")).await;
    assert_eq!(build.url, "");
}

#[tokio::test]
async fn long_and_odd_texts_are_kept_within_bounds() {
    let huge = "ж\0".repeat(200_000);
    let build = build_with(|run| {
        for field in [
            "name",
            "head_branch",
            "display_title",
            "event",
            "conclusion",
        ] {
            run[field] = json!(huge);
        }
        run["head_sha"] = json!(huge);
        run["html_url"] = json!(huge);
        run["head_commit"]["message"] = json!(huge);
    })
    .await;
    for name in [&build.workflow, &build.branch, &build.event] {
        assert_eq!(*name, "ж".repeat(255));
    }
    assert_eq!(build.conclusion_text, "ж".repeat(100));
    for title in [&build.title, &build.commit_title] {
        assert_eq!(*title, "ж".repeat(1000));
    }
    assert_eq!((build.commit_sha.as_str(), build.url.as_str()), ("", ""));
}

#[tokio::test]
async fn a_job_that_waits_has_not_started() {
    for status in ["queued", "waiting", "pending", "requested"] {
        let job = job_with(|job| {
            job["status"] = json!(status);
            job["conclusion"] = json!(null);
            job["completed_at"] = json!(null);
            job["steps"] = json!([]);
        })
        .await;
        assert_eq!((job.start_time, job.end_time), (None, None), "{status}");
    }
    let running = job_with(|job| job["status"] = json!("in_progress")).await;
    assert_eq!(running.start_time, at("2026-03-01T11:31:00Z"));
    assert_eq!(running.end_time, None, "it has not ended, whatever it says");
    assert_eq!(running.conclusion(), BuildConclusion::Unspecified);
}

#[tokio::test]
async fn a_job_that_ended_without_running_never_started() {
    let end = at("2026-03-01T11:39:00Z");
    let never_ran = |conclusion: &'static str| {
        job_with(move |job| {
            job["conclusion"] = json!(conclusion);
            job["runner_name"] = json!("");
            job["steps"] = json!([]);
        })
    };
    for conclusion in ["skipped", "cancelled"] {
        let job = never_ran(conclusion).await;
        assert_eq!((job.start_time, job.end_time), (None, end), "{conclusion}");
    }
    let start = at("2026-03-01T11:31:00Z");
    assert_eq!(never_ran("failure").await.start_time, start);
    for unknown in ["runner_name", "steps"] {
        let cancelled = job_with(|job| {
            job["conclusion"] = json!("cancelled");
            job[unknown] = json!(null);
        })
        .await;
        assert_eq!(cancelled.start_time, start, "it ran, whatever {unknown}");
    }
}

#[tokio::test]
async fn a_job_without_an_end_ended_with_its_last_step() {
    let job = job_with(|job| job["completed_at"] = json!(null)).await;
    assert_eq!(job.end_time, at("2026-03-01T11:38:59Z"));

    let mut payload = payloads::workflow_job();
    payload["workflow_job"]["completed_at"] = json!(null);
    payload["workflow_job"]["steps"] = json!([]);
    let app = App::new();
    app.deliver("workflow_job", &payload).await;
    let problem = app.report().delivery.unwrap().problem;
    assert_eq!(problem, "workflow_job.completed_at is missing");
}

#[tokio::test]
async fn a_step_that_is_none_does_not_cost_the_job() {
    let job = job_with(|job| {
        let good = job["steps"][0].clone();
        let mut nameless = good.clone();
        nameless["name"] = json!(null);
        nameless["number"] = json!(2);
        let mut unnumbered = good.clone();
        unnumbered["number"] = json!(null);
        let mut idle = good.clone();
        idle["status"] = json!(null);
        job["steps"] = json!([good, nameless, unnumbered, idle, "step", null]);
    })
    .await;
    let numbers: Vec<_> = job.steps.iter().map(|step| step.number).collect();
    assert_eq!(numbers, [1, 2]);
}

#[tokio::test]
async fn an_installation_names_its_repositories() {
    let listed = json!([
        { "id": 900, "full_name": "acme/api", "private": false },
        { "id": 901, "full_name": "not a full name", "private": false },
        { "full_name": "acme/unnumbered", "private": false },
        { "id": 902, "full_name": "acme/web", "private": true },
    ]);
    let payload = json!({
        "action": "created",
        "installation": { "id": 44, "created_at": 1_525_109_898, "updated_at": 1_525_109_899 },
        "repositories": listed,
    });
    let app = App::new();
    app.deliver("installation", &payload).await;
    let repositories = app.syncs().remove(0).repositories;
    let names: Vec<_> = repositories.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["acme/api", "acme/web"]);
    assert!(repositories.iter().all(|it| it.installation_id == 44));
    assert!(repositories.iter().all(|it| it.default_branch.is_empty()));
    assert_eq!(repositories[0].update_time, at("2018-04-30T17:38:19Z"));

    let payload = json!({
        "action": "added",
        "installation": { "id": 44, "updated_at": 1_525_109_899 },
        "repositories_added": listed,
        "repositories_removed": [],
    });
    let added = repositories_of("installation_repositories", &payload).await;
    assert_eq!(added.len(), 2);
}

#[tokio::test]
async fn what_an_installation_lost_is_hidden_at_once() {
    let listed = json!([{ "id": 900, "full_name": "acme/api" }]);
    let installation = json!({
        "id": 44, "updated_at": 1_525_109_899, "account": { "login": "acme", "id": 7 },
    });
    let states = [
        ("deleted", InstallationState::Deleted),
        ("suspend", InstallationState::Suspended),
    ];
    for (action, state) in states {
        let app = App::new();
        let payload = json!({
            "action": action, "installation": installation, "repositories": listed,
        });
        app.deliver("installation", &payload).await;
        let sync = app.syncs().remove(0);
        assert!(sync.repositories.is_empty() && app.report().repositories.is_empty());
        let told = sync.installation.unwrap();
        assert_eq!(told.state(), state);
        assert_eq!((told.id, told.account_id, &*told.account), (44, 7, "acme"));
        // As of when it was taken in: GitHub says no time for it.
        assert_eq!(
            told.update_time,
            app.report().delivery.unwrap().receive_time
        );
    }

    let app = App::new();
    let payload = json!({
        "action": "removed", "installation": installation, "repositories_removed": listed,
    });
    app.deliver("installation_repositories", &payload).await;
    let removal = app.removals().remove(0);
    assert_eq!(
        (removal.installation_id, &*removal.repository_ids),
        (44, &[900][..])
    );
    assert_eq!(
        removal.update_time,
        app.report().delivery.unwrap().receive_time
    );
}

#[tokio::test]
async fn an_event_that_took_no_effect_is_not_acknowledged() {
    let app = App::new();
    app.fail_sync(Status::unavailable("as the test said"));
    let payload = json!({ "action": "suspend", "installation": { "id": 44 } });
    let answer = app.deliver("installation", &payload).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_repository_event_says_what_the_repository_is_now() {
    let mut payload = json!({ "action": "archived", "repository": payloads::repository() });
    payload["repository"]["archived"] = json!(true);
    let repositories = repositories_of("repository", &payload).await;
    assert!(repositories[0].archived);
    assert_eq!(repositories[0].update_time, at("2026-02-20T08:00:00Z"));
    assert_eq!(repositories[0].installation_id, 0);

    payload["action"] = json!("deleted");
    assert!(repositories_of("repository", &payload).await.is_empty());
}

//! GitHub's own example deliveries come back field by field, to a client that knows the API from
//! reflection alone.

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::{
    github::examples,
    grpcurl::Grpcurl,
    lampboard::{Lampboard, Mode},
};

#[tokio::test]
async fn every_example_comes_back_from_one_process() {
    assert_examples_come_back(Mode::OneProcess).await;
}

#[tokio::test]
async fn every_example_comes_back_from_two_processes() {
    assert_examples_come_back(Mode::TwoProcesses).await;
}

async fn assert_examples_come_back(mode: Mode) {
    let (runs, jobs) = (examples("workflow_run"), examples("workflow_job"));
    assert_eq!(
        (runs.len(), jobs.len()),
        (5, 8),
        "GitHub's examples changed"
    );
    for (number, example) in runs.iter().enumerate() {
        println!("workflow_run {number}");
        assert_run_comes_back(mode, example).await;
    }
    for (number, example) in jobs.iter().enumerate() {
        println!("workflow_job {number}");
        assert_job_comes_back(mode, example).await;
    }
}

/// Delivers an example to a Lampboard of its own: the examples contradict each other.
async fn deliver(mode: Mode, event: &str, example: &Value) -> (Lampboard, Grpcurl, String) {
    let lampboard = Lampboard::start(mode).await;
    let body = example.to_string();
    let answer = lampboard.hook().deliver(event, "example", body).await;
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
    let grpcurl = Grpcurl::new(lampboard.server.address());
    (lampboard, grpcurl, answer.build_id())
}

async fn assert_run_comes_back(mode: Mode, example: &Value) {
    let (_lampboard, grpcurl, id) = deliver(mode, "workflow_run", example).await;
    let expected = expected_build(example, &id);

    let run = json!({ "run": { "id": example["workflow_run"]["id"] } });
    for key in [json!({ "id": id }), run, json!({ "url": expected["url"] })] {
        let found = grpcurl.call("BuildService/GetBuild", &key);
        assert_eq!(found, json!({ "build": expected, "attempts": [expected] }));
    }
    let list = grpcurl.call("BuildService/ListBuilds", &json!({}));
    assert_eq!(list, json!({ "builds": [expected], "nextPageToken": "" }));
    let jobs = grpcurl.call("BuildService/ListJobs", &json!({ "buildId": id }));
    assert_eq!(jobs, json!({ "jobs": [] }));
    let start = expected["startTime"].clone();
    let updated = &example["workflow_run"]["updated_at"];
    assert_repository(&grpcurl, example, updated, &start);
}

async fn assert_job_comes_back(mode: Mode, example: &Value) {
    let (_lampboard, grpcurl, id) = deliver(mode, "workflow_job", example).await;
    let jobs = grpcurl.call("BuildService/ListJobs", &json!({ "buildId": id }));
    assert_eq!(jobs, json!({ "jobs": [expected_job(example)] }));

    // Nothing has been said of its build but its id.
    let list = grpcurl.call("BuildService/ListBuilds", &json!({}));
    assert_eq!(list, json!({ "builds": [], "nextPageToken": "" }));
    let build = grpcurl.try_call("BuildService/GetBuild", &json!({ "id": id }));
    let error = build.unwrap_err();
    assert!(error.contains("Code: NotFound"), "{error}");
    let job = &example["workflow_job"];
    let times = ["created_at", "started_at", "completed_at"].map(|name| instant(&job[name]));
    let latest = times.into_iter().flatten().max().unwrap().to_string();
    assert_repository(&grpcurl, example, &latest.into(), &Value::Null);
}

fn assert_repository(grpcurl: &Grpcurl, example: &Value, event_time: &Value, last_build: &Value) {
    let repository = &example["repository"];
    let times = [event_time, &repository["updated_at"]].map(instant);
    let expected = json!({
        "id": id_text(&repository["id"]),
        "name": repository["full_name"],
        "installationId": example.pointer("/installation/id").map_or(json!("0"), id_text),
        "defaultBranch": repository["default_branch"],
        "archived": repository["archived"],
        "private": repository["private"],
        "updateTime": times.into_iter().flatten().max().unwrap().to_string(),
        "lastBuildTime": last_build,
        "recentBuilds": [],
    });
    let list = grpcurl.call("RepositoryService/ListRepositories", &json!({}));
    assert_eq!(
        list,
        json!({ "repositories": [expected], "nextPageToken": "" })
    );
}

/// What the contract says of a run, worked out from GitHub's JSON by hand.
fn expected_build(example: &Value, id: &str) -> Value {
    let run = &example["workflow_run"];
    let (repository, workflow) = (&example["repository"], &example["workflow"]);
    let is_over = run["status"] == "completed";
    let start = instant(&run["run_started_at"]).unwrap();
    let end = instant(&run["updated_at"]).filter(|_| is_over);
    let message = text(run.pointer("/head_commit/message"));
    let first_line = message.lines().next().unwrap_or_default();
    let is_ours = run["head_repository"]["id"] == repository["id"];
    let attempt = &run["run_attempt"];
    json!({
        "id": id,
        "repository": repository["full_name"],
        "repositoryId": id_text(&repository["id"]),
        "workflow": first_set([&run["name"], &workflow["name"]]),
        "workflowId": id_text(&run["workflow_id"]),
        "workflowPath": first_set([&run["path"], &workflow["path"]]),
        "runId": id_text(&run["id"]),
        "runNumber": run["run_number"],
        "runAttempt": attempt,
        "status": constant("BUILD_STATUS", &run["status"]),
        "statusText": "",
        "conclusion": constant("BUILD_CONCLUSION", &run["conclusion"]),
        "conclusionText": "",
        "event": run["event"],
        "branch": run["head_branch"],
        "headRepository": if is_ours { json!("") } else { run["head_repository"]["full_name"].clone() },
        "commitSha": run["head_sha"],
        "commitTitle": first_line,
        "commitAuthor": run["head_commit"]["author"]["name"],
        "title": first_set([&run["display_title"], &json!(first_line)]),
        "actor": first_set([&run["actor"]["login"]]),
        "triggeringActor": first_set([
            &run["triggering_actor"]["login"],
            &run["actor"]["login"],
            &example["sender"]["login"],
        ]),
        "pullRequests": expected_pull_requests(run, repository),
        "url": format!("{}/attempts/{attempt}", text(run.get("html_url"))),
        "provider": "PROVIDER_GITHUB_ACTIONS",
        "createTime": time(&run["created_at"]),
        "startTime": start.to_string(),
        "endTime": end.map(|end| end.to_string()),
        "endTimeApproximate": end.is_some() && run["conclusion"] != "action_required",
        "updateTime": time(&run["updated_at"]),
        "duration": end.map(|end| seconds(end.duration_since(start))),
        "queueDuration": null,
        "runDuration": null,
        "latestAttempt": true,
        "counted": is_over,
        "superseded": false,
    })
}

/// Another repository's pull requests have numbers of their own.
fn expected_pull_requests(run: &Value, repository: &Value) -> Vec<Value> {
    let pull_requests = run["pull_requests"].as_array().unwrap().iter();
    let ours = pull_requests.filter(|it| it["base"]["repo"]["id"] == repository["id"]);
    ours.map(|it| it["number"].clone()).collect()
}

/// What the contract says of a job, worked out from GitHub's JSON by hand.
fn expected_job(example: &Value) -> Value {
    let job = &example["workflow_job"];
    // Until it runs, GitHub gives the time of its creation as that of its start.
    let has_started = matches!(text(job.get("status")), "in_progress" | "completed");
    let steps = job["steps"].as_array().unwrap();
    json!({
        "id": id_text(&job["id"]),
        "repositoryId": id_text(&example["repository"]["id"]),
        "runId": id_text(&job["run_id"]),
        "runAttempt": job.get("run_attempt").unwrap_or(&json!(1)),
        "name": job["name"],
        "status": constant("BUILD_STATUS", &job["status"]),
        "statusText": "",
        "conclusion": constant("BUILD_CONCLUSION", &job["conclusion"]),
        "conclusionText": "",
        "labels": job["labels"],
        "runner": first_set([&job["runner_name"]]),
        "createTime": time(job.get("created_at").unwrap_or(&job["started_at"])),
        "startTime": if has_started { time(&job["started_at"]) } else { Value::Null },
        "endTime": time(&job["completed_at"]),
        "url": job["html_url"],
        "steps": steps.iter().map(expected_step).collect::<Vec<_>>(),
    })
}

fn expected_step(step: &Value) -> Value {
    json!({
        "number": step["number"],
        "name": step["name"],
        "status": constant("BUILD_STATUS", &step["status"]),
        "statusText": "",
        "conclusion": constant("BUILD_CONCLUSION", &step["conclusion"]),
        "conclusionText": "",
        "startTime": time(&step["started_at"]),
        "endTime": time(&step["completed_at"]),
    })
}

/// 64-bit numbers are texts in protobuf's JSON.
fn id_text(id: &Value) -> Value {
    id.to_string().into()
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

fn first_set<const N: usize>(values: [&Value; N]) -> &str {
    let mut texts = values.into_iter().map(|value| text(Some(value)));
    texts.find(|text| !text.is_empty()).unwrap_or_default()
}

fn constant(prefix: &str, word: &Value) -> String {
    let word = word.as_str().unwrap_or("unspecified");
    format!("{prefix}_{}", word.to_uppercase())
}

fn instant(time: &Value) -> Option<Timestamp> {
    time.as_str().map(|time| time.parse().unwrap())
}

/// A time as protobuf's JSON has it.
fn time(time: &Value) -> Value {
    instant(time).map_or(Value::Null, |time| time.to_string().into())
}

/// A duration as protobuf's JSON has it.
fn seconds(duration: SignedDuration) -> String {
    format!("{}s", duration.as_secs().max(0))
}

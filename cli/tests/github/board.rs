//! What the board shows, put beside what GitHub knows.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lampboard_github_double::{BuildRow, JobRow};
use lampboard_proto::v1::{
    Build, BuildConclusion, BuildStatus, GetSystemRequest, GetSystemResponse, Job,
    ListBackfillsRequest, ListBackfillsResponse, ListBuildsRequest, ListJobsRequest,
    build_service_client::BuildServiceClient, system_service_client::SystemServiceClient,
};

use crate::world::World;

/// A build as both sides tell it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    workflow: String,
    workflow_path: String,
    workflow_id: i64,
    run_number: i64,
    title: String,
    event: String,
    branch: String,
    fork: String,
    sha: String,
    actor: String,
    triggering_actor: String,
    pub(crate) status: String,
    pub(crate) conclusion: String,
    created: Option<Timestamp>,
    started: Option<Timestamp>,
    pub(crate) finished: Option<Timestamp>,
    latest: bool,
}

/// A job as both sides tell it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct JobLine {
    name: String,
    labels: Vec<String>,
    status: String,
    conclusion: String,
    started: Option<Timestamp>,
    finished: Option<Timestamp>,
    steps: usize,
}

pub(crate) type Key = (i64, i64, i32);

/// All builds that the board shows.
pub(crate) async fn builds(world: &World) -> Vec<Build> {
    let mut client = BuildServiceClient::new(world.transport());
    let mut builds = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListBuildsRequest {
            page_size: 500,
            page_token,
            ..ListBuildsRequest::default()
        };
        let page = client.list_builds(request).await.unwrap().into_inner();
        builds.extend(page.builds);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return builds;
        }
    }
}

/// The jobs that the board shows of a build.
pub(crate) async fn jobs(world: &World, build: &Build) -> Vec<Job> {
    let mut client = BuildServiceClient::new(world.transport());
    let request = ListJobsRequest {
        build_id: build.id.clone(),
    };
    client.list_jobs(request).await.unwrap().into_inner().jobs
}

/// How the server says things are.
pub(crate) async fn system(world: &World) -> GetSystemResponse {
    let mut client = SystemServiceClient::new(world.transport());
    let response = client.get_system(GetSystemRequest {}).await;
    response.unwrap().into_inner()
}

/// The backfills.
pub(crate) async fn backfills(world: &World) -> ListBackfillsResponse {
    let mut client = SystemServiceClient::new(world.transport());
    let request = ListBackfillsRequest::default();
    client.list_backfills(request).await.unwrap().into_inner()
}

/// Returns once no backfill is open any more. Time passes when all of them wait.
pub(crate) async fn backfills_are_over(world: &World) {
    let mut tries = 0;
    loop {
        world.app.hold().await.unwrap();
        let backfills = backfills(world).await;
        if backfills.open_count == 0 {
            return;
        }
        tries += 1;
        assert!(tries < 3000, "{backfills:?} at {}", world.now());
        let open = backfills
            .backfills
            .iter()
            .filter(|it| it.end_time.is_none());
        let waits: Vec<_> = open.map(|it| time(it.wait_until_time)).collect();
        if let Some(until) = waits.into_iter().min().flatten()
            && until > world.now()
        {
            world.wait(until.duration_since(world.now()));
        }
        tokio::task::yield_now().await;
    }
}

/// Fails unless the board shows exactly what GitHub knows, field by field.
pub(crate) async fn assert_is_truth(world: &World) {
    let truth = world.double().truth();
    let expected: BTreeMap<Key, Row> = truth.builds.iter().map(of_truth).collect();
    let builds = builds(world).await;
    let shown: BTreeMap<Key, Row> = builds.iter().map(of_build).collect();
    let missing: Vec<_> = expected
        .keys()
        .filter(|key| !shown.contains_key(key))
        .collect();
    assert!(
        missing.is_empty(),
        "{} builds are missing: {missing:?}",
        missing.len()
    );
    assert_eq!(
        shown.len(),
        expected.len(),
        "builds that GitHub does not know"
    );
    for (build, (key, row)) in builds.iter().map(|build| (build, of_build(build))) {
        let mut expected = expected[&key].clone();
        if build.end_time_approximate {
            assert!(row.finished >= expected.finished, "{key:?} ended too early");
            expected.finished = row.finished;
        }
        assert_eq!(row, expected, "{key:?}");
    }
}

/// Fails unless the board shows the jobs that GitHub knows, too.
pub(crate) async fn assert_jobs_are_truth(world: &World) {
    let truth = world.double().truth();
    let mut expected: BTreeMap<(i64, i32), BTreeMap<i64, JobLine>> = BTreeMap::new();
    for job in &truth.jobs {
        let place = (job.run.0.cast_signed(), job.attempt.cast_signed());
        let jobs = expected.entry(place).or_default();
        jobs.insert(job.id.0.cast_signed(), line_of_truth(job));
    }
    for build in builds(world).await {
        let shown: BTreeMap<_, _> = jobs(world, &build)
            .await
            .iter()
            .map(|job| (job.id, line(job)))
            .collect();
        let place = (build.run_id, build.run_attempt);
        assert_eq!(
            shown,
            expected.remove(&place).unwrap_or_default(),
            "{place:?}"
        );
    }
}

fn of_truth(row: &BuildRow) -> (Key, Row) {
    let key = (
        row.repository.0.cast_signed(),
        row.run.0.cast_signed(),
        row.attempt.cast_signed(),
    );
    let shown = Row {
        workflow: row.workflow_name.clone(),
        workflow_path: row.workflow_path.clone(),
        workflow_id: row.workflow.0.cast_signed(),
        run_number: row.run_number.cast_signed(),
        title: row.title.clone(),
        event: row.event.clone(),
        branch: row.branch.clone().unwrap_or_default(),
        fork: row.fork.clone().unwrap_or_default(),
        sha: row.sha.clone(),
        actor: row.actor.clone(),
        triggering_actor: row.triggering_actor.clone(),
        status: word(&row.status),
        conclusion: row.conclusion.as_ref().map(word).unwrap_or_default(),
        created: Some(row.created_at),
        started: Some(row.started_at),
        finished: row.finished_at,
        latest: row.latest_attempt,
    };
    (key, shown)
}

fn of_build(build: &Build) -> (Key, Row) {
    let key = (build.repository_id, build.run_id, build.run_attempt);
    let row = Row {
        workflow: build.workflow.clone(),
        workflow_path: build.workflow_path.clone(),
        workflow_id: build.workflow_id,
        run_number: build.run_number.into(),
        title: build.title.clone(),
        event: build.event.clone(),
        branch: build.branch.clone(),
        fork: build.head_repository.clone(),
        sha: build.commit_sha.clone(),
        actor: build.actor.clone(),
        triggering_actor: build.triggering_actor.clone(),
        status: status(build.status(), &build.status_text),
        conclusion: conclusion(build.conclusion(), &build.conclusion_text),
        created: time(build.create_time),
        started: time(build.start_time),
        finished: time(build.end_time),
        latest: build.latest_attempt,
    };
    (key, row)
}

fn line_of_truth(job: &JobRow) -> JobLine {
    JobLine {
        name: job.name.clone(),
        labels: job.labels.clone(),
        status: word(&job.status),
        conclusion: job.conclusion.as_ref().map(word).unwrap_or_default(),
        started: job.started_at,
        finished: job.completed_at,
        steps: job.steps.len(),
    }
}

fn line(job: &Job) -> JobLine {
    JobLine {
        name: job.name.clone(),
        labels: job.labels.clone(),
        status: status(job.status(), &job.status_text),
        conclusion: conclusion(job.conclusion(), &job.conclusion_text),
        started: time(job.start_time),
        finished: time(job.end_time),
        steps: job.steps.len(),
    }
}

/// GitHub's word for it.
fn word(value: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(value).unwrap();
    value.as_str().unwrap().to_owned()
}

fn status(status: BuildStatus, text: &str) -> String {
    if status == BuildStatus::Unknown {
        return text.to_owned();
    }
    let name = status.as_str_name().trim_start_matches("BUILD_STATUS_");
    name.to_lowercase()
}

fn conclusion(conclusion: BuildConclusion, text: &str) -> String {
    match conclusion {
        BuildConclusion::Unspecified => String::new(),
        BuildConclusion::Unknown => text.to_owned(),
        known => {
            let name = known.as_str_name().trim_start_matches("BUILD_CONCLUSION_");
            name.to_lowercase()
        }
    }
}

fn time(time: Option<prost_types::Timestamp>) -> Option<Timestamp> {
    time.map(|time| Timestamp::new(time.seconds, time.nanos).unwrap())
}

/// The attempts whose status or conclusion the board does not show as GitHub knows it.
pub(crate) async fn differs_in_outcome(world: &World) -> Vec<Key> {
    let builds = builds(world).await;
    let shown: BTreeMap<Key, Row> = builds.iter().map(of_build).collect();
    let outcome = |row: &Row| (row.status.clone(), row.conclusion.clone());
    let truth = world.double().truth();
    let expected = truth.builds.iter().map(of_truth);
    expected
        .filter(|(key, row)| shown.get(key).map(outcome) != Some(outcome(row)))
        .map(|(key, _)| key)
        .collect()
}

/// How often which kind of thing was asked for.
pub(crate) fn kinds(world: &World) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for request in world.double().requests() {
        let named =
            |part: &str| !part.chars().all(|c| c.is_ascii_digit()) && !part.starts_with("part-");
        let parts: Vec<_> = request.path.split('/').filter(|it| named(it)).collect();
        *kinds.entry(parts.join("/")).or_default() += 1;
    }
    kinds
}

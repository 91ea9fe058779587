//! The JSON that receivers are sent. `docs/WEBHOOKS.md` tells receivers what it means.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::{
    alerts::{
        links::{self, Links},
        provider::{Content, Line, Parcel},
        wording,
    },
    model::{AlertKind, Build, IncidentFacts, Job, Message, Step},
};

/// The most alerts that one digest names, and the most jobs that one alert does.
const MOST: usize = 500;
/// The most characters of a text of others.
const TEXT: usize = 1000;

#[derive(Serialize)]
struct Envelope<'a> {
    #[serde(rename = "type")]
    kind: String,
    timestamp: Timestamp,
    data: Data<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Data<'a> {
    One(Box<AlertData<'a>>),
    Digest(DigestData<'a>),
    Test { channel_display_name: String },
}

#[derive(Serialize)]
struct AlertData<'a> {
    kind: &'static str,
    title: String,
    next_step: &'static str,
    rule: String,
    possible_repeat: bool,
    build: BuildData<'a>,
    usual_duration_seconds: Option<f64>,
    failed_job_count: usize,
    failed_jobs: Vec<JobData>,
    incident: Option<IncidentData<'a>>,
}

#[derive(Serialize)]
struct BuildData<'a> {
    id: String,
    repository: String,
    repository_id: i64,
    workflow: String,
    workflow_id: i64,
    workflow_path: String,
    run_id: i64,
    run_number: i32,
    attempt: i32,
    event: String,
    status: String,
    conclusion: Option<String>,
    branch: String,
    head_repository: Option<String>,
    is_default_branch: bool,
    commit_sha: &'a str,
    commit_title: String,
    commit_author: String,
    title: String,
    actor: String,
    triggering_actor: String,
    pull_requests: &'a [i32],
    create_time: Timestamp,
    start_time: Timestamp,
    end_time: Option<Timestamp>,
    duration_seconds: Option<f64>,
    queue_seconds: Option<f64>,
    url: String,
    github_url: Option<&'a str>,
}

#[derive(Serialize)]
struct JobData {
    id: i64,
    name: String,
    conclusion: Option<String>,
    start_time: Option<Timestamp>,
    end_time: Option<Timestamp>,
    github_url: Option<String>,
    failed_step: Option<StepData>,
}

#[derive(Serialize)]
struct StepData {
    number: i32,
    name: String,
    conclusion: Option<String>,
}

#[derive(Serialize)]
struct IncidentData<'a> {
    id: &'a str,
    open_time: Timestamp,
    resolve_time: Option<Timestamp>,
    time_to_recovery_seconds: Option<f64>,
    failure_count: i32,
    first_failure: Option<BuildData<'a>>,
    last_success: Option<BuildData<'a>>,
    compare_url: Option<String>,
}

#[derive(Serialize)]
struct DigestData<'a> {
    alert_count: usize,
    possible_repeat: bool,
    alerts: Vec<LineData<'a>>,
    list_url: String,
}

#[derive(Serialize)]
struct LineData<'a> {
    kind: &'static str,
    repository: String,
    workflow: String,
    branch: String,
    build_id: &'a str,
    url: String,
}

/// What a receiver is sent.
pub(super) fn json(parcel: &Parcel, links: &Links, now: Timestamp) -> Vec<u8> {
    serde_json::to_vec(&envelope(parcel, links, now)).expect("texts and numbers become JSON")
}

/// The same for people.
pub(super) fn pretty(parcel: &Parcel, links: &Links, now: Timestamp) -> String {
    serde_json::to_string_pretty(&envelope(parcel, links, now))
        .expect("texts and numbers become JSON")
}

fn envelope<'a>(parcel: &'a Parcel, links: &Links, now: Timestamp) -> Envelope<'a> {
    let (kind, timestamp, data) = match &parcel.content {
        Content::One(message) => (
            word(message.kind),
            message.create_time,
            Data::One(Box::new(of_message(message, links, parcel.possible_repeat))),
        ),
        Content::Digest(told) => (
            "digest",
            now,
            Data::Digest(of_digest(told, links, parcel.possible_repeat)),
        ),
        Content::Test { display_name } => {
            let channel_display_name = text(display_name);
            (
                "test",
                now,
                Data::Test {
                    channel_display_name,
                },
            )
        }
    };
    Envelope {
        kind: format!("alert.{kind}"),
        timestamp,
        data,
    }
}

fn of_message<'a>(message: &'a Message, links: &Links, possible_repeat: bool) -> AlertData<'a> {
    AlertData {
        kind: word(message.kind),
        title: wording::clip(&wording::title(message), TEXT),
        next_step: wording::next_step(message),
        rule: text(&message.rule),
        possible_repeat,
        build: of_build(&message.build, links),
        usual_duration_seconds: message.usual.map(seconds),
        failed_job_count: message.failed_jobs.len(),
        failed_jobs: message.failed_jobs.iter().take(MOST).map(of_job).collect(),
        incident: message
            .incident
            .as_ref()
            .map(|incident| of_incident(incident, links)),
    }
}

fn of_build<'a>(build: &'a Build, links: &Links) -> BuildData<'a> {
    let record = &build.record;
    let facts = &record.facts;
    BuildData {
        id: record.id.to_string(),
        repository: text(&build.repository),
        repository_id: record.id.repository.0,
        workflow: text(&facts.workflow),
        workflow_id: facts.workflow_id.0,
        workflow_path: text(&facts.workflow_path),
        run_id: record.id.run.0,
        run_number: facts.run_number,
        attempt: record.id.attempt,
        event: text(&facts.event),
        status: text(facts.status.word()),
        conclusion: facts.status.conclusion().map(|word| text(word.word())),
        branch: text(&facts.branch),
        head_repository: Some(text(&facts.head_repository)).filter(|name| !name.is_empty()),
        is_default_branch: build.is_on_default_branch(),
        commit_sha: &facts.commit_sha,
        commit_title: text(&facts.commit_title),
        commit_author: text(&facts.commit_author),
        title: text(&facts.title),
        actor: text(&facts.actor),
        triggering_actor: text(&facts.triggering_actor),
        pull_requests: &facts.pull_requests,
        create_time: facts.create_time,
        start_time: facts.start_time,
        end_time: record.end_time(),
        duration_seconds: record.wall_time().map(seconds),
        queue_seconds: record.queue_time().map(seconds),
        url: links.build(record.id).into(),
        github_url: Some(facts.url.as_str()).filter(|url| is_page(url)),
    }
}

fn of_job(job: &Job) -> JobData {
    let facts = &job.facts;
    JobData {
        id: job.id.0,
        name: text(&facts.name),
        conclusion: facts.status.conclusion().map(|word| text(word.word())),
        start_time: facts.start_time,
        end_time: facts.end_time,
        github_url: Some(facts.url.clone()).filter(|url| is_page(url)),
        failed_step: facts.failed_step().map(of_step),
    }
}

fn of_step(step: &Step) -> StepData {
    StepData {
        number: step.number,
        name: text(&step.name),
        conclusion: step.status.conclusion().map(|word| text(word.word())),
    }
}

fn of_incident<'a>(incident: &'a IncidentFacts, links: &Links) -> IncidentData<'a> {
    let recovery = incident.resolve_time.map(|end| {
        let span = end.duration_since(incident.open_time);
        seconds(span.max(SignedDuration::ZERO))
    });
    IncidentData {
        id: &incident.id,
        open_time: incident.open_time,
        resolve_time: incident.resolve_time,
        time_to_recovery_seconds: recovery,
        failure_count: incident.failures,
        first_failure: incident
            .first_failure
            .as_ref()
            .map(|build| of_build(build, links)),
        last_success: incident
            .last_success
            .as_ref()
            .map(|build| of_build(build, links)),
        compare_url: links::compare(incident)
            .map(String::from)
            .filter(|url| is_page(url)),
    }
}

fn of_digest<'a>(told: &'a [Line], links: &Links, possible_repeat: bool) -> DigestData<'a> {
    let alerts = told.iter().take(MOST).map(|line| LineData {
        kind: word(line.kind),
        repository: text(&line.repository),
        workflow: text(&line.workflow),
        branch: text(&line.branch),
        build_id: &line.build,
        url: links.to(&["builds", &line.build]).into(),
    });
    DigestData {
        alert_count: told.len(),
        possible_repeat,
        alerts: alerts.collect(),
        list_url: links.history().into(),
    }
}

fn word(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::Failure => "failure",
        AlertKind::Recovery => "recovery",
        AlertKind::StaysRed => "stays_red",
        AlertKind::Slow => "slow",
        AlertKind::Queued => "queued",
    }
}

/// Text of others as it is: JSON keeps it apart from ours. What is very long is cut.
fn text(text: &str) -> String {
    wording::clip(text, TEXT)
}

/// Receivers may show it as a link.
fn is_page(url: &str) -> bool {
    url.starts_with("https://") && url::Url::parse(url).is_ok()
}

fn seconds(span: SignedDuration) -> f64 {
    span.as_secs_f64()
}

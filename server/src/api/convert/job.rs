//! Jobs and their steps.

use lampboard_proto::v1;

use super::{
    Check,
    build::{LONGEST_NAME, LONGEST_TITLE, LONGEST_URL, build_id},
    status::{StatusFields, status, status_to_proto},
    time::{required, timestamp, timestamp_to_proto},
};
use crate::model::{Job, JobFacts, JobId, Status, Step};

const MOST_LABELS: usize = 100;
const MOST_STEPS: usize = 1000;

/// Reads a reported job.
pub(super) fn job(check: &mut Check, job: v1::Job) -> Job {
    let fields = StatusFields {
        status: job.status,
        status_text: job.status_text,
        conclusion: job.conclusion,
        conclusion_text: job.conclusion_text,
    };
    let status = status(check, fields);
    let end_time = timestamp(check, "end_time", job.end_time);
    require_end(check, &status, end_time.is_some());
    let facts = JobFacts {
        status,
        end_time,
        start_time: timestamp(check, "start_time", job.start_time),
        create_time: required(check, "create_time", job.create_time),
        name: check.text("name", job.name, LONGEST_TITLE),
        labels: check.each("labels", job.labels, MOST_LABELS, |check, label| {
            check.text("", label, LONGEST_NAME)
        }),
        runner: check.text("runner", job.runner, LONGEST_NAME),
        url: check.text("url", job.url, LONGEST_URL),
        steps: check.each("steps", job.steps, MOST_STEPS, step),
    };
    Job {
        id: JobId(check.positive("id", job.id)),
        build: build_id(check, job.repository_id, job.run_id, job.run_attempt),
        facts,
    }
}

fn require_end(check: &mut Check, status: &Status, ended: bool) {
    if status.is_completed() != ended {
        check.refuse("end_time", "must be set exactly when status is completed");
    }
}

fn step(check: &mut Check, step: v1::job::Step) -> Step {
    let fields = StatusFields {
        status: step.status,
        status_text: step.status_text,
        conclusion: step.conclusion,
        conclusion_text: step.conclusion_text,
    };
    Step {
        number: step.number,
        name: check.text("name", step.name, LONGEST_TITLE),
        status: status(check, fields),
        start_time: timestamp(check, "start_time", step.start_time),
        end_time: timestamp(check, "end_time", step.end_time),
    }
}

/// Writes a job.
pub(in crate::api) fn job_to_proto(job: &Job) -> v1::Job {
    let facts = &job.facts;
    let status = status_to_proto(&facts.status);
    v1::Job {
        id: job.id.0,
        repository_id: job.build.repository.0,
        run_id: job.build.run.0,
        run_attempt: job.build.attempt,
        name: facts.name.clone(),
        status: status.status,
        status_text: status.status_text,
        conclusion: status.conclusion,
        conclusion_text: status.conclusion_text,
        labels: facts.labels.clone(),
        runner: facts.runner.clone(),
        create_time: Some(timestamp_to_proto(facts.create_time)),
        start_time: facts.start_time.map(timestamp_to_proto),
        end_time: facts.end_time.map(timestamp_to_proto),
        url: facts.url.clone(),
        steps: facts.steps.iter().map(step_to_proto).collect(),
    }
}

fn step_to_proto(step: &Step) -> v1::job::Step {
    let status = status_to_proto(&step.status);
    v1::job::Step {
        number: step.number,
        name: step.name.clone(),
        status: status.status,
        status_text: status.status_text,
        conclusion: status.conclusion,
        conclusion_text: status.conclusion_text,
        start_time: step.start_time.map(timestamp_to_proto),
        end_time: step.end_time.map(timestamp_to_proto),
    }
}

//! Reports: everything that the app may write.

use std::collections::HashSet;

use lampboard_proto::v1;

use super::{
    Check,
    build::{LONGEST_NAME, LONGEST_TITLE, build, build_key},
    job::job,
    repository::repository,
    time::required,
};
use crate::model::{Delivery, Report, RepositoryId, Source};

const MOST_BUILDS: usize = 500;
const MOST_JOBS: usize = 5000;
const MOST_REPOSITORIES: usize = 500;
const MOST_COMPLETE: usize = 500;
pub(super) const LONGEST_GUID: usize = 100;

/// Reads a report.
pub(in crate::api) fn report(check: &mut Check, request: v1::ReportRequest) -> Report {
    let source = source(check, request.source);
    let repositories = check.each(
        "repositories",
        request.repositories,
        MOST_REPOSITORIES,
        repository,
    );
    let described: HashSet<_> = repositories.iter().map(|r| r.id).collect();
    let builds = check.each("builds", request.builds, MOST_BUILDS, |check, message| {
        let (id, facts) = build(check, message);
        require_described(check, &described, id.repository);
        (id, facts)
    });
    let jobs = check.each("jobs", request.jobs, MOST_JOBS, |check, message| {
        let job = job(check, message);
        require_described(check, &described, job.build.repository);
        job
    });
    let complete_builds = check.each(
        "complete_builds",
        request.complete_builds,
        MOST_COMPLETE,
        |check, key| {
            let id = build_key(check, &key);
            require_described(check, &described, id.repository);
            id
        },
    );
    Report {
        delivery: request
            .delivery
            .map(|d| check.within("delivery", |check| delivery(check, d))),
        repositories,
        builds,
        jobs,
        complete_builds,
        source,
    }
}

fn source(check: &mut Check, source: i32) -> Source {
    match v1::ReportSource::try_from(source) {
        Ok(v1::ReportSource::Webhook) => Source::Webhook,
        Ok(v1::ReportSource::Backfill) => Source::Backfill,
        Ok(v1::ReportSource::Reconcile) => Source::Reconcile,
        Ok(v1::ReportSource::Unspecified) | Err(_) => {
            check.refuse("source", "must be set to a known value");
            Source::default()
        }
    }
}

fn require_described(check: &mut Check, described: &HashSet<RepositoryId>, id: RepositoryId) {
    if !described.contains(&id) {
        check.refuse("repository_id", "must be that of one of the repositories");
    }
}

fn delivery(check: &mut Check, delivery: v1::Delivery) -> Delivery {
    if delivery.guid.is_empty() {
        check.refuse("guid", "must be set");
    }
    Delivery {
        guid: check.text("guid", delivery.guid, LONGEST_GUID),
        event: check.text("event", delivery.event, LONGEST_NAME),
        action: check.text("action", delivery.action, LONGEST_NAME),
        receive_time: required(check, "receive_time", delivery.receive_time),
        payload: delivery.payload,
        problem: check.text("problem", delivery.problem, LONGEST_TITLE),
    }
}

//! Reports: everything that the app may write.

use std::collections::HashSet;

use lampboard_proto::v1;

use super::{
    Check,
    build::{LONGEST_NAME, LONGEST_TITLE, build},
    job::job,
    repository::repository,
    time::required,
};
use crate::model::{
    Delivery, Installation, InstallationId, InstallationState, Report, Repository, RepositoryId,
};

const MOST_BUILDS: usize = 500;
const MOST_JOBS: usize = 5000;
const MOST_REPOSITORIES: usize = 500;
const MOST_SYNCED: usize = 100_000;
const LONGEST_GUID: usize = 100;

/// Reads a report.
pub(in crate::api) fn report(check: &mut Check, request: v1::ReportRequest) -> Report {
    if let Ok(v1::ReportSource::Unspecified) | Err(_) = v1::ReportSource::try_from(request.source) {
        check.refuse("source", "must be set to a known value");
    }
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
    Report {
        delivery: request
            .delivery
            .map(|d| check.within("delivery", |check| delivery(check, d))),
        repositories,
        builds,
        jobs,
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

/// Reads an installation.
pub(in crate::api) fn installation(
    check: &mut Check,
    installation: Option<v1::Installation>,
) -> Installation {
    let installation = installation.unwrap_or_default();
    check.within("installation", |check| Installation {
        id: InstallationId(check.positive("id", installation.id)),
        account: check.text("account", installation.account, LONGEST_NAME),
        state: match v1::InstallationState::try_from(installation.state) {
            Ok(v1::InstallationState::Active) => InstallationState::Active,
            Ok(v1::InstallationState::Suspended) => InstallationState::Suspended,
            Ok(v1::InstallationState::Deleted) => InstallationState::Deleted,
            Ok(v1::InstallationState::Unspecified) | Err(_) => {
                check.refuse("state", "must be set to a known value");
                InstallationState::Deleted
            }
        },
    })
}

/// Reads all repositories of an installation.
pub(in crate::api) fn synced_repositories(
    check: &mut Check,
    repositories: Vec<v1::Repository>,
) -> Vec<Repository> {
    check.each("repositories", repositories, MOST_SYNCED, repository)
}

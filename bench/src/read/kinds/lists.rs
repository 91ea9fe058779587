//! Questions for builds by what indices serve.

use fastrand::Rng;
use lampboard_proto::v1::{BuildConclusion, BuildFilter, BuildStatus, TimeRange};
use prost_types::Timestamp;

use super::super::question::page;
use super::{
    Goal, Kind, MakeFilter, any, by_branch, by_repository, by_workflow, by_workflow_name, kind,
};

/// All of them.
pub(super) fn all() -> Vec<Kind> {
    let by = |name: &str, make: MakeFilter| Kind {
        deep: true,
        ..kind(
            format!("ListBuilds, {name}"),
            Goal::List,
            move |samples, rng| {
                let filter = make(any(samples, rng), rng);
                page(filter)
            },
        )
    };
    vec![
        by("all", |_, _| BuildFilter::default()),
        by("a repository", |build, _| by_repository(build)),
        by("an owner's repositories", |build, _| {
            let (owner, _) = build.repository.split_once('/').unwrap_or_default();
            let repositories = vec![format!("{owner}/*")];
            BuildFilter {
                repositories,
                ..BuildFilter::default()
            }
        }),
        by("a workflow's name", |build, _| by_workflow_name(build)),
        by("a workflow", |build, _| by_workflow(build)),
        by("a branch's name", |build, _| by_branch(build)),
        by("an actor", |build, _| BuildFilter {
            actors: vec![build.triggering_actor.clone()],
            ..BuildFilter::default()
        }),
        by("an event", |build, _| BuildFilter {
            events: vec![build.event.clone()],
            ..BuildFilter::default()
        }),
        by("a status", |build, rng| {
            let running = rng.bool();
            let status = if running {
                BuildStatus::InProgress
            } else {
                build.status()
            };
            BuildFilter {
                statuses: vec![status.into()],
                ..BuildFilter::default()
            }
        }),
        by("a conclusion", |_, rng| BuildFilter {
            conclusions: vec![conclusion(rng).into()],
            ..BuildFilter::default()
        }),
        by("a start time", |build, _| BuildFilter {
            start_time_range: Some(day_of(build.start_time)),
            ..BuildFilter::default()
        }),
        by("an end time", |build, _| BuildFilter {
            end_time_range: Some(day_of(build.end_time)),
            ..BuildFilter::default()
        }),
        by("a commit", |build, _| BuildFilter {
            commit_shas: vec![build.commit_sha.clone()],
            ..BuildFilter::default()
        }),
        by("a run", |build, _| BuildFilter {
            run_ids: vec![build.run_id],
            ..BuildFilter::default()
        }),
        by("a pull request", |build, _| BuildFilter {
            pull_requests: vec![build.pull_requests.first().copied().unwrap_or(7)],
            ..BuildFilter::default()
        }),
        by("latest attempts", |_, _| BuildFilter {
            latest_attempts_only: true,
            ..BuildFilter::default()
        }),
        by("default branches", |_, _| BuildFilter {
            default_branch_only: true,
            ..BuildFilter::default()
        }),
        by("counted attempts", |_, _| BuildFilter {
            counted_only: true,
            ..BuildFilter::default()
        }),
        by("a repository's branch", |build, _| BuildFilter {
            branches: vec![build.branch.clone()],
            ..by_repository(build)
        }),
        by("a repository's workflow", |build, _| BuildFilter {
            workflow_ids: vec![build.workflow_id],
            ..by_repository(build)
        }),
        by("a repository's workflow by name", |build, _| BuildFilter {
            workflows: vec![build.workflow.clone()],
            ..by_repository(build)
        }),
        by("a repository's conclusion", |build, rng| BuildFilter {
            conclusions: vec![conclusion(rng).into()],
            ..by_repository(build)
        }),
    ]
}

/// Common ones and rare ones.
fn conclusion(rng: &mut Rng) -> BuildConclusion {
    const ALL: [BuildConclusion; 6] = [
        BuildConclusion::Success,
        BuildConclusion::Failure,
        BuildConclusion::Cancelled,
        BuildConclusion::TimedOut,
        BuildConclusion::StartupFailure,
        BuildConclusion::Stale,
    ];
    ALL[rng.usize(..ALL.len())]
}

fn day_of(time: Option<Timestamp>) -> TimeRange {
    let start = time.unwrap_or_default();
    TimeRange {
        start_time: Some(start),
        end_time: Some(Timestamp {
            seconds: start.seconds + 86_400,
            nanos: 0,
        }),
    }
}

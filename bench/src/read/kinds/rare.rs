//! Questions for builds of which there are few, or none, by fields that no index has together.

use lampboard_proto::v1::{BuildConclusion, BuildFilter, BuildStatus};

use super::super::question::page;
use super::{Goal, Kind, MakeFilter, any, by_repository, kind};

/// All of them.
pub(super) fn all() -> Vec<Kind> {
    let by = |name: &str, make: MakeFilter| {
        kind(
            format!("ListBuilds, {name}"),
            Goal::Other,
            move |samples, rng| {
                let filter = make(any(samples, rng), rng);
                page(filter)
            },
        )
    };
    let none = || vec!["no-such-name".to_owned()];
    vec![
        by("a branch that is nowhere", |_, _| BuildFilter {
            branches: vec!["no-such-name".to_owned()],
            ..BuildFilter::default()
        }),
        by("an actor that is nowhere", |_, _| BuildFilter {
            actors: vec!["no-such-name".to_owned()],
            ..BuildFilter::default()
        }),
        by("an event that never was", |_, _| BuildFilter {
            events: vec!["no-such-name".to_owned()],
            ..BuildFilter::default()
        }),
        by("a conclusion that never was", |_, _| BuildFilter {
            conclusions: vec![BuildConclusion::Unknown.into()],
            ..BuildFilter::default()
        }),
        by("an actor's rare conclusion", |build, _| BuildFilter {
            actors: vec![build.triggering_actor.clone()],
            conclusions: vec![BuildConclusion::Stale.into()],
            ..BuildFilter::default()
        }),
        by("a branch, event and actor", |build, _| BuildFilter {
            actors: vec![build.triggering_actor.clone()],
            branches: vec![build.branch.clone()],
            events: vec![build.event.clone()],
            ..BuildFilter::default()
        }),
        by("a repository's actor", |build, _| BuildFilter {
            actors: vec![build.triggering_actor.clone()],
            ..by_repository(build)
        }),
        by("a repository's pull request", |build, _| BuildFilter {
            pull_requests: vec![build.pull_requests.first().copied().unwrap_or(7)],
            ..by_repository(build)
        }),
        by("a pull request that is nowhere", |_, _| BuildFilter {
            pull_requests: vec![2_000_000_000],
            ..BuildFilter::default()
        }),
        by("stars in a branch", |_, _| BuildFilter {
            branches: vec!["*-nowhere-*".to_owned()],
            ..BuildFilter::default()
        }),
        by("the forks' branches", |_, _| BuildFilter {
            branches: vec!["*:*".to_owned()],
            ..BuildFilter::default()
        }),
        kind(
            "ListBuilds, everything at once",
            Goal::Other,
            move |samples, rng| {
                let build = any(samples, rng);
                page(BuildFilter {
                    workflows: vec![build.workflow.clone()],
                    branches: none(),
                    actors: vec![build.triggering_actor.clone()],
                    events: vec![build.event.clone()],
                    statuses: vec![BuildStatus::Completed.into()],
                    conclusions: vec![BuildConclusion::Success.into()],
                    counted_only: true,
                    latest_attempts_only: true,
                    ..BuildFilter::default()
                })
            },
        ),
    ]
}

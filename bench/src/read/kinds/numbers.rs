//! Questions for numbers.

use fastrand::Rng;
use lampboard_proto::v1::{
    Build, BuildFilter, Dimension, GetBreakdownRequest, GetSummaryRequest, GetTimeSeriesRequest,
};
use prost_types::Duration;

use super::super::{question::Question, sample::Samples};
use super::{
    Goal, Kind, MakeFilter, by_branch, by_repository, by_workflow, by_workflow_name, kind,
};

fn summary(samples: &Samples, days: i64, filter: BuildFilter) -> Question {
    Question::Summary(GetSummaryRequest {
        filter: Some(BuildFilter {
            end_time_range: Some(samples.last_days(days)),
            ..filter
        }),
    })
}

fn recent<'s>(samples: &'s Samples, rng: &mut Rng) -> &'s Build {
    &samples.recent[rng.usize(..samples.recent.len())]
}

/// Those that have to be quick.
pub(super) fn summaries() -> Vec<Kind> {
    let of_repositories = |count: usize| {
        let name = format!("GetSummary, 7 days, {count} repositories");
        kind(name, Goal::Summary, move |samples, rng| {
            let filter = BuildFilter {
                repositories: samples.repositories(rng, count),
                ..BuildFilter::default()
            };
            summary(samples, 7, filter)
        })
    };
    let by = |name: &str, make: MakeFilter| {
        let name = format!("GetSummary, 7 days, {name}");
        kind(name, Goal::Summary, move |samples, rng| {
            let filter = make(recent(samples, rng), rng);
            summary(samples, 7, filter)
        })
    };
    vec![
        kind("GetSummary, 7 days, all", Goal::Summary, |samples, _| {
            summary(samples, 7, BuildFilter::default())
        }),
        by("a repository", |build, _| by_repository(build)),
        of_repositories(5),
        of_repositories(50),
        by("a workflow's name", |build, _| by_workflow_name(build)),
        by("a workflow", |build, _| by_workflow(build)),
        by("a branch's name", |build, _| by_branch(build)),
        by("default branches", |_, _| BuildFilter {
            default_branch_only: true,
            ..BuildFilter::default()
        }),
        by("a repository's workflow", |build, _| BuildFilter {
            workflow_ids: vec![build.workflow_id],
            ..by_repository(build)
        }),
        by("a repository's branch", |build, _| BuildFilter {
            branches: vec![build.branch.clone()],
            ..by_repository(build)
        }),
        by("a workflow on a branch", |build, _| BuildFilter {
            branches: vec![build.branch.clone()],
            workflow_ids: vec![build.workflow_id],
            ..by_repository(build)
        }),
    ]
}

/// All others.
pub(super) fn others() -> Vec<Kind> {
    let series = |name: &str, days: i64, seconds: i64| {
        kind(
            format!("GetTimeSeries, {name}"),
            Goal::Unsaid,
            move |samples, _| {
                Question::Series(GetTimeSeriesRequest {
                    filter: Some(BuildFilter {
                        end_time_range: Some(samples.last_days(days)),
                        ..BuildFilter::default()
                    }),
                    period: Some(Duration { seconds, nanos: 0 }),
                    time_zone: "Europe/Berlin".to_owned(),
                })
            },
        )
    };
    let breakdown = |name: &str, dimension: Dimension| {
        let name = format!("GetBreakdown, 7 days, by {name}");
        kind(name, Goal::Unsaid, move |samples, _| {
            Question::Breakdown(GetBreakdownRequest {
                filter: Some(BuildFilter {
                    end_time_range: Some(samples.last_days(7)),
                    ..BuildFilter::default()
                }),
                dimension: dimension.into(),
                limit: 0,
            })
        })
    };
    vec![
        kind("GetSummary, 90 days, all", Goal::Unsaid, |samples, _| {
            summary(samples, 90, BuildFilter::default())
        }),
        kind(
            "GetSummary, 7 days, an actor",
            Goal::Unsaid,
            |samples, rng| {
                let actors = vec![recent(samples, rng).triggering_actor.clone()];
                summary(
                    samples,
                    7,
                    BuildFilter {
                        actors,
                        ..BuildFilter::default()
                    },
                )
            },
        ),
        series("7 days by hours", 7, 3600),
        series("30 days by days", 30, 86_400),
        series("a year by weeks", 364, 7 * 86_400),
        breakdown("repository", Dimension::Repository),
        breakdown("workflow", Dimension::Workflow),
        breakdown("branch", Dimension::Branch),
        breakdown("actor", Dimension::Actor),
    ]
}

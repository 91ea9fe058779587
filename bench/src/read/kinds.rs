//! The kinds of questions that are measured, in the order of the table.

use fastrand::Rng;
use lampboard_proto::v1::{
    Build, BuildConclusion, BuildFilter, BuildStatus, Dimension, GetBreakdownRequest,
    GetBuildRequest, GetSummaryRequest, GetTimeSeriesRequest, ListRepositoriesRequest,
    ListWorkflowsRequest, TimeRange, get_build_request::Key,
};
use prost_types::{Duration, Timestamp};
use serde::{Deserialize, Serialize};

use super::question::{Question, page};
use super::sample::Samples;

/// What a kind has to reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Goal {
    /// `GetSummary` of 7 days.
    Summary,
    /// A page by what indices serve.
    List,
    /// A page by any other filter.
    Other,
    /// Nothing was asked; it is on the board all the same.
    Unsaid,
}

/// A kind of question.
pub(super) struct Kind {
    pub(super) name: String,
    pub(super) goal: Goal,
    /// Whether its later pages are measured, too.
    pub(super) deep: bool,
    pub(super) ask: Ask,
}

type Ask = Box<dyn Fn(&Samples, &mut Rng) -> Question>;
type MakeFilter = fn(&Build, &mut Rng) -> BuildFilter;

/// All of them.
pub(super) fn all() -> Vec<Kind> {
    let mut kinds = summaries();
    kinds.extend(other_numbers());
    kinds.extend(lists());
    kinds.extend(others());
    kinds.extend(board());
    kinds
}

fn kind(
    name: impl Into<String>,
    goal: Goal,
    ask: impl Fn(&Samples, &mut Rng) -> Question + 'static,
) -> Kind {
    Kind {
        name: name.into(),
        goal,
        deep: false,
        ask: Box::new(ask),
    }
}

fn summary(samples: &Samples, days: i64, filter: BuildFilter) -> Question {
    Question::Summary(GetSummaryRequest {
        filter: Some(BuildFilter {
            end_time_range: Some(samples.last_days(days)),
            ..filter
        }),
    })
}

fn by_repository(build: &Build) -> BuildFilter {
    BuildFilter {
        repositories: vec![build.repository.clone()],
        ..BuildFilter::default()
    }
}

fn recent<'s>(samples: &'s Samples, rng: &mut Rng) -> &'s Build {
    &samples.recent[rng.usize(..samples.recent.len())]
}

fn summaries() -> Vec<Kind> {
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
        by("a workflow's name", |build, _| BuildFilter {
            workflows: vec![build.workflow.clone()],
            ..BuildFilter::default()
        }),
        by("a workflow", |build, _| BuildFilter {
            workflow_ids: vec![build.workflow_id],
            ..BuildFilter::default()
        }),
        by("a branch's name", |build, _| BuildFilter {
            branches: vec![build.branch.clone()],
            ..BuildFilter::default()
        }),
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

fn other_numbers() -> Vec<Kind> {
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

fn any<'s>(samples: &'s Samples, rng: &mut Rng) -> &'s Build {
    &samples.any[rng.usize(..samples.any.len())]
}

fn lists() -> Vec<Kind> {
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
        by("a workflow's name", |build, _| BuildFilter {
            workflows: vec![build.workflow.clone()],
            ..BuildFilter::default()
        }),
        by("a workflow", |build, _| BuildFilter {
            workflow_ids: vec![build.workflow_id],
            ..BuildFilter::default()
        }),
        by("a branch's name", |build, _| BuildFilter {
            branches: vec![build.branch.clone()],
            ..BuildFilter::default()
        }),
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

/// Fields together that few builds have, or none.
fn others() -> Vec<Kind> {
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

fn board() -> Vec<Kind> {
    vec![
        kind("GetBuild, by its id", Goal::Unsaid, |samples, rng| {
            let key = Key::Id(any(samples, rng).id.clone());
            Question::Build(GetBuildRequest { key: Some(key) })
        }),
        kind(
            "GetBuild, by GitHub's link",
            Goal::Unsaid,
            |samples, rng| {
                let key = Key::Url(any(samples, rng).url.clone());
                Question::Build(GetBuildRequest { key: Some(key) })
            },
        ),
        kind(
            "ListRepositories, 50 with 30 builds each",
            Goal::Unsaid,
            |_, _| {
                Question::Repositories(ListRepositoriesRequest {
                    page_size: 50,
                    recent_build_count: 30,
                    ..ListRepositoriesRequest::default()
                })
            },
        ),
        kind("ListWorkflows, what is broken", Goal::Unsaid, |_, _| {
            Question::Workflows(ListWorkflowsRequest {
                broken_only: true,
                ..ListWorkflowsRequest::default()
            })
        }),
    ]
}

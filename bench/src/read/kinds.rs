//! The kinds of questions that are measured, in the order of the table.

mod lists;
mod numbers;
mod rare;

use fastrand::Rng;
use lampboard_proto::v1::{
    Build, BuildFilter, GetBuildRequest, ListRepositoriesRequest, ListWorkflowsRequest,
    get_build_request::Key,
};
use serde::{Deserialize, Serialize};

use super::question::Question;
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
    let mut kinds = numbers::summaries();
    kinds.extend(numbers::others());
    kinds.extend(lists::all());
    kinds.extend(rare::all());
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

fn by_repository(build: &Build) -> BuildFilter {
    BuildFilter {
        repositories: vec![build.repository.clone()],
        ..BuildFilter::default()
    }
}

fn by_workflow_name(build: &Build) -> BuildFilter {
    BuildFilter {
        workflows: vec![build.workflow.clone()],
        ..BuildFilter::default()
    }
}

fn by_workflow(build: &Build) -> BuildFilter {
    BuildFilter {
        workflow_ids: vec![build.workflow_id],
        ..BuildFilter::default()
    }
}

fn by_branch(build: &Build) -> BuildFilter {
    BuildFilter {
        branches: vec![build.branch.clone()],
        ..BuildFilter::default()
    }
}

fn any<'s>(samples: &'s Samples, rng: &mut Rng) -> &'s Build {
    &samples.any[rng.usize(..samples.any.len())]
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

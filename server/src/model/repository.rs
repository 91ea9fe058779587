//! Repositories and their workflows.

use jiff::{SignedDuration, Timestamp};

use super::{Build, BuildId, InstallationId, RepositoryId, Status, WorkflowId};

/// A repository that an installation of the app can see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Repository {
    /// Which repository.
    pub(crate) id: RepositoryId,
    /// What the latest report said.
    pub(crate) facts: RepositoryFacts,
    /// The installation through which it is seen. Zero if the report did not
    /// say, or if none sees it.
    pub(crate) installation: InstallationId,
}

/// What one report says of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RepositoryFacts {
    /// As of when it was true.
    pub(crate) update_time: Timestamp,
    /// The full name.
    pub(crate) name: String,
    /// The default branch. Empty if the report did not say.
    pub(crate) default_branch: String,
    /// Whether it is archived.
    pub(crate) archived: bool,
    /// Whether it is private.
    pub(crate) private: bool,
}

impl RepositoryFacts {
    /// Some events describe a repository by little more than its name. What says
    /// more is kept, then what is later; the rest only makes the order total.
    fn rank(&self) -> impl Ord + '_ {
        (
            !self.default_branch.is_empty(),
            self.update_time,
            (&self.name, &self.default_branch),
            (self.archived, self.private),
        )
    }
}

impl PartialOrd for RepositoryFacts {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The greater one is the better report.
impl Ord for RepositoryFacts {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank().cmp(&other.rank())
    }
}

/// What a spark bar shows of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecentBuild {
    /// Which build.
    pub(crate) id: BuildId,
    /// What it is doing, and how it ended.
    pub(crate) status: Status,
    /// Counts the runs of its workflow.
    pub(crate) run_number: i32,
    /// The name of its workflow.
    pub(crate) workflow: String,
    /// When it started.
    pub(crate) start_time: Timestamp,
    /// From start to end.
    pub(crate) wall_time: Option<SignedDuration>,
}

/// A workflow of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Workflow {
    /// Which workflow.
    pub(crate) id: WorkflowId,
    /// The repository it belongs to.
    pub(crate) repository_id: RepositoryId,
    /// The full name of the repository.
    pub(crate) repository: String,
    /// Its name.
    pub(crate) name: String,
    /// The path of its file.
    pub(crate) path: String,
}

/// How a workflow stands on the default branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WorkflowStanding {
    /// The workflow.
    pub(crate) workflow: Workflow,
    /// Of the successes and failures, the one with the highest run number and
    /// attempt.
    pub(crate) decisive: Option<Build>,
    /// The first failure since the last success, while it is broken.
    pub(crate) first_failure: Option<Build>,
    /// The jobs that failed in `decisive`, each with its first failed step.
    pub(crate) failed_jobs: Vec<String>,
}

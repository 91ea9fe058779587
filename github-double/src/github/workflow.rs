//! A workflow.

use jiff::Timestamp;

use super::id::{RepositoryId, WorkflowId};

/// A workflow of a repository.
#[derive(Clone, Debug)]
pub struct Workflow {
    /// GitHub's id.
    pub id: WorkflowId,
    /// Whose workflow it is.
    pub repository: RepositoryId,
    /// The name at the top of its file.
    pub name: String,
    /// The path of its file.
    pub path: String,
    /// Which runs a new run on their branch cancels.
    pub cancel_in_progress: CancelInProgress,
    /// How many runs it had before this GitHub began to count.
    pub earlier_runs: u64,
    /// When its file was first seen.
    pub created_at: Timestamp,
}

/// Which runs a new run of the same workflow and branch cancels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CancelInProgress {
    /// None.
    #[default]
    Never,
    /// Those of pull requests.
    PullRequests,
    /// All.
    Always,
}

impl CancelInProgress {
    pub(super) fn applies_to(self, event: &str) -> bool {
        match self {
            Self::Never => false,
            Self::PullRequests => event == "pull_request",
            Self::Always => true,
        }
    }
}

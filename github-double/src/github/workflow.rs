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
    /// Whether a new run cancels the one before it on the same branch.
    pub cancel_in_progress: bool,
    /// How many runs it had before this GitHub began to count.
    pub earlier_runs: u64,
    /// When its file was first seen.
    pub created_at: Timestamp,
}

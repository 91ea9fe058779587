//! What makes GitHub start a run.

use std::sync::Arc;

use super::account::Account;
use super::commit::Commit;

/// Why a run starts, on which branch and commit, and through whom.
#[derive(Clone, Debug)]
pub struct Trigger {
    pub(super) event: &'static str,
    pub(super) branch: Option<String>,
    pub(super) commit: Commit,
    pub(super) actor: Arc<Account>,
    pub(super) title: String,
    pub(super) head: Head,
}

/// Where the branch is.
#[derive(Clone, Debug)]
pub(super) enum Head {
    Branch,
    PullRequest(u64),
    Fork(Arc<Account>),
}

impl Trigger {
    /// The author of the commit pushed it.
    pub fn push(branch: &str, commit: &Commit) -> Self {
        Self::new("push", branch, commit, commit.title(), Head::Branch)
    }

    /// The author of the commit opened or updated a pull request of a branch of the repository.
    pub fn pull_request(number: u64, branch: &str, commit: &Commit) -> Self {
        let head = Head::PullRequest(number);
        Self::new("pull_request", branch, commit, commit.title(), head)
    }

    /// The same from the author's own fork; GitHub then does not tell the number.
    pub fn fork_pull_request(branch: &str, commit: &Commit) -> Self {
        let head = Head::Fork(Arc::clone(&commit.author));
        Self::new("pull_request", branch, commit, commit.title(), head)
    }

    /// The clock struck; `actor` is who last changed the schedule.
    pub fn schedule(actor: &Arc<Account>, branch: &str, commit: &Commit) -> Self {
        Self::new("schedule", branch, commit, "", Head::Branch).by(actor)
    }

    /// `actor` pressed "Run workflow".
    pub fn dispatch(actor: &Arc<Account>, branch: &str, commit: &Commit) -> Self {
        Self::new("workflow_dispatch", branch, commit, "", Head::Branch).by(actor)
    }

    /// What GitHub titles the run, if not as the commit; empty stands for the workflow's name.
    #[must_use]
    pub fn titled(mut self, title: &str) -> Self {
        title.clone_into(&mut self.title);
        self
    }

    /// Who caused it, if not the author of the commit.
    #[must_use]
    pub fn by(mut self, actor: &Arc<Account>) -> Self {
        self.actor = Arc::clone(actor);
        self
    }

    /// GitHub knows no branch, as happens for runs of deleted forks and of tags.
    #[must_use]
    pub fn without_branch(mut self) -> Self {
        self.branch = None;
        self
    }

    pub(crate) fn commit(&self) -> &Commit {
        &self.commit
    }

    fn new(event: &'static str, branch: &str, commit: &Commit, title: &str, head: Head) -> Self {
        Self {
            event,
            branch: Some(branch.to_owned()),
            commit: commit.clone(),
            actor: Arc::clone(&commit.author),
            title: title.to_owned(),
            head,
        }
    }
}

//! Runs and their attempts.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::account::Account;
use super::commit::Commit;
use super::id::{JobId, RunId, WorkflowId};
use super::repository::Repository;
use super::status::{Conclusion, Status};

/// What all attempts of a run have in common.
#[derive(Clone, Debug)]
pub struct Run {
    /// GitHub's id.
    pub id: RunId,
    /// Counts the runs of the workflow.
    pub number: u64,
    /// The workflow that runs.
    pub workflow: WorkflowId,
    /// The workflow's name, or its path when its file could not be read.
    pub name: String,
    /// What GitHub titles it.
    pub title: String,
    /// The event that started it, such as `push`.
    pub event: &'static str,
    /// The branch, if GitHub knows one.
    pub branch: Option<String>,
    /// The commit.
    pub commit: Commit,
    /// Who caused its first attempt.
    pub actor: Arc<Account>,
    /// When it was created; a re-run does not change it.
    pub created_at: Timestamp,
    /// The fork that the branch is in, if it is in one.
    pub fork: Option<Arc<Repository>>,
    pub(crate) pull_request: Option<PullRequest>,
    pub(crate) check_suite_id: u64,
}

/// A pull request from a branch of the repository itself.
#[derive(Clone, Debug)]
pub(crate) struct PullRequest {
    pub(crate) id: u64,
    pub(crate) number: u64,
    pub(crate) base_sha: String,
}

/// One execution of a run.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Counts from 1.
    pub number: u32,
    /// What it is doing.
    pub status: Status,
    /// How it ended.
    pub conclusion: Option<Conclusion>,
    /// What `GET .../attempts/{number}` gives as its `created_at`: for a re-run a little after its
    /// start.
    pub created_at: Timestamp,
    /// When it was started.
    pub started_at: Timestamp,
    /// When GitHub last touched it, which may be long after its end.
    pub updated_at: Timestamp,
    /// When it was completed: the `updated_at` that it had then.
    pub completed_at: Option<Timestamp>,
    /// Who started it.
    pub triggering_actor: Arc<Account>,
    /// Its jobs, in the order they were queued.
    pub jobs: Vec<JobId>,
    /// Jobs of earlier attempts that are listed as if they were its own.
    pub carried_over: Vec<JobId>,
}

/// How much later than a re-run starts GitHub says that its attempt was created.
const CREATION_LAG: SignedDuration = SignedDuration::from_secs(2);

impl Attempt {
    pub(super) fn new(number: u32, time: Timestamp, triggering_actor: &Arc<Account>) -> Self {
        Self {
            number,
            status: Status::Queued,
            conclusion: None,
            created_at: if number == 1 {
                time
            } else {
                time + CREATION_LAG
            },
            started_at: time,
            updated_at: time,
            completed_at: None,
            triggering_actor: Arc::clone(triggering_actor),
            jobs: Vec::new(),
            carried_over: Vec::new(),
        }
    }
}

/// A run with its attempts, oldest first.
#[derive(Debug)]
pub(super) struct RunRecord {
    pub(super) run: Arc<Run>,
    pub(super) attempts: Vec<Attempt>,
}

impl RunRecord {
    pub(super) fn latest(&self) -> &Attempt {
        self.attempts.last().expect("a run has a first attempt")
    }

    pub(super) fn latest_mut(&mut self) -> &mut Attempt {
        self.attempts.last_mut().expect("a run has a first attempt")
    }
}

//! The simulated GitHub: one organisation with an App installed, and what happens in it.

pub(crate) mod account;
pub(crate) mod change;
pub(crate) mod commit;
pub(crate) mod id;
pub(crate) mod job;
mod job_operations;
pub(crate) mod repository;
pub(crate) mod run;
mod run_operations;
pub(crate) mod status;
pub(crate) mod trigger;
pub(crate) mod workflow;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use fastrand::Rng;
use jiff::{Span, Timestamp};

use account::{Account, AccountKind};
use change::Change;
use commit::Commit;
use id::{Ids, JobId, RepositoryId, RunId, WorkflowId};
use job::Job;
use repository::Repository;
use run::{Attempt, Run, RunRecord};
use workflow::{CancelInProgress, Workflow};

/// A GitHub with one organisation, all of whose repositories the App sees.
///
/// Its operations change what it holds, and leave [`Change`]s for the App to be told of. Given the
/// same seed, times and operations, it does the same. It knows no time but what it is told.
#[derive(Debug)]
pub struct GitHub {
    now: Timestamp,
    rng: Rng,
    ids: Ids,
    organization: Arc<Account>,
    installation_id: u64,
    repositories: HashMap<RepositoryId, Arc<Repository>>,
    forks: HashMap<(RepositoryId, u64), Arc<Repository>>,
    workflows: HashMap<WorkflowId, Arc<Workflow>>,
    run_counts: HashMap<WorkflowId, u64>,
    pull_requests: HashMap<(RepositoryId, u64), u64>,
    runs: BTreeMap<RunId, RunRecord>,
    jobs: HashMap<JobId, Job>,
    changes: Vec<Change>,
}

impl GitHub {
    /// A GitHub with the organisation `login` and nothing in it.
    pub fn new(login: &str, seed: u64, now: Timestamp) -> Self {
        let (mut rng, mut ids) = (Rng::with_seed(seed), Ids::new());
        let organization = Arc::new(Account {
            id: ids.account(&mut rng),
            login: login.to_owned(),
            name: login.to_owned(),
            kind: AccountKind::Organization,
        });
        Self {
            now,
            installation_id: rng.u64(80_000_000..90_000_000),
            rng,
            ids,
            organization,
            repositories: HashMap::new(),
            forks: HashMap::new(),
            workflows: HashMap::new(),
            run_counts: HashMap::new(),
            pull_requests: HashMap::new(),
            runs: BTreeMap::new(),
            jobs: HashMap::new(),
            changes: Vec::new(),
        }
    }

    /// What time it is here, in whole seconds as GitHub tells it.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_second(self.now.as_second()).expect("a time without its fraction is a time")
    }

    /// Lets time pass until `time`, or not at all if that is past.
    pub fn set_now(&mut self, time: Timestamp) {
        self.now = self.now.max(time);
    }

    /// Lets time pass.
    pub fn advance(&mut self, span: Span) {
        let later = self.now.checked_add(span);
        self.set_now(later.expect("stories end before the year 9999"));
    }

    /// Takes what the App is to be told, in the order it happened.
    pub fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    /// Adds a person, who signs commits with `name`.
    pub fn create_person(&mut self, login: &str, name: &str) -> Arc<Account> {
        self.create_account(login, name, AccountKind::User)
    }

    /// Adds a bot; its login should end in `[bot]`.
    pub fn create_bot(&mut self, login: &str) -> Arc<Account> {
        self.create_account(login, login, AccountKind::Bot)
    }

    fn create_account(&mut self, login: &str, name: &str, kind: AccountKind) -> Arc<Account> {
        Arc::new(Account {
            id: self.ids.account(&mut self.rng),
            login: login.to_owned(),
            name: name.to_owned(),
            kind,
        })
    }

    /// Adds a public repository whose default branch is `main`.
    pub fn create_repository(&mut self, name: &str) -> RepositoryId {
        let id = self.ids.repository(&mut self.rng);
        let repository = Repository {
            id,
            owner: Arc::clone(&self.organization),
            name: name.to_owned(),
            description: String::new(),
            language: "Rust",
            private: false,
            fork: false,
            default_branch: "main".to_owned(),
            created_at: self.now(),
            pushed_at: self.now(),
        };
        self.repositories.insert(id, Arc::new(repository));
        id
    }

    /// Adds a workflow.
    pub fn create_workflow(
        &mut self,
        repository: RepositoryId,
        name: &str,
        path: &str,
    ) -> WorkflowId {
        let id = self.ids.workflow(&mut self.rng);
        let workflow = Workflow {
            id,
            repository,
            name: name.to_owned(),
            path: path.to_owned(),
            cancel_in_progress: CancelInProgress::Never,
            earlier_runs: 0,
            created_at: self.now(),
        };
        self.workflows.insert(id, Arc::new(workflow));
        id
    }

    /// Makes a commit, written now.
    pub fn commit(&mut self, author: &Arc<Account>, message: &str) -> Commit {
        Commit {
            sha: self.sha(),
            tree: self.sha(),
            message: message.to_owned(),
            author: Arc::clone(author),
            time: self.now(),
        }
    }

    /// The repository as it is today.
    pub fn repository(&self, id: RepositoryId) -> &Repository {
        &self.repositories[&id]
    }

    /// The repository, to be changed without anyone being told.
    pub fn repository_mut(&mut self, id: RepositoryId) -> &mut Repository {
        let repository = self.repositories.get_mut(&id);
        Arc::make_mut(repository.expect("the id is of a repository of this GitHub"))
    }

    /// The workflow as it is today.
    pub fn workflow(&self, id: WorkflowId) -> &Workflow {
        &self.workflows[&id]
    }

    /// The workflow, to be changed without anyone being told.
    pub fn workflow_mut(&mut self, id: WorkflowId) -> &mut Workflow {
        let workflow = self.workflows.get_mut(&id);
        Arc::make_mut(workflow.expect("the id is of a workflow of this GitHub"))
    }

    /// What all attempts of the run have in common.
    pub fn run(&self, id: RunId) -> &Run {
        &self.record(id).run
    }

    /// The attempts of the run, oldest first. None of a run that was forgotten.
    pub fn attempts(&self, id: RunId) -> &[Attempt] {
        let record = self.runs.get(&id);
        record.map_or(&[], |record| &record.attempts)
    }

    /// The job as it is now.
    pub fn job(&self, id: JobId) -> &Job {
        &self.jobs[&id]
    }

    /// Forgets runs that ended before `time`, with their jobs, so that an endless story needs no
    /// endless memory.
    pub fn forget_runs_before(&mut self, time: Timestamp) {
        let jobs = &mut self.jobs;
        self.runs.retain(|_, record| {
            let attempt = record.latest();
            let keep = attempt.conclusion.is_none() || attempt.updated_at >= time;
            if !keep {
                for job in record.attempts.iter().flat_map(|attempt| &attempt.jobs) {
                    jobs.remove(job);
                }
            }
            keep
        });
    }

    /// Whether the run is still known.
    pub fn knows_run(&self, id: RunId) -> bool {
        self.runs.contains_key(&id)
    }

    fn record(&self, id: RunId) -> &RunRecord {
        &self.runs[&id]
    }

    fn record_mut(&mut self, id: RunId) -> &mut RunRecord {
        let record = self.runs.get_mut(&id);
        record.expect("the id is of a run that this GitHub still knows")
    }

    fn sha(&mut self) -> String {
        let mut bytes = [0; 20];
        self.rng.fill(&mut bytes);
        hex::encode(bytes)
    }

    /// The fork that `owner` has of the repository.
    fn fork(&mut self, of: RepositoryId, owner: &Arc<Account>) -> Arc<Repository> {
        if let Some(fork) = self.forks.get(&(of, owner.id)) {
            return Arc::clone(fork);
        }
        let fork = Arc::new(Repository {
            id: self.ids.repository(&mut self.rng),
            owner: Arc::clone(owner),
            fork: true,
            created_at: self.now(),
            ..Repository::clone(&self.repositories[&of])
        });
        self.forks.insert((of, owner.id), Arc::clone(&fork));
        fork
    }
}

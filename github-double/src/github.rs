//! The simulated GitHub: its accounts, Apps and repositories, and what happens in them.

pub(crate) mod access;
pub(crate) mod account;
mod account_operations;
pub(crate) mod app;
mod app_operations;
pub(crate) mod assumption;
pub(crate) mod change;
pub(crate) mod commit;
mod creation;
pub(crate) mod host;
pub(crate) mod id;
pub(crate) mod installation;
mod installation_operations;
pub(crate) mod job;
mod job_operations;
pub(crate) mod key;
pub(crate) mod query;
pub(crate) mod repository;
mod repository_operations;
pub(crate) mod run;
mod run_operations;
pub(crate) mod status;
pub(crate) mod trigger;
pub(crate) mod truth;
pub(crate) mod workflow;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use fastrand::Rng;
use jiff::{Span, Timestamp};

use access::Permission;
use account::{Account, AccountKind};
use app::{App, AppRegistration};
use assumption::Assumptions;
use change::Change;
use host::Hosts;
use id::{AppId, Ids, InstallationId, JobId, RepositoryId, RunId, WorkflowId};
use installation::{Installation, Selection};
use job::Job;
use repository::Repository;
use run::RunRecord;
use workflow::Workflow;

/// A GitHub in memory.
///
/// Its operations change what it holds, and leave [`Change`]s for the Apps to be told of. Given the
/// same seed, times and operations, it does the same. It knows no time but what it is told.
#[derive(Debug)]
pub struct GitHub {
    now: Timestamp,
    rng: Rng,
    ids: Ids,
    hosts: Arc<Hosts>,
    assumptions: Assumptions,
    organization: Arc<Account>,
    administrator: Arc<Account>,
    accounts: BTreeMap<u64, Arc<Account>>,
    apps: BTreeMap<AppId, Arc<App>>,
    installations: BTreeMap<InstallationId, Arc<Installation>>,
    repositories: BTreeMap<RepositoryId, Arc<Repository>>,
    /// Where repositories were before they were renamed or transferred, in lower case.
    former_names: HashMap<String, RepositoryId>,
    grants: HashMap<(RepositoryId, u64), Permission>,
    forks: HashMap<(RepositoryId, u64), Arc<Repository>>,
    workflows: BTreeMap<WorkflowId, Arc<Workflow>>,
    run_counts: HashMap<WorkflowId, u64>,
    pull_requests: HashMap<(RepositoryId, u64), u64>,
    runs: BTreeMap<RunId, RunRecord>,
    /// The runs of each repository, in the order they were created.
    runs_by_repository: HashMap<RepositoryId, Vec<RunId>>,
    jobs: HashMap<JobId, Job>,
    changes: Vec<Change>,
}

impl GitHub {
    /// A GitHub with the organisation `login` and nothing in it, but with an App installed that
    /// sees all its runs and jobs.
    pub fn new(login: &str, seed: u64, now: Timestamp) -> Self {
        let mut github = Self::without_app(login, seed, now);
        let organization = Arc::clone(&github.organization);
        let read = |name: &str| (name.to_owned(), "read".to_owned());
        let registration = AppRegistration {
            name: "Lampboard".to_owned(),
            permissions: ["actions", "metadata"].map(read).into(),
            events: ["workflow_run", "workflow_job", "repository"]
                .map(str::to_owned)
                .into(),
            ..AppRegistration::default()
        };
        let app = github.register_app(registration, &organization);
        github.install(app, &organization, Selection::All, &[]);
        github.take_changes();
        github
    }

    /// A GitHub with the organisation `login` and nothing in it.
    pub fn without_app(login: &str, seed: u64, now: Timestamp) -> Self {
        let (mut rng, mut ids) = (Rng::with_seed(seed), Ids::new());
        let mut account = |login: &str, kind| {
            Arc::new(Account {
                id: ids.account(&mut rng),
                login: login.to_owned(),
                name: login.to_owned(),
                kind,
            })
        };
        let organization = account(login, AccountKind::Organization);
        let administrator = account(&format!("{login}-admin"), AccountKind::User);
        let accounts = [&organization, &administrator].map(|it| (it.id, Arc::clone(it)));
        Self {
            now,
            rng,
            ids,
            hosts: Arc::default(),
            assumptions: Assumptions::default(),
            organization,
            administrator,
            accounts: accounts.into(),
            apps: BTreeMap::new(),
            installations: BTreeMap::new(),
            repositories: BTreeMap::new(),
            former_names: HashMap::new(),
            grants: HashMap::new(),
            forks: HashMap::new(),
            workflows: BTreeMap::new(),
            run_counts: HashMap::new(),
            pull_requests: HashMap::new(),
            runs: BTreeMap::new(),
            runs_by_repository: HashMap::new(),
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

    /// Takes what Apps are to be told, in the order it happened.
    pub fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    /// Where it says that it is.
    pub fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    /// Says from now on that it is elsewhere.
    pub fn set_hosts(&mut self, hosts: Hosts) {
        self.hosts = Arc::new(hosts);
    }

    /// How it behaves where the real one is not known well enough.
    pub fn assumptions(&self) -> &Assumptions {
        &self.assumptions
    }

    /// The same, to be changed.
    pub fn assumptions_mut(&mut self) -> &mut Assumptions {
        &mut self.assumptions
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
        for runs in self.runs_by_repository.values_mut() {
            runs.retain(|run| self.runs.contains_key(run));
        }
    }
}

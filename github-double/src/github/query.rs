//! What this GitHub holds, for whoever asks.

use std::sync::Arc;

use jiff::Timestamp;

use super::GitHub;
use super::account::{Account, AccountKind};
use super::app::App;
use super::host::Hosts;
use super::id::{AppId, InstallationId, JobId, RepositoryId, RunId, WorkflowId};
use super::installation::Installation;
use super::job::Job;
use super::repository::Repository;
use super::run::{Attempt, Run, RunRecord};
use super::workflow::Workflow;

/// One attempt of a run with all that its JSON is written from.
#[derive(Clone, Copy, Debug)]
pub struct RunView<'a> {
    /// Where links lead.
    pub hosts: &'a Hosts,
    /// Whose run it is.
    pub repository: &'a Repository,
    /// What runs.
    pub workflow: &'a Workflow,
    /// What all attempts have in common.
    pub run: &'a Run,
    /// The attempt.
    pub attempt: &'a Attempt,
    /// The run's own `created_at`, or the attempt's where that is what GitHub gives.
    pub created_at: Timestamp,
    /// Whether `path` ends in `@` and the branch.
    pub(crate) path_has_ref: bool,
}

/// What is to be found under the name of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The repository.
    Here(RepositoryId),
    /// One that has another name or owner now.
    Moved(RepositoryId),
}

impl GitHub {
    /// The first organisation.
    pub fn organization(&self) -> &Arc<Account> {
        &self.organization
    }

    /// Who owns the organisations, and does in them what needs an owner.
    pub fn administrator(&self) -> &Arc<Account> {
        &self.administrator
    }

    /// Who does what needs an owner of the account.
    pub(crate) fn administrator_of<'a>(&'a self, account: &'a Arc<Account>) -> &'a Arc<Account> {
        match account.kind {
            AccountKind::Organization => &self.administrator,
            AccountKind::User | AccountKind::Bot => account,
        }
    }

    /// All accounts, in the order they were created.
    pub fn accounts(&self) -> impl Iterator<Item = &Arc<Account>> {
        self.accounts.values()
    }

    /// The account as it is today.
    pub fn account(&self, id: u64) -> Option<&Arc<Account>> {
        self.accounts.get(&id)
    }

    /// The account that has this login today, however it is capitalised.
    pub fn find_account(&self, login: &str) -> Option<&Arc<Account>> {
        let mut accounts = self.accounts.values();
        accounts.find(|account| account.login.eq_ignore_ascii_case(login))
    }

    /// All Apps, in the order they were registered.
    pub fn apps(&self) -> impl Iterator<Item = &App> {
        self.apps.values().map(Arc::as_ref)
    }

    /// The App as it is today, if it is one.
    pub fn app(&self, id: AppId) -> Option<&App> {
        self.apps.get(&id).map(Arc::as_ref)
    }

    /// The App, to be changed without anyone being told.
    pub fn app_mut(&mut self, id: AppId) -> Option<&mut App> {
        self.apps.get_mut(&id).map(Arc::make_mut)
    }

    /// All installations of all Apps, in the order they were made.
    pub fn installations(&self) -> impl Iterator<Item = &Installation> {
        self.installations.values().map(Arc::as_ref)
    }

    /// The installation as it is today, unless it was uninstalled.
    pub fn installation(&self, id: InstallationId) -> Option<&Installation> {
        self.installations.get(&id).map(Arc::as_ref)
    }

    /// Through which installation the App sees the repository, if it does.
    pub fn installation_of(&self, app: AppId, repository: RepositoryId) -> Option<&Installation> {
        let repository = self.repositories.get(&repository)?;
        let mut installations = self.installations();
        installations.find(|it| it.app == app && it.covers(repository))
    }

    /// The repositories of an installation, in the order they were created.
    pub fn repositories_of(&self, installation: InstallationId) -> Vec<&Repository> {
        self.installation(installation)
            .map_or_else(Vec::new, |installation| {
                let all = self.repositories();
                all.filter(|it| installation.covers(it)).collect()
            })
    }

    /// All repositories, in the order they were created.
    pub fn repositories(&self) -> impl Iterator<Item = &Repository> {
        self.repositories.values().map(Arc::as_ref)
    }

    /// The repository as it is today.
    pub fn repository(&self, id: RepositoryId) -> &Repository {
        &self.repositories[&id]
    }

    /// Whether there is such a repository, or still is.
    pub fn knows_repository(&self, id: RepositoryId) -> bool {
        self.repositories.contains_key(&id)
    }

    /// The repository that has this name today or had it, however it is capitalised.
    pub fn find_repository(&self, owner: &str, name: &str) -> Option<Found> {
        let named = |it: &&Repository| {
            it.owner.login.eq_ignore_ascii_case(owner) && it.name.eq_ignore_ascii_case(name)
        };
        if let Some(repository) = self.repositories().find(named) {
            return Some(Found::Here(repository.id));
        }
        let former = format!("{owner}/{name}").to_lowercase();
        self.former_names.get(&former).copied().map(Found::Moved)
    }

    /// The repository, to be changed without anyone being told.
    pub fn repository_mut(&mut self, id: RepositoryId) -> &mut Repository {
        let repository = self.repositories.get_mut(&id);
        Repository::edit(repository.expect("the id is of a repository of this GitHub"))
    }

    /// The workflows of a repository, in the order their files were first seen.
    pub fn workflows_of(&self, repository: RepositoryId) -> impl Iterator<Item = &Workflow> {
        let workflows = self.workflows.values().map(Arc::as_ref);
        workflows.filter(move |workflow| workflow.repository == repository)
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

    /// Whether the run is still known.
    pub fn knows_run(&self, id: RunId) -> bool {
        self.runs.contains_key(&id)
    }

    /// The runs of a repository, the newest first, each as its latest attempt.
    pub fn runs_of(
        &self,
        repository: RepositoryId,
    ) -> impl DoubleEndedIterator<Item = RunView<'_>> + ExactSizeIterator {
        let runs = self.runs_by_repository.get(&repository);
        let runs = runs.map_or(&[][..], Vec::as_slice).iter().rev();
        runs.map(|run| self.view(self.record(*run), self.record(*run).latest()))
    }

    /// The run as its latest attempt.
    pub fn run_view(&self, id: RunId) -> Option<RunView<'_>> {
        let record = self.runs.get(&id)?;
        Some(self.view(record, record.latest()))
    }

    /// One attempt of the run, with a `created_at` of its own.
    pub fn attempt_view(&self, id: RunId, number: u32) -> Option<RunView<'_>> {
        let record = self.runs.get(&id)?;
        let attempt = record.attempts.iter().find(|it| it.number == number)?;
        Some(RunView {
            created_at: attempt.created_at,
            ..self.view(record, attempt)
        })
    }

    fn view<'a>(&'a self, record: &'a RunRecord, attempt: &'a Attempt) -> RunView<'a> {
        let workflow = self.workflow(record.run.workflow);
        RunView {
            hosts: &self.hosts,
            repository: self.repository(workflow.repository),
            workflow,
            run: &record.run,
            attempt,
            created_at: record.run.created_at,
            path_has_ref: self.assumptions.path_has_ref,
        }
    }

    /// The job as it is now.
    pub fn job(&self, id: JobId) -> &Job {
        &self.jobs[&id]
    }

    /// The job as it is now, if there is such a one.
    pub fn find_job(&self, id: JobId) -> Option<&Job> {
        self.jobs.get(&id)
    }

    /// The jobs that GitHub lists under an attempt, in the order they were queued.
    pub fn jobs_of(&self, run: RunId, attempt: u32) -> Vec<&Job> {
        let Some(record) = self.runs.get(&run) else {
            return Vec::new();
        };
        let attempts = record.attempts.iter().filter(|it| it.number == attempt);
        let listed = attempts.flat_map(|it| it.carried_over.iter().chain(&it.jobs));
        listed.map(|job| self.job(*job)).collect()
    }

    /// The jobs of all attempts, each once, the oldest first.
    pub fn jobs_of_all_attempts(&self, run: RunId) -> Vec<&Job> {
        let attempts = self.attempts(run).iter();
        let jobs = attempts.flat_map(|attempt| &attempt.jobs);
        jobs.map(|job| self.job(*job)).collect()
    }

    pub(super) fn record(&self, id: RunId) -> &RunRecord {
        &self.runs[&id]
    }

    pub(super) fn record_mut(&mut self, id: RunId) -> &mut RunRecord {
        let record = self.runs.get_mut(&id);
        record.expect("the id is of a run that this GitHub still knows")
    }
}

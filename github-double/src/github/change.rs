//! What happened, before it is written down as a webhook.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use super::GitHub;
use super::account::Account;
use super::app::App;
use super::host::Hosts;
use super::id::{AppId, InstallationId, JobId, RepositoryId, RunId};
use super::installation::Installation;
use super::job::Job;
use super::query::RunView;
use super::repository::Repository;
use super::run::{Attempt, Run};
use super::workflow::Workflow;
use crate::event::Event;
use crate::payload;

/// Something that an App is told of, with everything as it was at that moment.
///
/// Far smaller than its [`Event`], so that a month of them fits in memory.
#[derive(Clone, Debug)]
pub struct Change {
    /// When it happened.
    pub time: Timestamp,
    /// Who is told.
    pub app: AppId,
    /// Through which installation, unless it is about the App itself or its users.
    pub installation: Option<InstallationId>,
    pub(crate) action: &'static str,
    pub(crate) guid: u128,
    pub(crate) hosts: Arc<Hosts>,
    pub(crate) sender: Arc<Account>,
    pub(crate) subject: Subject,
}

/// What a change is about.
#[derive(Clone, Debug)]
pub(crate) enum Subject {
    Run(Box<RunSnapshot>),
    Job(Box<RunSnapshot>, Box<Job>),
    Repository(Arc<Repository>, RepositoryEdit),
    Installation(InstallationSnapshot, Vec<Arc<Repository>>),
    InstallationRepositories(InstallationSnapshot, Vec<Arc<Repository>>),
    InstallationTarget(Arc<Account>, String),
    Authorization,
    Ping(Arc<App>),
}

/// A run with its latest attempt, as they were.
#[derive(Clone, Debug)]
pub(crate) struct RunSnapshot {
    pub(crate) repository: Arc<Repository>,
    pub(crate) workflow: Arc<Workflow>,
    pub(crate) run: Arc<Run>,
    pub(crate) attempt: Attempt,
    pub(crate) path_has_ref: bool,
}

/// An installation with its App, as they were.
#[derive(Clone, Debug)]
pub(crate) struct InstallationSnapshot {
    pub(crate) app: Arc<App>,
    pub(crate) installation: Arc<Installation>,
}

/// What a repository was before it changed.
#[derive(Clone, Debug)]
pub(crate) enum RepositoryEdit {
    None,
    Name(String),
    DefaultBranch(String),
    Owner(Arc<Account>),
}

impl Change {
    /// The action, such as `completed`; empty if there is none.
    pub fn action(&self) -> &'static str {
        self.action
    }

    /// The name of its event, such as `workflow_run`.
    pub fn event_name(&self) -> &'static str {
        self.subject.event_name()
    }

    /// Whether it is about a run or a job.
    pub fn is_of_a_run(&self) -> bool {
        matches!(self.subject, Subject::Run(_) | Subject::Job(..))
    }

    /// The run that it is about; only to be asked if it [is of one](Self::is_of_a_run).
    pub fn run(&self) -> &Run {
        &self.snapshot().run
    }

    /// The attempt that it is about, as it was then; like [`run`](Self::run).
    pub fn attempt(&self) -> &Attempt {
        &self.snapshot().attempt
    }

    /// The workflow, as it was then; like [`run`](Self::run).
    pub fn workflow(&self) -> &Workflow {
        &self.snapshot().workflow
    }

    /// The repository of the run, as it was then; like [`run`](Self::run).
    pub fn repository(&self) -> &Repository {
        &self.snapshot().repository
    }

    /// The job that it is about, as it was then, if it is about one.
    pub fn job(&self) -> Option<&Job> {
        match &self.subject {
            Subject::Job(_, job) => Some(job),
            _ => None,
        }
    }

    fn snapshot(&self) -> &RunSnapshot {
        match &self.subject {
            Subject::Run(run) | Subject::Job(run, _) => run,
            other => panic!("only what is of a run has one: {other:?}"),
        }
    }

    /// `X-GitHub-Delivery`: the same for all Apps that are told of it.
    pub fn guid(&self) -> String {
        guid(self.guid)
    }

    /// The webhook that tells of it; the same bytes each time.
    pub fn event(&self) -> Event {
        Event {
            name: self.event_name().into(),
            action: self.action.into(),
            guid: self.guid(),
            body: Bytes::from(payload::event(self)),
            time: self.time,
        }
    }

    /// Which repository it is about, if it is about one.
    pub(crate) fn repository_id(&self) -> Option<RepositoryId> {
        match &self.subject {
            Subject::Run(run) | Subject::Job(run, _) => Some(run.repository.id),
            Subject::Repository(repository, _) => Some(repository.id),
            _ => None,
        }
    }
}

impl Subject {
    fn event_name(&self) -> &'static str {
        match self {
            Self::Run(_) => "workflow_run",
            Self::Job(..) => "workflow_job",
            Self::Repository(..) => "repository",
            Self::Installation(..) => "installation",
            Self::InstallationRepositories(..) => "installation_repositories",
            Self::InstallationTarget(..) => "installation_target",
            Self::Authorization => "github_app_authorization",
            Self::Ping(_) => "ping",
        }
    }
}

impl RunSnapshot {
    pub(crate) fn view<'a>(&'a self, hosts: &'a Hosts) -> RunView<'a> {
        RunView {
            hosts,
            repository: &self.repository,
            workflow: &self.workflow,
            run: &self.run,
            attempt: &self.attempt,
            created_at: self.run.created_at,
            path_has_ref: self.path_has_ref,
        }
    }
}

fn guid(bits: u128) -> String {
    let hex = format!("{bits:032x}");
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    parts.join("-")
}

impl GitHub {
    pub(super) fn tell_of_run(&mut self, run: RunId, action: &'static str) {
        let snapshot = self.snapshot(run);
        let sender = Arc::clone(&snapshot.attempt.triggering_actor);
        let repository = Arc::clone(&snapshot.repository);
        let subject = Subject::Run(Box::new(snapshot));
        self.tell_of(&repository, &sender, action, &subject);
    }

    pub(super) fn tell_of_job(&mut self, job: JobId, action: &'static str) {
        let job = self.jobs[&job].clone();
        let snapshot = self.snapshot(job.run);
        let sender = Arc::clone(&snapshot.attempt.triggering_actor);
        let repository = Arc::clone(&snapshot.repository);
        let subject = Subject::Job(Box::new(snapshot), Box::new(job));
        self.tell_of(&repository, &sender, action, &subject);
    }

    fn snapshot(&self, run: RunId) -> RunSnapshot {
        let record = self.record(run);
        let workflow = &self.workflows[&record.run.workflow];
        RunSnapshot {
            repository: Arc::clone(&self.repositories[&workflow.repository]),
            workflow: Arc::clone(workflow),
            run: Arc::clone(&record.run),
            attempt: record.latest().clone(),
            path_has_ref: self.assumptions.path_has_ref,
        }
    }

    /// Tells every App that sees the repository, is not suspended there, and subscribed to such
    /// events.
    pub(super) fn tell_of(
        &mut self,
        repository: &Repository,
        sender: &Arc<Account>,
        action: &'static str,
        subject: &Subject,
    ) {
        let guid = self.rng.u128(..);
        let change = |installation: &Installation| Change {
            time: self.now(),
            app: installation.app,
            installation: Some(installation.id),
            action,
            guid,
            hosts: Arc::clone(&self.hosts),
            sender: Arc::clone(sender),
            subject: subject.clone(),
        };
        let name = subject.event_name();
        let told = self
            .installations()
            .filter(|it| it.is_told_of(name) && it.covers(repository));
        let changes: Vec<_> = told.map(change).collect();
        self.changes.extend(changes);
    }

    /// Tells an App of something that Apps are always told of.
    pub(super) fn tell_app(
        &mut self,
        app: AppId,
        installation: Option<InstallationId>,
        sender: &Arc<Account>,
        action: &'static str,
        subject: Subject,
    ) {
        let guid = self.rng.u128(..);
        self.changes.push(Change {
            time: self.now(),
            app,
            installation,
            action,
            guid,
            hosts: Arc::clone(&self.hosts),
            sender: Arc::clone(sender),
            subject,
        });
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn guids_are_grouped_like_a_uuid() {
        let bits = 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef;
        assert_eq!(super::guid(bits), "01234567-89ab-cdef-0123-456789abcdef");
    }
}

//! What a board that follows this GitHub should show in the end.

use jiff::Timestamp;
use serde::Serialize;

use super::GitHub;
use super::id::{JobId, RepositoryId, RunId, WorkflowId};
use super::job::{Job, Step};
use super::query::RunView;
use super::repository::Repository;
use super::status::{Conclusion, Status};

/// Every repository, every attempt of every run and every job: each in the order of its ids, so
/// that equal truths are equal rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Truth {
    /// The repositories, even those that no App sees.
    pub repositories: Vec<RepositoryRow>,
    /// The attempts of runs, of all these repositories.
    pub builds: Vec<BuildRow>,
    /// Their jobs.
    pub jobs: Vec<JobRow>,
}

/// A repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RepositoryRow {
    /// GitHub's id.
    pub id: RepositoryId,
    /// Its owner's login of today.
    pub owner: String,
    /// Its name of today.
    pub name: String,
    /// Whether only some may see it.
    pub private: bool,
    /// Whether it is read-only.
    pub archived: bool,
    /// The branch that counts.
    pub default_branch: String,
    /// What the App may do with it.
    pub access: Access,
}

/// What Apps may do with a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Nothing: no installation covers it.
    None,
    /// Nothing for now: the installation is suspended.
    Suspended,
    /// See it.
    Open,
}

/// One attempt of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BuildRow {
    /// Whose run it is.
    pub repository: RepositoryId,
    /// The run.
    pub run: RunId,
    /// Which attempt of it.
    pub attempt: u32,
    /// Whether it is the latest.
    pub latest_attempt: bool,
    /// What ran.
    pub workflow: WorkflowId,
    /// The name that the run bears.
    pub workflow_name: String,
    /// The workflow's file.
    pub workflow_path: String,
    /// Counts the runs of the workflow.
    pub run_number: u64,
    /// What GitHub titles it.
    pub title: String,
    /// The event that started it.
    pub event: String,
    /// The branch, if GitHub knows one.
    pub branch: Option<String>,
    /// Where the branch is, if in a fork.
    pub fork: Option<String>,
    /// The commit.
    pub sha: String,
    /// The login of who started the run.
    pub actor: String,
    /// The login of who started this attempt.
    pub triggering_actor: String,
    /// What it is doing.
    pub status: Status,
    /// How it ended.
    pub conclusion: Option<Conclusion>,
    /// When the run was created.
    pub created_at: Timestamp,
    /// When the attempt started.
    pub started_at: Timestamp,
    /// When it ended: with the last of its jobs, or when it was completed, if it had none.
    pub finished_at: Option<Timestamp>,
    /// The `updated_at` that it was completed with, which later annotations do not move.
    pub completed_at: Option<Timestamp>,
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JobRow {
    /// GitHub's id.
    pub id: JobId,
    /// The run that it belongs to.
    pub run: RunId,
    /// Which attempt of it.
    pub attempt: u32,
    /// Its name, matrix values included.
    pub name: String,
    /// The labels that it asked for.
    pub labels: Vec<String>,
    /// What it is doing.
    pub status: Status,
    /// How it ended.
    pub conclusion: Option<Conclusion>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When a runner took it, if one did.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// Its steps.
    pub steps: Vec<StepRow>,
}

/// A step of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepRow {
    /// Its name.
    pub name: String,
    /// What it is doing.
    pub status: Status,
    /// How it ended.
    pub conclusion: Option<Conclusion>,
    /// When it started.
    pub started_at: Timestamp,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
}

impl GitHub {
    /// What is true now.
    pub fn truth(&self) -> Truth {
        let repositories = self.repositories().map(|it| self.repository_row(it));
        let builds = self.runs.keys().flat_map(|run| self.build_rows(*run));
        let mut jobs: Vec<_> = self.jobs.values().map(JobRow::of).collect();
        jobs.sort_by_key(|job| job.id);
        Truth {
            repositories: repositories.collect(),
            builds: builds.collect(),
            jobs,
        }
    }

    fn repository_row(&self, repository: &Repository) -> RepositoryRow {
        let covering = self.installations().filter(|it| it.covers(repository));
        let access = covering.map(|it| match it.suspended_at {
            None => Access::Open,
            Some(_) => Access::Suspended,
        });
        RepositoryRow {
            id: repository.id,
            owner: repository.owner.login.clone(),
            name: repository.name.clone(),
            private: repository.private,
            archived: repository.archived,
            default_branch: repository.default_branch.clone(),
            access: access.max().unwrap_or(Access::None),
        }
    }

    fn build_rows(&self, run: RunId) -> impl Iterator<Item = BuildRow> {
        let attempts = self.attempts(run).iter();
        let views = attempts.filter_map(move |attempt| self.attempt_view(run, attempt.number));
        views.map(|view| self.build_row(&view))
    }

    fn build_row(&self, view: &RunView<'_>) -> BuildRow {
        let (run, attempt) = (view.run, view.attempt);
        let latest = self.record(run.id).latest().number;
        let ends = attempt
            .jobs
            .iter()
            .filter_map(|job| self.job(*job).completed_at);
        let finished_at = attempt.completed_at.map(|end| ends.max().unwrap_or(end));
        BuildRow {
            repository: view.repository.id,
            run: run.id,
            attempt: attempt.number,
            latest_attempt: attempt.number == latest,
            workflow: run.workflow,
            workflow_name: run.name.clone(),
            workflow_path: view.workflow.path.clone(),
            run_number: run.number,
            title: run.title.clone(),
            event: run.event.to_owned(),
            branch: run.branch.clone(),
            fork: run.fork.as_ref().map(|fork| fork.full_name()),
            sha: run.commit.sha.clone(),
            actor: run.actor.login.clone(),
            triggering_actor: attempt.triggering_actor.login.clone(),
            status: attempt.status,
            conclusion: attempt.conclusion,
            created_at: run.created_at,
            started_at: attempt.started_at,
            finished_at,
            completed_at: attempt.completed_at,
        }
    }
}

impl JobRow {
    fn of(job: &Job) -> Self {
        Self {
            id: job.id,
            run: job.run,
            attempt: job.attempt,
            name: job.name.to_string(),
            labels: job.labels.iter().map(ToString::to_string).collect(),
            status: job.status,
            conclusion: job.conclusion,
            created_at: job.created_at,
            started_at: job.runner.map(|_| job.started_at),
            completed_at: job.completed_at,
            steps: job.steps.iter().map(StepRow::of).collect(),
        }
    }
}

impl StepRow {
    fn of(step: &Step) -> Self {
        Self {
            name: step.name.to_string(),
            status: step.status,
            conclusion: step.conclusion,
            started_at: step.started_at,
            completed_at: step.completed_at,
        }
    }
}

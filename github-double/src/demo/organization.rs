//! The invented organisation: its repositories, their workflows, and the jobs of these.

mod repositories;
mod steps;

use crate::github::workflow::CancelInProgress;

pub(super) use repositories::REPOSITORIES;

/// The organisation's login.
pub(super) const LOGIN: &str = "saltmarsh-works";

/// A repository and how its people work on it.
#[derive(Debug)]
pub(super) struct RepositorySpec {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) language: &'static str,
    pub(super) private: bool,
    /// Pushes an hour when everyone is at work.
    pub(super) pushes: f64,
    /// How much likelier its pull requests fail than those of others.
    pub(super) trouble: f64,
    /// What its commits are about.
    pub(super) subjects: &'static [&'static str],
    /// What the bot keeps up to date, as `ecosystem/name`.
    pub(super) packages: &'static [&'static str],
    pub(super) workflows: &'static [WorkflowSpec],
}

/// A workflow.
#[derive(Debug)]
pub(super) struct WorkflowSpec {
    pub(super) name: &'static str,
    pub(super) path: &'static str,
    pub(super) on: &'static [On],
    pub(super) cancels: CancelInProgress,
    pub(super) quirk: Quirk,
    pub(super) jobs: &'static [JobSpec],
}

/// What starts a workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum On {
    /// A push to the default branch.
    Push,
    PullRequest,
    /// Every day at this hour, UTC.
    Daily(i8),
    Dispatch,
}

/// What a workflow is known for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quirk {
    None,
    /// Its second job fails for no reason now and then, and passes when run again.
    Flaky,
    /// It takes longer every day.
    Slowing,
    /// It has no secrets for bots and forks, and skips them.
    TeamOnly,
}

/// A job.
#[derive(Debug)]
pub(super) struct JobSpec {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) minutes: f64,
    /// The slots of the jobs that must pass first.
    pub(super) needs: &'static [usize],
    /// Whether a person must approve it.
    pub(super) approval: bool,
    pub(super) steps: Steps,
}

/// Names of steps, each with its share of the job's time. The last one is what the job is for.
pub(super) type Steps = &'static [(&'static str, u32)];

const fn job(name: &'static str, minutes: f64, steps: Steps) -> JobSpec {
    JobSpec {
        name,
        label: "ubuntu-latest",
        minutes,
        needs: &[],
        approval: false,
        steps,
    }
}

impl JobSpec {
    const fn on(self, label: &'static str) -> Self {
        Self { label, ..self }
    }

    const fn needs(self, needs: &'static [usize]) -> Self {
        Self { needs, ..self }
    }

    const fn approved(self) -> Self {
        Self {
            approval: true,
            ..self
        }
    }
}

const fn workflow(
    name: &'static str,
    path: &'static str,
    on: &'static [On],
    jobs: &'static [JobSpec],
) -> WorkflowSpec {
    WorkflowSpec {
        name,
        path,
        on,
        cancels: CancelInProgress::Never,
        quirk: Quirk::None,
        jobs,
    }
}

impl WorkflowSpec {
    const fn cancels(self, cancels: CancelInProgress) -> Self {
        Self { cancels, ..self }
    }

    const fn quirk(self, quirk: Quirk) -> Self {
        Self { quirk, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_repositories_two_private_fourteen_workflows() {
        assert_eq!(REPOSITORIES.iter().filter(|spec| spec.private).count(), 2);
        let workflows: usize = REPOSITORIES.iter().map(|spec| spec.workflows.len()).sum();
        assert_eq!(workflows, 14);
    }

    #[test]
    fn jobs_need_earlier_jobs_only() {
        for workflow in REPOSITORIES.iter().flat_map(|spec| spec.workflows) {
            for (slot, job) in workflow.jobs.iter().enumerate() {
                assert!(job.needs.iter().all(|need| *need < slot), "{}", job.name);
            }
        }
    }
}

//! What can happen to a run.

use std::sync::Arc;

use super::GitHub;
use super::account::Account;
use super::id::{JobId, RepositoryId, RunId, WorkflowId};
use super::job::Job;
use super::run::{Attempt, PullRequest, Run, RunRecord};
use super::status::{Conclusion, Status};
use super::trigger::{Head, Trigger};

impl GitHub {
    /// Starts a run: `requested`. Cancels the one before it, if the workflow says so.
    pub fn start_run(&mut self, workflow: WorkflowId, trigger: Trigger) -> RunId {
        let cancels = self.workflows[&workflow].cancel_in_progress;
        if cancels.applies_to(trigger.event) {
            self.cancel_runs_of(workflow, &trigger);
        }
        let name = self.workflows[&workflow].name.clone();
        let run = self.create_run(workflow, name, trigger);
        self.tell_of_run(run, "requested");
        run
    }

    /// A run whose workflow file GitHub cannot read: it bears the file's path as its name and ends
    /// at once, without jobs.
    pub fn fail_to_start_run(&mut self, workflow: WorkflowId, trigger: Trigger) -> RunId {
        let path = self.workflows[&workflow].path.clone();
        let run = self.create_run(workflow, path, trigger);
        self.tell_of_run(run, "requested");
        self.end_run(run, Conclusion::StartupFailure);
        self.tell_of_run(run, "completed");
        run
    }

    /// A run of a newcomer's pull request, which a maintainer must approve: `requested`, and
    /// already completed.
    pub fn hold_run(&mut self, workflow: WorkflowId, trigger: Trigger) -> RunId {
        let name = self.workflows[&workflow].name.clone();
        let run = self.create_run(workflow, name, trigger);
        self.end_run(run, Conclusion::ActionRequired);
        self.tell_of_run(run, "requested");
        run
    }

    /// A maintainer approved a run that was held: the attempt that was completed waits for its
    /// jobs, and nobody is told until these start.
    pub fn approve_run(&mut self, run: RunId) {
        let now = self.now();
        let attempt = self.record_mut(run).latest_mut();
        attempt.status = Status::Queued;
        attempt.conclusion = None;
        attempt.completed_at = None;
        attempt.updated_at = now;
    }

    /// Ends a run all of whose jobs are over, as they ended: `completed`.
    pub fn finish_run(&mut self, run: RunId) {
        let jobs = &self.record(run).latest().jobs;
        let conclusions = jobs.iter().filter_map(|job| self.jobs[job].conclusion);
        let conclusion = Conclusion::of_jobs(conclusions);
        self.end_run(run, conclusion);
        self.tell_of_run(run, "completed");
    }

    /// Ends a run in a way that its jobs do not tell: `completed`.
    pub fn conclude_run(&mut self, run: RunId, conclusion: Conclusion) {
        self.end_run(run, conclusion);
        self.tell_of_run(run, "completed");
    }

    /// Cancels a run with the jobs that are not over. If none of them ran and a newer run took its
    /// place, it was superseded.
    pub fn cancel_run(&mut self, run: RunId) {
        for job in self.unfinished_jobs(run) {
            self.cancel_job(job);
        }
        self.end_run(run, Conclusion::Cancelled);
        self.tell_of_run(run, "completed");
    }

    /// Adds an attempt. GitHub says nothing of it, not even `requested`, until its jobs start.
    pub fn rerun(&mut self, run: RunId, by: &Arc<Account>) {
        let now = self.now();
        let record = self.record_mut(run);
        let number = record.latest().number + 1;
        record.attempts.push(Attempt::new(number, now, by));
    }

    /// Adds an attempt with all the jobs of the latest one, queued.
    pub fn rerun_jobs(&mut self, run: RunId, by: &Arc<Account>) -> Vec<JobId> {
        let jobs = self.record(run).latest().jobs.clone();
        self.rerun(run, by);
        self.queue_again(run, &jobs)
    }

    /// Adds an attempt with those jobs of the latest one that did not pass, queued.
    pub fn rerun_failed_jobs(&mut self, run: RunId, by: &Arc<Account>) -> Vec<JobId> {
        let latest = self.record(run).latest();
        let listed = latest.carried_over.iter().chain(&latest.jobs).copied();
        let (passed, rest): (Vec<_>, Vec<_>) =
            listed.partition(|job| self.jobs[job].conclusion == Some(Conclusion::Success));
        self.rerun(run, by);
        if self.assumptions.failed_rerun_lists_passed_jobs {
            self.record_mut(run).latest_mut().carried_over = passed;
        }
        self.queue_again(run, &rest)
    }

    fn queue_again(&mut self, run: RunId, jobs: &[JobId]) -> Vec<JobId> {
        let again = jobs.iter().map(|job| {
            let Job { name, labels, .. } = self.jobs[job].clone();
            let label = labels.into_iter().next().unwrap_or_default();
            self.queue_job_on(run, name, label)
        });
        again.collect()
    }

    /// Lets an annotation come in late: the run's `updated_at` moves, and nobody is told.
    pub fn annotate_run(&mut self, run: RunId) {
        let now = self.now();
        self.record_mut(run).latest_mut().updated_at = now;
    }

    pub(super) fn begin_run(&mut self, run: RunId) {
        let now = self.now();
        let attempt = self.record_mut(run).latest_mut();
        if attempt.status == Status::InProgress {
            return;
        }
        attempt.status = Status::InProgress;
        attempt.updated_at = now;
        self.tell_of_run(run, "in_progress");
    }

    fn end_run(&mut self, run: RunId, conclusion: Conclusion) {
        let now = self.now();
        let attempt = self.record_mut(run).latest_mut();
        attempt.status = Status::Completed;
        attempt.conclusion = Some(conclusion);
        attempt.updated_at = now;
        attempt.completed_at = Some(now);
    }

    fn unfinished_jobs(&self, run: RunId) -> Vec<JobId> {
        let jobs = self.record(run).latest().jobs.iter();
        jobs.filter(|job| !self.jobs[job].is_over())
            .copied()
            .collect()
    }

    fn cancel_runs_of(&mut self, workflow: WorkflowId, trigger: &Trigger) {
        let fork_owner = match &trigger.head {
            Head::Fork(owner) => Some(owner.id),
            Head::Branch | Head::PullRequest(_) => None,
        };
        let in_the_way = |record: &&RunRecord| {
            record.run.workflow == workflow
                && record.run.branch == trigger.branch
                && record.run.fork.as_ref().map(|fork| fork.owner.id) == fork_owner
                && record.latest().status != Status::Completed
        };
        let runs = self.runs.values().filter(in_the_way);
        for run in runs.map(|record| record.run.id).collect::<Vec<_>>() {
            self.cancel_run(run);
        }
    }

    fn create_run(&mut self, workflow: WorkflowId, name: String, trigger: Trigger) -> RunId {
        let repository = self.workflows[&workflow].repository;
        if trigger.event == "push" {
            self.repository_mut(repository).pushed_at = trigger.commit.time;
        }
        let (fork, pull_request) = match trigger.head {
            Head::Branch => (None, None),
            Head::PullRequest(number) => (None, Some(self.pull_request(repository, number))),
            Head::Fork(owner) => (Some(self.fork(repository, &owner)), None),
        };
        let title = match trigger.title {
            title if title.is_empty() => name.clone(),
            title => title,
        };
        let run = Run {
            id: self.ids.run(&mut self.rng),
            number: self.next_run_number(workflow),
            workflow,
            name,
            title,
            event: trigger.event,
            branch: trigger.branch,
            commit: trigger.commit,
            actor: trigger.actor,
            created_at: self.now(),
            fork,
            pull_request,
            check_suite_id: self.ids.suite(&mut self.rng),
        };
        self.insert_run(run)
    }

    fn insert_run(&mut self, run: Run) -> RunId {
        let (id, attempt) = (run.id, Attempt::new(1, run.created_at, &run.actor));
        let repository = self.workflows[&run.workflow].repository;
        self.runs_by_repository
            .entry(repository)
            .or_default()
            .push(id);
        let record = RunRecord {
            run: Arc::new(run),
            attempts: vec![attempt],
        };
        self.runs.insert(id, record);
        id
    }

    fn next_run_number(&mut self, workflow: WorkflowId) -> u64 {
        let earlier = self.workflows[&workflow].earlier_runs;
        let count = self.run_counts.entry(workflow).or_default();
        *count += 1;
        earlier + *count
    }

    fn pull_request(&mut self, repository: RepositoryId, number: u64) -> PullRequest {
        let id = self.pull_requests.entry((repository, number));
        PullRequest {
            id: *id.or_insert_with(|| self.ids.pull_request(&mut self.rng)),
            number,
            base_sha: self.sha(),
        }
    }
}

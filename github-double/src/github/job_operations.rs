//! What can happen to a job.

use std::borrow::Cow;

use super::GitHub;
use super::id::{JobId, RunId};
use super::job::Job;
use super::status::{Conclusion, Status};

impl GitHub {
    /// Adds a job that waits for a runner: `queued`.
    pub fn queue_job(&mut self, run: RunId, name: impl Into<Cow<'static, str>>) -> JobId {
        self.queue_job_on(run, name, "ubuntu-latest")
    }

    /// The same for a runner with a certain label.
    pub fn queue_job_on(
        &mut self,
        run: RunId,
        name: impl Into<Cow<'static, str>>,
        label: impl Into<Cow<'static, str>>,
    ) -> JobId {
        let job = self.create_job(run, name.into(), label.into(), Status::Queued);
        self.tell_of_job(job, "queued");
        job
    }

    /// Adds a job that needs a person's approval: `waiting`.
    pub fn wait_job(&mut self, run: RunId, name: impl Into<Cow<'static, str>>) -> JobId {
        let job = self.create_job(run, name.into(), "ubuntu-latest".into(), Status::Waiting);
        self.tell_of_job(job, "waiting");
        job
    }

    /// Adds a job whose condition does not hold: `completed` at once.
    pub fn skip_job(&mut self, run: RunId, name: impl Into<Cow<'static, str>>) -> JobId {
        let id = self.create_job(run, name.into(), "ubuntu-latest".into(), Status::Queued);
        let now = self.now();
        self.job_mut(id).interrupt(Conclusion::Skipped, now);
        self.tell_of_job(id, "completed");
        id
    }

    /// Someone approved a waiting job: `queued`.
    pub fn approve_job(&mut self, job: JobId) {
        self.job_mut(job).status = Status::Queued;
        self.tell_of_job(job, "queued");
    }

    /// A runner takes the job: `in_progress`, and of the run too if it is the first.
    pub fn start_job(&mut self, job: JobId) {
        let (now, runner) = (self.now(), self.rng.u64(1_000_000..2_000_000));
        self.job_mut(job).start(now, runner);
        self.tell_of_job(job, "in_progress");
        self.begin_run(self.jobs[&job].run);
    }

    /// A step passes now.
    pub fn pass_step(&mut self, job: JobId, name: impl Into<Cow<'static, str>>) {
        self.end_step(job, name, Conclusion::Success);
    }

    /// A step fails now, and with it the job once it is finished.
    pub fn fail_step(&mut self, job: JobId, name: impl Into<Cow<'static, str>>) {
        self.end_step(job, name, Conclusion::Failure);
    }

    /// A step ends now, in whatever way.
    pub fn end_step(
        &mut self,
        job: JobId,
        name: impl Into<Cow<'static, str>>,
        conclusion: Conclusion,
    ) {
        let now = self.now();
        self.job_mut(job).record_step(name.into(), conclusion, now);
    }

    /// Ends a job as its steps did: `completed`.
    pub fn finish_job(&mut self, job: JobId) {
        let now = self.now();
        self.job_mut(job).finish(now);
        self.tell_of_job(job, "completed");
    }

    /// Cancels a job, whether it runs or not: `completed`.
    pub fn cancel_job(&mut self, job: JobId) {
        self.interrupt_job(job, Conclusion::Cancelled);
    }

    /// The job ran past its time limit: `completed`.
    pub fn time_out_job(&mut self, job: JobId) {
        self.interrupt_job(job, Conclusion::TimedOut);
    }

    fn interrupt_job(&mut self, job: JobId, conclusion: Conclusion) {
        let now = self.now();
        self.job_mut(job).interrupt(conclusion, now);
        self.tell_of_job(job, "completed");
    }

    fn create_job(
        &mut self,
        run: RunId,
        name: Cow<'static, str>,
        label: Cow<'static, str>,
        status: Status,
    ) -> JobId {
        let (id, now) = (self.ids.job(&mut self.rng), self.now());
        let attempt = self.record_mut(run).latest_mut();
        attempt.jobs.push(id);
        let job = Job {
            id,
            run,
            attempt: attempt.number,
            name,
            labels: vec![label],
            status,
            conclusion: None,
            created_at: now,
            started_at: now,
            completed_at: None,
            runner: None,
            steps: Vec::new(),
        };
        self.jobs.insert(id, job);
        id
    }

    pub(super) fn job_mut(&mut self, id: JobId) -> &mut Job {
        let job = self.jobs.get_mut(&id);
        job.expect("the id is of a job that this GitHub still knows")
    }
}

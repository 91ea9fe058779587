//! What happened, before it is written down as a webhook.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use super::GitHub;
use super::account::Account;
use super::id::{JobId, RunId};
use super::job::Job;
use super::repository::Repository;
use super::run::{Attempt, Run};
use super::workflow::Workflow;
use crate::event::Event;
use crate::payload;

/// Something that the App is told of, with everything as it was at that moment.
///
/// Far smaller than its [`Event`], so that a month of them fits in memory.
#[derive(Clone, Debug)]
pub struct Change {
    /// When it happened.
    pub time: Timestamp,
    pub(crate) action: &'static str,
    pub(crate) guid: u128,
    pub(crate) installation_id: u64,
    pub(crate) organization: Arc<Account>,
    pub(crate) repository: Arc<Repository>,
    pub(crate) workflow: Arc<Workflow>,
    pub(crate) run: Arc<Run>,
    pub(crate) attempt: Attempt,
    pub(crate) job: Option<Job>,
}

impl Change {
    /// The action, such as `completed`.
    pub fn action(&self) -> &'static str {
        self.action
    }

    /// The run that it is about.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// The attempt that it is about, as it was then.
    pub fn attempt(&self) -> &Attempt {
        &self.attempt
    }

    /// The job that it is about, as it was then, unless it is about the run.
    pub fn job(&self) -> Option<&Job> {
        self.job.as_ref()
    }

    /// The repository, as it was then.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The workflow, as it was then.
    pub fn workflow(&self) -> &Workflow {
        &self.workflow
    }

    /// The webhook that tells of it; the same bytes each time.
    pub fn event(&self) -> Event {
        let (name, body) = match &self.job {
            Some(job) => ("workflow_job", payload::workflow_job(self, job)),
            None => ("workflow_run", payload::workflow_run(self)),
        };
        Event {
            name: name.into(),
            action: self.action.into(),
            guid: guid(self.guid),
            body: Bytes::from(body),
            time: self.time,
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
        self.tell(run, action, None);
    }

    pub(super) fn tell_of_job(&mut self, job: JobId, action: &'static str) {
        let job = self.jobs[&job].clone();
        self.tell(job.run, action, Some(job));
    }

    fn tell(&mut self, run: RunId, action: &'static str, job: Option<Job>) {
        let record = &self.runs[&run];
        let workflow = &self.workflows[&record.run.workflow];
        self.changes.push(Change {
            time: self.now(),
            action,
            guid: self.rng.u128(..),
            installation_id: self.installation_id,
            organization: Arc::clone(&self.organization),
            repository: Arc::clone(&self.repositories[&workflow.repository]),
            workflow: Arc::clone(workflow),
            run: Arc::clone(&record.run),
            attempt: record.latest().clone(),
            job,
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

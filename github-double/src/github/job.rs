//! Jobs and their steps.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};

use super::id::{JobId, RunId};
use super::status::{Conclusion, Status};

/// How long a runner gets ready before a job's first own step.
const SET_UP: SignedDuration = SignedDuration::from_secs(2);

/// One job of one attempt.
#[derive(Clone, Debug)]
pub struct Job {
    /// GitHub's id.
    pub id: JobId,
    /// The run it belongs to.
    pub run: RunId,
    /// Which attempt of the run.
    pub attempt: u32,
    /// Its name, matrix values included.
    pub name: Cow<'static, str>,
    /// The runner labels it asks for.
    pub labels: Vec<Cow<'static, str>>,
    /// What it is doing.
    pub status: Status,
    /// How it ended.
    pub conclusion: Option<Conclusion>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When a runner took it; until then, when it was created.
    pub started_at: Timestamp,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// The number of the runner that took it.
    pub runner: Option<u64>,
    /// Its steps so far.
    pub steps: Vec<Step>,
}

/// One step of a job.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its name.
    pub name: Cow<'static, str>,
    /// What it is doing.
    pub status: Status,
    /// How it ended.
    pub conclusion: Option<Conclusion>,
    /// When it started.
    pub started_at: Timestamp,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
}

impl Job {
    pub(super) fn is_over(&self) -> bool {
        self.status == Status::Completed
    }

    pub(super) fn start(&mut self, time: Timestamp, runner: u64) {
        self.status = Status::InProgress;
        self.started_at = time;
        self.runner = Some(runner);
        self.open_step("Set up job".into(), time);
    }

    /// Adds a step that took from the end of the one before it until `time`.
    pub(super) fn record_step(
        &mut self,
        name: Cow<'static, str>,
        conclusion: Conclusion,
        time: Timestamp,
    ) {
        let ready = (self.started_at + SET_UP).min(time);
        self.close_step(Conclusion::Success, ready);
        let start = self.last_step_end();
        self.open_step(name, start);
        self.close_step(conclusion, time);
    }

    /// Ends it as its steps did.
    pub(super) fn finish(&mut self, time: Timestamp) {
        let failed = self
            .steps
            .iter()
            .any(|step| step.conclusion == Some(Conclusion::Failure));
        self.record_step(
            "Post Run actions/checkout@v5".into(),
            Conclusion::Success,
            time,
        );
        self.record_step("Complete job".into(), Conclusion::Success, time);
        self.end(
            if failed {
                Conclusion::Failure
            } else {
                Conclusion::Success
            },
            time,
        );
    }

    /// Ends it from outside, in the middle of whatever it does.
    pub(super) fn interrupt(&mut self, conclusion: Conclusion, time: Timestamp) {
        self.close_step(Conclusion::Cancelled, time);
        self.end(conclusion, time);
    }

    fn end(&mut self, conclusion: Conclusion, time: Timestamp) {
        self.status = Status::Completed;
        self.conclusion = Some(conclusion);
        self.completed_at = Some(time);
    }

    fn last_step_end(&self) -> Timestamp {
        self.steps
            .last()
            .and_then(|step| step.completed_at)
            .unwrap_or(self.started_at)
    }

    fn open_step(&mut self, name: Cow<'static, str>, time: Timestamp) {
        self.steps.push(Step {
            name,
            status: Status::InProgress,
            conclusion: None,
            started_at: time,
            completed_at: None,
        });
    }

    fn close_step(&mut self, conclusion: Conclusion, time: Timestamp) {
        if let Some(step) = self.steps.last_mut()
            && step.completed_at.is_none()
        {
            step.status = Status::Completed;
            step.conclusion = Some(conclusion);
            step.completed_at = Some(time);
        }
    }
}

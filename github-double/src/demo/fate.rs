//! Decides what becomes of a run: what share fails, and why.

use fastrand::Rng;

use super::attempt::Fate;
use super::cast::Origin;
use super::chance::happens;
use super::organization::{Quirk, WorkflowSpec};

/// What a run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The default branch: a push to it, the clock, or a person who pressed the button.
    Main,
    PullRequest(Origin),
}

/// All that a run's fate depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circumstances {
    pub(super) workflow: &'static WorkflowSpec,
    pub(super) trouble: f64,
    pub(super) cause: Cause,
    pub(super) attempt: u32,
    /// Whether the default branch is broken.
    pub(super) broken: bool,
    /// Whether half the world is down.
    pub(super) outage: bool,
}

/// How a run begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beginning {
    Starts,
    /// Its workflow file is invalid.
    CannotStart,
    /// A maintainer must approve it first.
    IsHeld,
}

impl Circumstances {
    pub(super) fn beginning(&self, rng: &mut Rng) -> Beginning {
        match self.cause {
            Cause::PullRequest(Origin::Fork) if happens(0.15, rng) => Beginning::IsHeld,
            Cause::PullRequest(Origin::Team) if happens(0.017, rng) => Beginning::CannotStart,
            Cause::PullRequest(_) | Cause::Main => Beginning::Starts,
        }
    }

    pub(super) fn fate(&self, rng: &mut Rng) -> Fate {
        let last = self.workflow.jobs.len() - 1;
        let some_job = rng.usize(..=last);
        if self.is_skipped() {
            return Fate::Skip;
        }
        if self.outage && happens(0.7, rng) {
            let hangs = happens(0.25, rng);
            return if hangs {
                Fate::TimeOut(some_job)
            } else {
                Fate::Fail(some_job)
            };
        }
        if self.broken {
            return Fate::Fail(last.min(1));
        }
        if self.workflow.quirk == Quirk::Flaky && happens(self.flakiness(), rng) {
            return Fate::Fail(1);
        }
        match self.cause {
            Cause::Main => Fate::Pass,
            Cause::PullRequest(_) => self.fate_of_pull_request(some_job, rng),
        }
    }

    fn fate_of_pull_request(&self, some_job: usize, rng: &mut Rng) -> Fate {
        let failing = if self.attempt == 1 { 0.112 } else { 0.5 };
        match rng.f64() {
            chance if chance < failing * self.trouble => Fate::Fail(some_job),
            chance if chance > 0.99 => Fate::TimeOut(some_job),
            chance if chance > 0.965 => Fate::Cancel,
            _ => Fate::Pass,
        }
    }

    fn is_skipped(&self) -> bool {
        let outsider = matches!(self.cause, Cause::PullRequest(Origin::Bot | Origin::Fork));
        self.workflow.quirk == Quirk::TeamOnly && outsider
    }

    fn flakiness(&self) -> f64 {
        if self.attempt == 1 { 0.18 } else { 0.2 }
    }
}

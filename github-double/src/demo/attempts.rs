//! Plays attempts as they were planned, and re-runs some that failed.

use jiff::SignedDuration;

use super::attempt::{AttemptPlan, End, JobPlan, Pace};
use super::cast::Place;
use super::chance::{around, between, happens, pick};
use super::fate::{Cause, Circumstances};
use super::organization::{JobSpec, Quirk};
use super::story::{Move, Story};
use crate::github::GitHub;
use crate::github::id::{JobId, RunId};
use crate::github::status::Status;

/// How much longer jobs take at the end of a month where they get slower.
const SLOWING: f64 = 0.9;
/// After so many attempts nobody tries again.
const MOST_ATTEMPTS: u32 = 5;

/// A running attempt.
#[derive(Debug)]
pub(super) struct Active {
    /// Whether it began in the present.
    pub(super) live: bool,
    attempt: u32,
    place: Place,
    cause: Cause,
    slots: Vec<usize>,
    plan: AttemptPlan,
    /// The jobs that have been queued, each beside its plan.
    jobs: Vec<Option<JobId>>,
}

/// Something that happens to one job of a running attempt.
#[derive(Debug)]
pub(super) struct JobMove {
    run: RunId,
    attempt: u32,
    /// Which of the plan's jobs.
    index: usize,
    what: What,
}

#[derive(Clone, Copy, Debug)]
enum What {
    Appears,
    IsApproved,
    Starts,
    EndsStep(usize),
    Ends,
}

/// Somebody runs the jobs that did not pass once more.
#[derive(Debug)]
pub(super) struct Rerun {
    run: RunId,
    place: Place,
    cause: Cause,
    slots: Vec<usize>,
}

impl Story {
    pub(super) fn circumstances(&self, place: Place, cause: Cause, attempt: u32) -> Circumstances {
        Circumstances {
            workflow: self.cast.workflow_spec(place),
            trouble: self.cast.project(place).spec.trouble,
            cause,
            attempt,
            broken: cause == Cause::Main && self.broken.contains_key(&place),
            outage: self.outage,
        }
    }

    /// Plans the latest attempt of a run and puts it on the agenda.
    pub(super) fn play_attempt(&mut self, run: RunId, place: Place, cause: Cause, slots: &[usize]) {
        let attempt = self.latest_attempt(run);
        let fate = self
            .circumstances(place, cause, attempt)
            .fate(&mut self.rng);
        let jobs = self.cast.workflow_spec(place).jobs;
        let plan = AttemptPlan::new(jobs, slots, fate, self.pace(place), &mut self.rng);
        for (index, job) in plan.jobs.iter().enumerate() {
            for (after, what) in moves(job) {
                let job = JobMove {
                    run,
                    attempt,
                    index,
                    what,
                };
                self.add_in(after, Move::Job(job));
            }
        }
        self.add_in(plan.length, Move::Complete { run, attempt });
        if let Some(after) = plan.cancelled_after {
            self.add_in(after, Move::Cancel { run, attempt });
        }
        let active = Active {
            live: self.is_live(),
            attempt,
            place,
            cause,
            slots: slots.to_vec(),
            jobs: vec![None; plan.jobs.len()],
            plan,
        };
        self.active.insert(run, active);
    }

    pub(super) fn play_job(&mut self, job: &JobMove) {
        if !self.is_running(job.run, job.attempt) {
            return;
        }
        let active = self.active.get_mut(&job.run);
        let active = active.expect("running attempts are active");
        let plan = &active.plan.jobs[job.index];
        match (job.what, active.jobs[job.index]) {
            // Appearing is always the first that happens to a job.
            (What::Appears, _) | (_, None) => {
                let id = appear(&mut self.github, job.run, plan);
                active.jobs[job.index] = Some(id);
            }
            (What::IsApproved, Some(id)) => self.github.approve_job(id),
            (What::Starts, Some(id)) => self.github.start_job(id),
            (What::EndsStep(step), Some(id)) => {
                let step = &plan.steps[step];
                self.github.end_step(id, step.name, step.conclusion);
            }
            (What::Ends, Some(id)) if plan.end == End::TimedOut => self.github.time_out_job(id),
            (What::Ends, Some(id)) => self.github.finish_job(id),
        }
    }

    pub(super) fn complete(&mut self, run: RunId, attempt: u32) {
        if !self.is_running(run, attempt) {
            return;
        }
        self.github.finish_run(run);
        let active = self
            .active
            .remove(&run)
            .expect("running attempts are active");
        self.maybe_rerun(run, &active);
    }

    pub(super) fn cancel(&mut self, run: RunId, attempt: u32) {
        if self.is_running(run, attempt) {
            self.github.cancel_run(run);
            self.active.remove(&run);
        }
    }

    pub(super) fn rerun(&mut self, rerun: &Rerun) {
        let run = rerun.run;
        if !self.github.knows_run(run) {
            return;
        }
        let team = &self.cast.project(rerun.place).team;
        let person = pick(team, &mut self.rng);
        self.github.rerun(run, person);
        self.play_attempt(run, rerun.place, rerun.cause, &rerun.slots);
    }

    /// Whether the attempt goes on. A newer run may have cancelled it.
    pub(super) fn is_running(&mut self, run: RunId, attempt: u32) -> bool {
        let planned = self.active.get(&run);
        if planned.is_none_or(|active| active.attempt != attempt) {
            return false;
        }
        let attempts = self.github.attempts(run);
        let over = attempts
            .last()
            .is_none_or(|latest| latest.status == Status::Completed);
        if over {
            self.active.remove(&run);
        }
        !over
    }

    fn maybe_rerun(&mut self, run: RunId, active: &Active) {
        let jobs = active.slots.iter().zip(&active.plan.jobs);
        let failed = jobs.filter(|(_, job)| job.end != End::Passed);
        let slots: Vec<_> = failed.map(|(slot, _)| *slot).collect();
        let all_skipped = active.plan.jobs.iter().all(|job| job.end == End::Skipped);
        if slots.is_empty() || all_skipped || active.attempt == MOST_ATTEMPTS {
            return;
        }
        let (share, after) = self.patience(active.place, active.cause);
        if happens(share, &mut self.rng) {
            let rerun = Rerun {
                run,
                place: active.place,
                cause: active.cause,
                slots,
            };
            self.add_in(after, Move::Rerun(rerun));
        }
    }

    /// How often somebody tries again, and after how long.
    fn patience(&mut self, place: Place, cause: Cause) -> (f64, SignedDuration) {
        let rng = &mut self.rng;
        let flaky = self.cast.workflow_spec(place).quirk == Quirk::Flaky;
        let broken = cause == Cause::Main && self.broken.contains_key(&place);
        let live = self.github.now() >= self.present;
        match (live, flaky, broken) {
            (true, _, true) => (0.0, SignedDuration::ZERO),
            (true, _, false) if cause == Cause::Main => (1.0, between(8..25, rng)),
            (true, _, false) => (0.5, between(8..25, rng)),
            (false, _, true) => (0.1, between(120..900, rng)),
            (false, true, false) => (0.9, between(120..1_500, rng)),
            (false, false, false) if cause == Cause::Main => (0.8, between(600..7_200, rng)),
            (false, false, false) => (0.22, around(SignedDuration::from_mins(186), 1.6, rng)),
        }
    }

    fn pace(&self, place: Place) -> Pace {
        if self.is_live() {
            return Pace::Brisk;
        }
        let slowing = self.cast.workflow_spec(place).quirk == Quirk::Slowing;
        let so_far = self.github.now().duration_since(self.begin);
        let whole = self.present.duration_since(self.begin);
        Pace::Real(if slowing {
            1.0 + SLOWING * so_far.as_secs_f64() / whole.as_secs_f64()
        } else {
            1.0
        })
    }

    fn latest_attempt(&self, run: RunId) -> u32 {
        let attempts = self.github.attempts(run);
        attempts.last().map_or(0, |attempt| attempt.number)
    }
}

fn appear(github: &mut GitHub, run: RunId, plan: &JobPlan) -> JobId {
    let JobSpec { name, label, .. } = plan.spec;
    match (plan.end, plan.approved) {
        (End::Skipped, _) => github.skip_job(run, *name),
        (_, Some(_)) => github.wait_job(run, *name),
        (_, None) => github.queue_job_on(run, *name, *label),
    }
}

/// What happens to a job, and when.
fn moves(job: &JobPlan) -> Vec<(SignedDuration, What)> {
    let mut moves = vec![(job.queued, What::Appears)];
    if job.end == End::Skipped {
        return moves;
    }
    moves.extend(job.approved.map(|after| (after, What::IsApproved)));
    moves.push((job.started, What::Starts));
    let steps = job.steps.iter().enumerate();
    moves.extend(steps.map(|(index, step)| (step.ended, What::EndsStep(index))));
    moves.push((job.ended, What::Ends));
    moves
}

//! Plans how one attempt will go: which job runs when, and which step ends how.

use fastrand::Rng;
use jiff::SignedDuration;

use super::chance::{around, between, happens};
use super::organization::{JobSpec, Steps};
use crate::github::status::Conclusion;

/// What will become of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Pass,
    /// The job in this slot fails.
    Fail(usize),
    /// The job in this slot runs past its time limit.
    TimeOut(usize),
    /// Somebody cancels it in the middle.
    Cancel,
    /// No job's condition holds.
    Skip,
}

/// How fast time goes in a story.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pace {
    /// As in real life; the factor stretches jobs.
    Real(f64),
    /// Jobs of 20 to 90 seconds, so that one can watch.
    Brisk,
}

/// How an attempt will go, counted from its start.
#[derive(Debug)]
pub(super) struct AttemptPlan {
    pub(super) jobs: Vec<JobPlan>,
    pub(super) length: SignedDuration,
    pub(super) cancelled_after: Option<SignedDuration>,
}

/// How a job will go.
#[derive(Debug)]
pub(super) struct JobPlan {
    pub(super) spec: &'static JobSpec,
    pub(super) queued: SignedDuration,
    /// When a person approves it, if one must.
    pub(super) approved: Option<SignedDuration>,
    pub(super) started: SignedDuration,
    pub(super) ended: SignedDuration,
    pub(super) end: End,
    pub(super) steps: Vec<StepPlan>,
}

/// How a job ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Passed,
    Failed,
    TimedOut,
    Skipped,
}

/// How a step will go.
#[derive(Debug)]
pub(super) struct StepPlan {
    pub(super) name: &'static str,
    pub(super) conclusion: Conclusion,
    pub(super) ended: SignedDuration,
}

impl AttemptPlan {
    /// A plan for the jobs in those slots of the workflow.
    pub(super) fn new(
        jobs: &'static [JobSpec],
        slots: &[usize],
        fate: Fate,
        pace: Pace,
        rng: &mut Rng,
    ) -> Self {
        let mut plans: Vec<(usize, JobPlan)> = Vec::with_capacity(slots.len());
        for &slot in slots {
            let job = &jobs[slot];
            let needed = plans.iter().filter(|(other, _)| job.needs.contains(other));
            let needed: Vec<_> = needed.map(|(_, plan)| plan).collect();
            let blocked = needed.iter().any(|plan| plan.end != End::Passed);
            let ready = needed.iter().map(|plan| plan.ended).max();
            let ready = ready.unwrap_or_default() + between(1..3, rng);
            let end = end_of(slot, fate, blocked);
            plans.push((slot, JobPlan::new(job, ready, end, pace, rng)));
        }
        let jobs: Vec<_> = plans.into_iter().map(|(_, plan)| plan).collect();
        let last_end = jobs.iter().map(|job| job.ended).max();
        let length = last_end.unwrap_or_default() + between(1..3, rng);
        let cancelled = fate == Fate::Cancel;
        Self {
            cancelled_after: cancelled.then(|| length.mul_f64(0.1 + 0.7 * rng.f64())),
            length,
            jobs,
        }
    }
}

impl JobPlan {
    fn new(
        spec: &'static JobSpec,
        queued: SignedDuration,
        end: End,
        pace: Pace,
        rng: &mut Rng,
    ) -> Self {
        let approved = spec.approval.then(|| queued + pace.approval(rng));
        let started = approved.unwrap_or(queued) + pace.queue(rng);
        let length = match end {
            End::TimedOut => pace.length(spec.minutes, rng) * 3,
            End::Passed | End::Failed | End::Skipped => pace.length(spec.minutes, rng),
        };
        let steps = match end {
            End::Skipped => Vec::new(),
            _ => plan_steps(spec.steps, started, length, end),
        };
        let ended = steps.last().map_or(queued, |step| step.ended);
        Self {
            spec,
            queued,
            approved,
            started,
            ended,
            end,
            steps,
        }
    }
}

impl Pace {
    fn length(self, minutes: f64, rng: &mut Rng) -> SignedDuration {
        match self {
            Self::Real(factor) => {
                let median = SignedDuration::from_secs_f64(60.0 * minutes * factor);
                let length = around(median, 0.25, rng);
                if happens(0.03, rng) {
                    length * 3
                } else {
                    length
                }
            }
            // Most are short, so that something happens all the time.
            Self::Brisk => SignedDuration::from_secs_f64(20.0 + 69.0 * rng.f64().powi(3)),
        }
    }

    fn queue(self, rng: &mut Rng) -> SignedDuration {
        match self {
            Self::Real(_) if happens(0.05, rng) => between(60..420, rng),
            Self::Real(_) => between(3..25, rng),
            Self::Brisk => between(1..5, rng),
        }
    }

    fn approval(self, rng: &mut Rng) -> SignedDuration {
        match self {
            Self::Real(_) => around(SignedDuration::from_mins(14), 1.0, rng),
            Self::Brisk => between(8..20, rng),
        }
    }
}

fn end_of(slot: usize, fate: Fate, blocked: bool) -> End {
    match fate {
        Fate::Skip => End::Skipped,
        _ if blocked => End::Skipped,
        Fate::Fail(failing) if failing == slot => End::Failed,
        Fate::TimeOut(hanging) if hanging == slot => End::TimedOut,
        Fate::Pass | Fate::Cancel | Fate::Fail(_) | Fate::TimeOut(_) => End::Passed,
    }
}

/// Shares the job's time out among its steps. The last one is what fails or hangs.
fn plan_steps(
    steps: Steps,
    started: SignedDuration,
    length: SignedDuration,
    end: End,
) -> Vec<StepPlan> {
    let total: u32 = steps.iter().map(|(_, share)| share).sum();
    let mut passed = 0;
    let plans = steps.iter().zip(1..).map(|(&(name, share), count)| {
        passed += share;
        StepPlan {
            name,
            conclusion: if count < steps.len() {
                Conclusion::Success
            } else {
                end.of_last_step()
            },
            ended: started + length.mul_f64(f64::from(passed) / f64::from(total)),
        }
    });
    plans.collect()
}

impl End {
    fn of_last_step(self) -> Conclusion {
        match self {
            Self::Failed => Conclusion::Failure,
            Self::TimedOut => Conclusion::Cancelled,
            Self::Passed | Self::Skipped => Conclusion::Success,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::organization::REPOSITORIES;
    use super::*;

    #[test]
    fn jobs_wait_for_those_they_need_and_are_skipped_when_these_fail() {
        let jobs = REPOSITORIES[0].workflows[0].jobs;
        let mut rng = Rng::with_seed(1);
        let all = [0, 1, 2, 3];
        let plan = AttemptPlan::new(jobs, &all, Fate::Pass, Pace::Real(1.0), &mut rng);
        assert!(plan.jobs[3].queued > plan.jobs[0].ended.max(plan.jobs[1].ended));

        let plan = AttemptPlan::new(jobs, &all, Fate::Fail(1), Pace::Real(1.0), &mut rng);
        let ends: Vec<_> = plan.jobs.iter().map(|job| job.end).collect();
        assert_eq!(ends, [End::Passed, End::Failed, End::Passed, End::Skipped]);
    }

    #[test]
    fn brisk_jobs_can_be_watched() {
        let mut rng = Rng::with_seed(1);
        for workflow in REPOSITORIES.iter().flat_map(|spec| spec.workflows) {
            let slots: Vec<_> = (0..workflow.jobs.len()).collect();
            let plan = AttemptPlan::new(workflow.jobs, &slots, Fate::Pass, Pace::Brisk, &mut rng);
            for job in plan.jobs {
                let seconds = (job.ended - job.started).as_secs();
                assert!((20..=90).contains(&seconds), "{}: {seconds}", job.spec.name);
            }
        }
    }
}

//! Many runs in many repositories: S7, S20, and what S21 disturbs.

use std::collections::BTreeMap;

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};

use super::stage::{Stage, repository};
use crate::double::Double;
use crate::github::GitHub;
use crate::github::id::{JobId, RunId, WorkflowId};
use crate::github::trigger::Trigger;

/// How many of a hundred thousand runs do what; the others pass.
const STARTUP_FAILURES: u32 = 5_700;
const FAILURES: u32 = 14_000;
const CANCELLED: u32 = 600;
const SKIPPED: u32 = 900;
const RERUNS: u32 = 6_900;

/// How many runs there are, and over what time they begin.
#[derive(Clone, Copy, Debug)]
pub struct Crowd {
    /// How many runs.
    pub runs: u32,
    /// The time from the first to the last.
    pub over: SignedDuration,
    /// What they do comes from it.
    pub seed: u64,
}

/// S7: that many runs of the stage's workflow in one day.
pub fn busy_day(stage: &Stage, runs: u32) {
    let crowd = Crowd {
        runs,
        over: SignedDuration::from_hours(24),
        seed: 7,
    };
    crowd.play(&stage.double, &[stage.workflow]);
}

/// S20: an organisation with that many repositories, in all of which runs have run before the App
/// comes and its stage is set.
pub fn wide_organization(
    double: &Double,
    hook_url: Option<&str>,
    repositories: u32,
    crowd: Crowd,
) -> Stage {
    let workflows: Vec<_> = double.github(|github| {
        let names = (1..=repositories).map(|number| format!("part-{number:03}"));
        names.map(|name| repository(github, &name).1).collect()
    });
    crowd.play(double, &workflows);
    Stage::set(double, hook_url)
}

impl Crowd {
    /// Lets all of them begin and end; the clock is then past the last end.
    pub fn play(&self, double: &Double, workflows: &[WorkflowId]) {
        let mut scene = Scene {
            double,
            rng: Rng::with_seed(self.seed),
            ends: BTreeMap::new(),
        };
        let begin = double.clock().now();
        for number in 0..self.runs {
            let share = self.over.as_millis() * i128::from(number) / i128::from(self.runs);
            let millis = i64::try_from(share).expect("a share is no more than the whole");
            scene.play_until(begin + SignedDuration::from_millis(millis));
            let workflow = scene.rng.choice(workflows).expect("there are workflows");
            scene.start(*workflow);
        }
        scene.play_to_the_end();
    }
}

struct Scene<'a> {
    double: &'a Double,
    rng: Rng,
    /// What ends when; the runs are there so that two may end at a time.
    ends: BTreeMap<(Timestamp, RunId), End>,
}

#[derive(Clone, Copy)]
enum End {
    Pass(JobId),
    Fail(JobId),
    Cancel,
    Rerun,
}

impl Scene<'_> {
    fn start(&mut self, workflow: WorkflowId) {
        let lot = self.rng.u32(..100_000);
        let double = self.double;
        double.github(|github| {
            let author = github.administrator().clone();
            let commit = github.commit(&author, "Move on");
            let trigger = Trigger::push("main", &commit);
            if lot < STARTUP_FAILURES {
                github.fail_to_start_run(workflow, trigger);
                return;
            }
            let run = github.start_run(workflow, trigger);
            if lot < STARTUP_FAILURES + SKIPPED {
                github.skip_job(run, "test");
                github.finish_run(run);
            } else {
                self.begin(github, run, lot - STARTUP_FAILURES - SKIPPED);
            }
        });
    }

    /// Starts the one job of an attempt, and puts its end on the agenda.
    fn begin(&mut self, github: &mut GitHub, run: RunId, lot: u32) {
        let job = github.queue_job(run, "test");
        github.start_job(job);
        let end = match lot {
            ..FAILURES => End::Fail(job),
            _ if lot < FAILURES + CANCELLED => End::Cancel,
            _ => End::Pass(job),
        };
        // Most take a few minutes, some half an hour.
        let minutes = 1.0 + 6.0 / self.rng.f64().max(0.2);
        let length = SignedDuration::from_secs_f64(minutes * 60.0);
        self.ends.insert((github.now() + length, run), end);
    }

    fn play_until(&mut self, time: Timestamp) {
        while let Some(entry) = self.ends.first_entry() {
            if entry.key().0 > time {
                break;
            }
            let ((time, run), end) = entry.remove_entry();
            self.move_clock(time);
            self.end(run, end);
        }
        self.move_clock(time);
    }

    fn play_to_the_end(&mut self) {
        while let Some(((last, _), _)) = self.ends.last_key_value() {
            self.play_until(*last);
        }
    }

    fn end(&mut self, run: RunId, end: End) {
        let double = self.double;
        double.github(|github| match end {
            End::Pass(job) => finish(github, run, job),
            End::Fail(job) => {
                github.fail_step(job, "Run tests");
                finish(github, run, job);
            }
            End::Cancel => github.cancel_run(run),
            End::Rerun => {
                let person = github.administrator().clone();
                github.rerun(run, &person);
                let lot = self.rng.u32(..100_000);
                self.begin(github, run, lot);
            }
        });
        if matches!(end, End::Pass(_) | End::Fail(_)) && self.rng.u32(..100_000) < RERUNS {
            let after = SignedDuration::from_mins(self.rng.i64(20..600));
            let time = double.clock().now() + after;
            self.ends.insert((time, run), End::Rerun);
        }
    }

    fn move_clock(&self, time: Timestamp) {
        let clock = self.double.clock();
        if clock.now() < time {
            clock.set(time);
        }
    }
}

fn finish(github: &mut GitHub, run: RunId, job: JobId) {
    github.finish_job(job);
    github.finish_run(run);
}

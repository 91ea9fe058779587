//! What happens, and what is told of it: seldom all, often late, sometimes wrong.

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{
    seconds,
    world::{ACTORS, BRANCHES, CONCLUSIONS, EVENTS, FORKS, LENGTH, WORKFLOWS},
};

/// What all attempts of a run share.
pub(super) struct Run {
    pub(super) id: i64,
    pub(super) repository: usize,
    pub(super) workflow: usize,
    pub(super) branch: &'static str,
    pub(super) fork: Option<(i64, &'static str)>,
    pub(super) actor: &'static str,
    pub(super) event: &'static str,
    pub(super) created: Timestamp,
}

/// What one report says of an attempt.
#[derive(Clone)]
pub(super) struct Report {
    pub(super) attempt: i32,
    pub(super) status: &'static str,
    pub(super) conclusion: Option<&'static str>,
    pub(super) started: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) starter: Option<&'static str>,
}

/// What one report says of a job.
#[derive(Clone)]
pub(super) struct JobReport {
    pub(super) id: i64,
    pub(super) attempt: i32,
    pub(super) status: &'static str,
    pub(super) conclusion: Option<&'static str>,
    pub(super) created: Timestamp,
    pub(super) started: Timestamp,
    pub(super) completed: Option<Timestamp>,
    pub(super) has_run: bool,
}

/// Makes things happen, and tells of them.
pub(super) struct Teller<'a> {
    pub(super) rng: &'a mut Rng,
    pub(super) begin: Timestamp,
    pub(super) changes: Vec<Timestamp>,
    /// When repositories and workflows got other names.
    pub(super) renamed: Timestamp,
    pub(super) told: Vec<(Timestamp, &'static str, Value)>,
    pub(super) moments: Vec<Timestamp>,
    pub(super) next_job: i64,
}

impl Teller<'_> {
    pub(super) fn run(&mut self, number: i64) {
        let fork = self.one_in(6).then(|| self.pick(&FORKS));
        let run = Run {
            // Ids of runs are of their repository.
            id: 5000 + number / 2,
            repository: usize::try_from(number % 2).unwrap() + self.rng.usize(..2),
            workflow: self.rng.usize(..WORKFLOWS.len()),
            branch: self.pick(&BRANCHES),
            fork,
            actor: self.pick(&ACTORS),
            event: self.pick(&EVENTS),
            created: self.some_time(),
        };
        let attempts = self.pick(&[1, 1, 1, 1, 2, 2, 3, 4]);
        let mut start = run.created;
        for attempt in 1..=attempts {
            let end = self.attempt(&run, attempt, start, attempt == attempts);
            start = end + seconds(self.rng.i64(1..100_000));
        }
    }

    /// Tells of one attempt, more or less; says when it ended.
    fn attempt(&mut self, run: &Run, attempt: i32, start: Timestamp, last: bool) -> Timestamp {
        let before = self.told.len();
        let mut end = start;
        for _ in 0..self.pick(&[0, 0, 1, 1, 2, 3]) {
            end = end.max(self.job(run, attempt, start));
        }
        if end == start {
            end = start + self.heavy();
        }
        let report = Report {
            attempt,
            status: "queued",
            conclusion: None,
            started: start,
            updated: start,
            starter: self.rng.bool().then(|| self.pick(&ACTORS)),
        };
        self.tell_start(run, &report);
        let is_told = !self.one_in(if last { 6 } else { 12 });
        if is_told {
            self.tell_end(run, &report, end);
        }
        // Nothing was heard of it, or of its jobs alone.
        if self.one_in(20) {
            let of_jobs = self.rng.bool();
            let mut place = 0;
            self.told.retain(|(_, event, _)| {
                place += 1;
                place <= before || (of_jobs && *event == "workflow_job")
            });
        }
        end
    }

    fn tell_start(&mut self, run: &Run, report: &Report) {
        let words = ["requested", "queued", "pending", "waiting", "frozen"];
        for _ in 0..self.rng.usize(..4) {
            let status = self.pick(&words);
            let updated = report.updated + seconds(self.rng.i64(0..3));
            // Of two of one second only the word tells which one is the later.
            let starter = self.rng.bool().then(|| self.pick(&ACTORS));
            self.tell(
                run,
                &Report {
                    status,
                    updated,
                    starter,
                    ..report.clone()
                },
            );
        }
        if self.one_in(4) {
            return;
        }
        let updated = report.updated + self.heavy();
        let status = "in_progress";
        self.tell(
            run,
            &Report {
                status,
                updated,
                ..report.clone()
            },
        );
    }

    fn tell_end(&mut self, run: &Run, report: &Report, end: Timestamp) {
        let over = Report {
            status: "completed",
            conclusion: self.pick(&CONCLUSIONS),
            updated: end + seconds(self.rng.i64(0..4)),
            ..report.clone()
        };
        self.tell(run, &over);
        // What is over stays so, whatever is said later.
        if self.one_in(8) {
            let updated = over.updated + self.heavy();
            self.tell(
                run,
                &Report {
                    updated,
                    status: "in_progress",
                    conclusion: None,
                    ..over.clone()
                },
            );
        }
        // Corrected, often within the same second.
        while self.one_in(4) {
            let later = if self.rng.bool() {
                seconds(0)
            } else {
                self.heavy() * 10
            };
            let started = over.started + seconds(self.rng.i64(0..2) * self.rng.i64(-5..60));
            let corrected = Report {
                conclusion: self.pick(&CONCLUSIONS),
                updated: over.updated + later,
                started,
                starter: Some(self.pick(&ACTORS)),
                ..over.clone()
            };
            self.tell(run, &corrected);
        }
    }

    /// Tells of one job, more or less; says when it ended.
    fn job(&mut self, run: &Run, attempt: i32, start: Timestamp) -> Timestamp {
        // The clock of a runner may be behind GitHub's.
        let created = start + seconds(if self.one_in(15) { -30 } else { 1 });
        let started = created + self.heavy();
        let conclusion = self.pick(&CONCLUSIONS);
        let waiting = JobReport {
            id: self.next_job,
            attempt,
            status: self.pick(&["queued", "waiting"]),
            conclusion: None,
            created,
            started: created,
            completed: None,
            has_run: false,
        };
        self.next_job += 1;
        if self.rng.bool() {
            self.tell_job(run, &waiting);
        }
        let never_ran = matches!(conclusion, Some("skipped" | "cancelled")) && self.rng.bool();
        let running = JobReport {
            status: "in_progress",
            started,
            has_run: self.rng.bool(),
            ..waiting
        };
        let end = started + self.heavy();
        if !never_ran {
            self.tell_job(run, &running);
        }
        let over = JobReport {
            status: "completed",
            conclusion,
            started: if never_ran { created } else { started },
            completed: Some(end),
            has_run: !never_ran,
            ..running
        };
        if self.one_in(10) {
            return end;
        }
        self.tell_job(run, &over);
        if !self.one_in(10) {
            return end;
        }
        let later = end + seconds(self.rng.i64(-300..300));
        let corrected = JobReport {
            conclusion: self.pick(&CONCLUSIONS),
            completed: Some(later),
            ..over
        };
        self.tell_job(run, &corrected);
        end.max(later)
    }

    /// Half of the time near a change of the clocks.
    fn some_time(&mut self) -> Timestamp {
        if self.rng.bool() {
            let around = seconds(self.rng.i64(-90_000..90_000));
            return self.rng.choice(&self.changes).copied().unwrap() + around;
        }
        self.begin + seconds(self.rng.i64(0..LENGTH.as_secs()))
    }

    /// Mostly short, sometimes very long; not always whole seconds.
    fn heavy(&mut self) -> SignedDuration {
        let length = 1_i64 << self.rng.u32(..13);
        let millis = if self.one_in(10) {
            self.rng.i64(0..1000)
        } else {
            0
        };
        seconds(self.rng.i64(length / 2..=length)) + SignedDuration::from_millis(millis)
    }

    fn one_in(&mut self, chances: u32) -> bool {
        self.rng.u32(..chances) == 0
    }

    fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.rng.usize(..values.len())]
    }
}

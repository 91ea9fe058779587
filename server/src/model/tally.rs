//! Adding builds up: what is counted and how, whether their durations are kept or only sketched.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{
    BuildRecord, Conclusion, Durations, Outcome, RepositoryId, Sketch, Summary, WorkflowId,
};

/// What the numbers need to know of one completed attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finished {
    /// How it ended.
    pub(crate) conclusion: Conclusion,
    /// Which attempt of its run.
    pub(crate) attempt: i32,
    /// Whether it is the attempt of its run that counts.
    pub(crate) counted: bool,
    /// From start to end.
    pub(crate) wall_time: SignedDuration,
    /// From start to the start of the first job, if jobs are known.
    pub(crate) queue_time: Option<SignedDuration>,
    /// From the start of the first job to the end, if jobs are known.
    pub(crate) run_time: Option<SignedDuration>,
}

/// A completed attempt with when it ended and what it has in common with others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// When.
    pub(crate) time: Timestamp,
    /// Its repository.
    pub(crate) repository: RepositoryId,
    /// Its workflow.
    pub(crate) workflow_id: WorkflowId,
    /// What its workflow was called.
    pub(crate) workflow: String,
    /// Its branch, as `BuildFacts::branch_name` makes it.
    pub(crate) branch: String,
    /// Who started it.
    pub(crate) actor: String,
    /// How it went.
    pub(crate) finished: Finished,
}

impl Ended {
    /// What there is to be counted of a build: nothing until it is over.
    pub(crate) fn of(build: &BuildRecord) -> Option<Self> {
        let facts = &build.facts;
        Some(Self {
            time: build.end_time()?,
            repository: build.id.repository,
            workflow_id: facts.workflow_id,
            workflow: facts.workflow.clone(),
            branch: facts.branch_name().into_owned(),
            actor: facts.triggering_actor.clone(),
            finished: Finished {
                conclusion: facts.status.conclusion()?.clone(),
                attempt: build.id.attempt,
                counted: build.counted,
                wall_time: build.wall_time()?,
                queue_time: build.queue_time(),
                run_time: build.run_time(),
            },
        })
    }
}

/// A set of durations.
pub(crate) trait Spread: Default {
    /// Adds a duration `times` times.
    fn count(&mut self, duration: SignedDuration, times: i64);

    /// The number, mean and percentiles of them.
    fn durations(&self) -> Durations;
}

/// Each duration by itself.
pub(crate) type Each = Vec<SignedDuration>;

impl Spread for Each {
    fn count(&mut self, duration: SignedDuration, times: i64) {
        let times = usize::try_from(times).unwrap_or_default();
        self.extend(std::iter::repeat_n(duration, times));
    }

    fn durations(&self) -> Durations {
        Durations::of(self.clone())
    }
}

impl From<Each> for Sketch {
    fn from(durations: Each) -> Self {
        let mut sketch = Self::default();
        for duration in durations {
            sketch.count(duration, 1);
        }
        sketch
    }
}

/// What completed attempts add up to. `Tally::summary` makes the numbers of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally<S> {
    /// How many of those that count ended in each way.
    pub(crate) conclusions: BTreeMap<Conclusion, i64>,
    /// How many were replaced.
    pub(crate) replaced: i64,
    /// How many first attempts succeeded.
    pub(crate) first_try_successes: i64,
    /// How many first attempts failed.
    pub(crate) first_try_failures: i64,
    /// The wall times of successes and failures.
    pub(crate) wall_times: S,
    /// Their queue times, where jobs are known.
    pub(crate) queue_times: S,
    /// Their run times, where jobs are known.
    pub(crate) run_times: S,
}

/// A tally that can be added up, taken away again, and kept in little room.
pub(crate) type Rollup = Tally<Sketch>;

impl<S> Tally<S> {
    /// How many attempts it is made from.
    pub(crate) fn builds(&self) -> i64 {
        self.conclusions.values().sum::<i64>() + self.replaced
    }
}

impl<S: Spread> Tally<S> {
    /// Adds a completed attempt `times` times: -1 takes it away from a rollup.
    pub(crate) fn count(&mut self, build: &Finished, times: i64) {
        let outcome = build.conclusion.outcome();
        if build.attempt == 1 {
            match outcome {
                Outcome::Success => self.first_try_successes += times,
                Outcome::Failure => self.first_try_failures += times,
                Outcome::Neither => {}
            }
        }
        if !build.counted {
            self.replaced += times;
            return;
        }
        add_to(&mut self.conclusions, &build.conclusion, times);
        if outcome != Outcome::Neither {
            self.wall_times.count(build.wall_time, times);
            if let Some(queue_time) = build.queue_time {
                self.queue_times.count(queue_time, times);
            }
            if let Some(run_time) = build.run_time {
                self.run_times.count(run_time, times);
            }
        }
    }

    /// Makes the numbers.
    pub(crate) fn summary(&self) -> Summary {
        let of = |outcome| {
            let all = self.conclusions.iter();
            let matching = all.filter(move |(conclusion, _)| conclusion.outcome() == outcome);
            size(matching.map(|(_, count)| count).sum())
        };
        let conclusions = self.conclusions.iter();
        Summary {
            builds: size(self.conclusions.values().sum()),
            successes: of(Outcome::Success),
            failures: of(Outcome::Failure),
            running: 0,
            replaced: size(self.replaced),
            first_try_successes: size(self.first_try_successes),
            first_try_failures: size(self.first_try_failures),
            wall_time: self.wall_times.durations(),
            queue_time: self.queue_times.durations(),
            run_time: self.run_times.durations(),
            conclusions: conclusions
                .map(|(conclusion, count)| (conclusion.clone(), size(*count)))
                .collect(),
        }
    }
}

impl From<Tally<Each>> for Rollup {
    fn from(each: Tally<Each>) -> Self {
        Self {
            conclusions: each.conclusions,
            replaced: each.replaced,
            first_try_successes: each.first_try_successes,
            first_try_failures: each.first_try_failures,
            wall_times: each.wall_times.into(),
            queue_times: each.queue_times.into(),
            run_times: each.run_times.into(),
        }
    }
}

impl Rollup {
    /// Adds all of another one `times` times.
    pub(crate) fn add(&mut self, other: &Self, times: i64) {
        for (conclusion, count) in &other.conclusions {
            add_to(&mut self.conclusions, conclusion, count * times);
        }
        self.replaced += other.replaced * times;
        self.first_try_successes += other.first_try_successes * times;
        self.first_try_failures += other.first_try_failures * times;
        self.wall_times.add(&other.wall_times, times);
        self.queue_times.add(&other.queue_times, times);
        self.run_times.add(&other.run_times, times);
    }

    /// Whether nothing is left in it.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn add_to(counts: &mut BTreeMap<Conclusion, i64>, conclusion: &Conclusion, count: i64) {
    let sum = counts.get(conclusion).copied().unwrap_or_default() + count;
    if sum == 0 {
        counts.remove(conclusion);
    } else {
        counts.insert(conclusion.clone(), sum);
    }
}

/// What a rollup gives is never less than nothing, unless it is not right.
fn size(count: i64) -> usize {
    usize::try_from(count).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: i64) -> SignedDuration {
        SignedDuration::from_secs(seconds)
    }

    fn finished(conclusion: Conclusion, attempt: i32, counted: bool, wall: i64) -> Finished {
        Finished {
            conclusion,
            attempt,
            counted,
            wall_time: seconds(wall),
            queue_time: None,
            run_time: None,
        }
    }

    fn some_of_each() -> [Finished; 4] {
        [
            finished(Conclusion::Failure, 1, false, 60),
            finished(Conclusion::Success, 2, true, 30),
            finished(Conclusion::TimedOut, 1, true, 90),
            finished(Conclusion::Cancelled, 1, true, 1),
        ]
    }

    fn tally<S: Spread>(builds: &[Finished]) -> Tally<S> {
        let mut tally = Tally::default();
        for build in builds {
            tally.count(build, 1);
        }
        tally
    }

    #[test]
    fn a_replaced_attempt_counts_only_as_a_first_try() {
        let summary = tally::<Each>(&some_of_each()).summary();
        assert_eq!((summary.builds, summary.replaced), (3, 1));
        assert_eq!((summary.successes, summary.failures), (1, 1));
        assert_eq!(summary.success_rate(), Some(0.5));
        assert_eq!(summary.first_try_rate(), Some(0.0));
        assert_eq!(summary.first_try_failures, 2);
        assert_eq!(summary.wall_time.count, 2, "cancelled is not measured");
        assert_eq!(summary.wall_time.mean, seconds(60));
    }

    #[test]
    fn a_rollup_says_the_same() {
        let builds = some_of_each();
        let rollup: Rollup = tally(&builds);
        assert_eq!(rollup.summary(), tally::<Each>(&builds).summary());
        assert_eq!(rollup, tally::<Each>(&builds).into());
        assert_eq!(rollup.builds(), 4);
    }

    #[test]
    fn what_is_taken_away_leaves_nothing() {
        let builds = some_of_each();
        let mut sum: Rollup = tally(&builds[..2]);
        sum.add(&tally(&builds[2..]), 1);
        assert_eq!(sum, tally(&builds));
        sum.add(&tally(&builds[..2]), -1);
        assert_eq!(sum, tally(&builds[2..]));
        for build in &builds[2..] {
            sum.count(build, -1);
        }
        assert!(sum.is_empty());
    }

    #[test]
    fn only_successes_and_failures_have_a_rate() {
        let skipped = tally::<Each>(&[finished(Conclusion::Skipped, 1, true, 0)]).summary();
        assert_eq!(skipped.builds, 1);
        assert_eq!(skipped.success_rate(), None);
    }
}

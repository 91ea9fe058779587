//! Runs with all their attempts, from a year ago until now.

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use lampboard_proto::v1::{Build, BuildConclusion, BuildStatus, Job, Provider};

use super::{
    calendar::Calendar,
    chance::in_hundred,
    fate::{Fate, Fates},
    jobs::{Span, jobs},
    push::{Branches, Push},
    timestamp,
    world::{Repository, Workflow, World},
};

/// Of which attempts the jobs are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum WithJobs {
    /// Of none.
    None,
    /// Of those of the last 90 days, as many as are kept unless set otherwise.
    Recent,
    /// Of all.
    All,
}

/// An attempt and what is known of it.
pub(super) struct Attempt {
    pub(super) build: Build,
    pub(super) jobs: Vec<Job>,
    /// Whether it is told that it has no other jobs.
    pub(super) complete: bool,
}

/// Makes runs in the order in which they were created.
pub(super) struct Runs<'w> {
    world: &'w World,
    rng: Rng,
    calendar: Calendar,
    fates: Fates,
    now: Timestamp,
    with_jobs: WithJobs,
    /// By repository: its branches, and the last number of each workflow.
    branches: Vec<Branches>,
    numbers: Vec<Vec<i32>>,
    last_run: i64,
    last_job: i64,
}

impl<'w> Runs<'w> {
    pub(super) fn new(world: &'w World, rng: Rng, now: Timestamp, with_jobs: WithJobs) -> Self {
        let repositories = &world.repositories;
        Self {
            world,
            rng,
            calendar: Calendar::until(now),
            fates: Fates::new(),
            now,
            with_jobs,
            branches: repositories.iter().map(|_| Branches::default()).collect(),
            numbers: repositories
                .iter()
                .map(|r| vec![0; r.workflows.len()])
                .collect(),
            last_run: 20_000_000_000,
            last_job: 60_000_000_000,
        }
    }

    /// All attempts of the runs that a push causes when a share of all runs, from
    /// 0 to 1, has begun.
    pub(super) fn push(&mut self, share: f64) -> Vec<Attempt> {
        let world = self.world;
        let place = world.share.draw(&mut self.rng);
        let repository = &world.repositories[place];
        let push = self.branches[place].push(&mut self.rng, world, repository);
        let create_time = self.calendar.at(share);
        let mut attempts = Vec::new();
        let started = self.rng.usize(1..=3.min(repository.workflows.len()));
        let first = self.rng.usize(..repository.workflows.len());
        for number in first..first + started {
            let number = number % repository.workflows.len();
            self.run(&mut attempts, place, number, &push, create_time);
        }
        attempts
    }

    fn run(
        &mut self,
        attempts: &mut Vec<Attempt>,
        place: usize,
        number: usize,
        push: &Push,
        create_time: Timestamp,
    ) {
        let repository = &self.world.repositories[place];
        let workflow = &repository.workflows[number];
        self.last_run += self.rng.i64(1..400);
        self.numbers[place][number] += 1;
        let first = first_attempt(
            &mut self.rng,
            repository,
            workflow,
            push,
            (self.last_run, self.numbers[place][number]),
            create_time,
        );
        let mut start = create_time;
        for attempt in 1.. {
            let fate = self
                .fates
                .draw(&mut self.rng, repository, workflow, attempt);
            attempts.push(self.attempt(&first, workflow, attempt, start, &fate));
            let Some(gap) = Fates::again(&mut self.rng, &fate, attempt) else {
                return;
            };
            start += seconds(fate.wall + gap);
            if start > self.now {
                return;
            }
        }
    }

    fn attempt(
        &mut self,
        first: &Build,
        workflow: &Workflow,
        attempt: i32,
        start: Timestamp,
        fate: &Fate,
    ) -> Attempt {
        let end = start + seconds(fate.wall);
        let queued = start + seconds(fate.queue);
        let over = end <= self.now;
        let mut build = Build {
            run_attempt: attempt,
            start_time: Some(timestamp(start)),
            url: format!("{}/attempts/{attempt}", first.url),
            ..first.clone()
        };
        if over {
            build.status = BuildStatus::Completed.into();
            build.conclusion = fate.conclusion.into();
            build.update_time = Some(timestamp(end + SignedDuration::from_secs(2)));
        } else {
            let running = queued <= self.now;
            let status = if running {
                BuildStatus::InProgress
            } else {
                BuildStatus::Queued
            };
            build.status = status.into();
            build.update_time = Some(timestamp(if running { queued } else { start }));
        }
        let told = match self.with_jobs {
            WithJobs::None => false,
            WithJobs::Recent => start >= self.now - SignedDuration::from_hours(90 * 24),
            WithJobs::All => true,
        };
        let mut made = Vec::new();
        if told && fate.ran {
            let span = Span {
                create: start,
                start: queued,
                end,
                now: self.now,
            };
            let failed = fate.conclusion != BuildConclusion::Success;
            made = jobs(
                &mut self.rng,
                &build,
                workflow.shape,
                span,
                failed,
                &mut self.last_job,
            );
        }
        Attempt {
            build,
            jobs: made,
            // Of few it is still to be asked.
            complete: over && !in_hundred(&mut self.rng, 0.01),
        }
    }
}

fn first_attempt(
    rng: &mut Rng,
    repository: &Repository,
    workflow: &Workflow,
    push: &Push,
    (run, number): (i64, i32),
    create_time: Timestamp,
) -> Build {
    let scheduled = in_hundred(rng, workflow.shape.scheduled);
    let mut build = Build {
        repository_id: repository.id,
        workflow: workflow.shape.name.to_owned(),
        workflow_id: workflow.id,
        workflow_path: workflow.shape.path.to_owned(),
        run_id: run,
        run_number: number,
        event: push.event.to_owned(),
        branch: push.branch.clone(),
        head_repository: push.head_repository.clone(),
        commit_sha: push.sha.clone(),
        commit_title: push.title.clone(),
        commit_author: push.author.clone(),
        title: push.title.clone(),
        actor: push.author.clone(),
        triggering_actor: push.author.clone(),
        pull_requests: push.pull_requests.clone(),
        url: format!("https://github.com/{}/actions/runs/{run}", repository.name),
        provider: Provider::GithubActions.into(),
        create_time: Some(timestamp(create_time)),
        ..Build::default()
    };
    if scheduled {
        "schedule".clone_into(&mut build.event);
        repository.default_branch.clone_into(&mut build.branch);
        build.head_repository.clear();
        build.pull_requests.clear();
    }
    build
}

pub(super) fn seconds(seconds: f64) -> SignedDuration {
    // GitHub tells whole seconds.
    SignedDuration::from_secs_f64(seconds.round())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn now() -> Timestamp {
        "2026-01-31T12:00:00Z".parse().unwrap()
    }

    fn attempts(with_jobs: WithJobs) -> Vec<Attempt> {
        let mut rng = Rng::with_seed(1);
        let world = World::new(&mut rng);
        let mut runs = Runs::new(&world, rng, now(), with_jobs);
        (0..5000)
            .flat_map(|push| runs.push(f64::from(push) / 5000.0))
            .collect()
    }

    #[test]
    fn seven_in_a_hundred_runs_are_started_again() {
        let mut attempts_of = HashMap::<i64, i32>::new();
        for attempt in attempts(WithJobs::None) {
            let most = attempts_of.entry(attempt.build.run_id).or_default();
            assert_eq!(attempt.build.run_attempt, *most + 1);
            *most += 1;
        }
        let again = attempts_of
            .values()
            .filter(|attempts| **attempts > 1)
            .count();
        let per_thousand = again * 1000 / attempts_of.len();
        assert!((55..85).contains(&per_thousand), "{per_thousand}");
    }

    #[test]
    fn runs_have_three_jobs_within_their_time() {
        let attempts = attempts(WithJobs::All);
        let jobs: usize = attempts.iter().map(|attempt| attempt.jobs.len()).sum();
        let ran = attempts
            .iter()
            .filter(|attempt| !attempt.jobs.is_empty())
            .count();
        assert!((25..35).contains(&(jobs * 10 / ran)), "{jobs} of {ran}");
        for attempt in &attempts {
            let start = attempt.build.start_time.unwrap().seconds;
            let over = attempt.build.status() == BuildStatus::Completed;
            for job in &attempt.jobs {
                assert!(job.create_time.unwrap().seconds >= start);
                assert_eq!(job.run_id, attempt.build.run_id);
                assert!(job.end_time.is_some() || !over);
            }
        }
    }

    #[test]
    fn jobs_are_told_of_the_last_months_only() {
        let recent = attempts(WithJobs::Recent);
        let with_jobs = recent.iter().filter(|attempt| !attempt.jobs.is_empty());
        let oldest = with_jobs
            .filter_map(|a| a.build.start_time)
            .map(|t| t.seconds)
            .min();
        let days = (now().as_second() - oldest.unwrap()) / 86_400;
        assert!((85..90).contains(&days), "{days}");
    }
}

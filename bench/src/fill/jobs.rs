//! The jobs of an attempt, with their steps.

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use lampboard_proto::v1::{Build, BuildConclusion, BuildStatus, Job, job::Step};

use super::{
    shape::{JobShape, Shape},
    timestamp,
};

/// When an attempt was created, its first job started, and it ended or will.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) create: Timestamp,
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
    pub(super) now: Timestamp,
}

/// Makes the jobs of an attempt, the last of which ends when it does. `last` is
/// the id of the last job.
pub(super) fn jobs(
    rng: &mut Rng,
    build: &Build,
    shape: &Shape,
    span: Span,
    failed: bool,
    last: &mut i64,
) -> Vec<Job> {
    let failing = failed.then(|| rng.usize(..shape.jobs.len()));
    let longest = rng.usize(..shape.jobs.len());
    let jobs = shape.jobs.iter().enumerate();
    jobs.map(|(place, shape)| {
        *last += rng.i64(1..50);
        let whole = span.start.duration_until(span.end);
        let late = whole.as_secs() / 3;
        let end = match place {
            _ if place == longest => span.end,
            _ => span.end - SignedDuration::from_secs(rng.i64(0..=late)),
        };
        let job = Job {
            id: *last,
            repository_id: build.repository_id,
            run_id: build.run_id,
            run_attempt: build.run_attempt,
            name: shape.name.to_owned(),
            labels: vec![shape.label.to_owned()],
            create_time: Some(timestamp(span.create)),
            url: format!("{}/job/{last}", url_of_run(&build.url)),
            ..Job::default()
        };
        running(
            rng,
            job,
            shape,
            Span { end, ..span },
            failing == Some(place),
        )
    })
    .collect()
}

/// GitHub's links to jobs name no attempt.
fn url_of_run(url: &str) -> &str {
    url.split_once("/attempts/").map_or(url, |(run, _)| run)
}

fn running(rng: &mut Rng, mut job: Job, shape: &JobShape, span: Span, fails: bool) -> Job {
    if span.start > span.now {
        job.status = BuildStatus::Queued.into();
        return job;
    }
    job.runner = format!("GitHub Actions {}", rng.u32(1_000..999_999));
    job.start_time = Some(timestamp(span.start));
    if span.end > span.now {
        job.status = BuildStatus::InProgress.into();
        return job;
    }
    let conclusion = if fails {
        BuildConclusion::Failure
    } else {
        BuildConclusion::Success
    };
    job.status = BuildStatus::Completed.into();
    job.conclusion = conclusion.into();
    job.end_time = Some(timestamp(span.end));
    job.steps = steps(shape, span, fails);
    job
}

/// Set-up and what follows are short; of a job that fails, the second half is
/// skipped.
fn steps(shape: &JobShape, span: Span, fails: bool) -> Vec<Step> {
    let count = shape.steps.len();
    let whole = span.start.duration_until(span.end).as_secs();
    let length = whole / i64::try_from(count).unwrap_or(1);
    let at = |place: usize| {
        let after = length * i64::try_from(place).unwrap_or_default();
        timestamp(span.start + SignedDuration::from_secs(after))
    };
    let steps = (1..).zip(shape.steps).enumerate();
    steps
        .map(|(place, (number, name))| {
            let conclusion = match place {
                _ if !fails || place < count / 2 => BuildConclusion::Success,
                _ if place == count / 2 => BuildConclusion::Failure,
                _ => BuildConclusion::Skipped,
            };
            Step {
                number,
                name: (*name).to_owned(),
                status: BuildStatus::Completed.into(),
                conclusion: conclusion.into(),
                start_time: Some(at(place)),
                end_time: Some(at(place + 1)),
                ..Step::default()
            }
        })
        .collect()
}

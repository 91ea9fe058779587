//! A build, and how reports of it become one: the merge that does not care for order.

use std::{borrow::Cow, cmp::Ordering, collections::BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{BuildId, Conclusion, Status, WorkflowId};

/// What one report says of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BuildFacts {
    /// What it is doing, and how it ended.
    pub(crate) status: Status,
    /// When GitHub last changed the run.
    pub(crate) update_time: Timestamp,
    /// When the run was created; the same for all attempts.
    pub(crate) create_time: Timestamp,
    /// When this attempt started.
    pub(crate) start_time: Timestamp,
    /// The workflow.
    pub(crate) workflow_id: WorkflowId,
    /// The name of the workflow.
    pub(crate) workflow: String,
    /// The path of the workflow file.
    pub(crate) workflow_path: String,
    /// Counts the runs of the workflow.
    pub(crate) run_number: i32,
    /// What triggered the run.
    pub(crate) event: String,
    /// The branch. Empty if it has none.
    pub(crate) branch: String,
    /// The fork that holds the branch. Empty if it is the repository's own.
    pub(crate) head_repository: String,
    /// The commit, as lower-case hexadecimal digits.
    pub(crate) commit_sha: String,
    /// The first line of the commit's message.
    pub(crate) commit_title: String,
    /// The name of the commit's author.
    pub(crate) commit_author: String,
    /// What GitHub titles the run.
    pub(crate) title: String,
    /// Who caused the run.
    pub(crate) actor: String,
    /// Who started this attempt.
    pub(crate) triggering_actor: String,
    /// The open pull requests with this head.
    pub(crate) pull_requests: Vec<i32>,
    /// The page of this attempt on GitHub.
    pub(crate) url: String,
}

impl BuildFacts {
    /// The branch as filters and breakdowns name it: a fork's goes by the
    /// fork's name too, because its `main` is not ours. No name of a branch
    /// holds a colon.
    pub(crate) fn branch_name(&self) -> Cow<'_, str> {
        if self.head_repository.is_empty() {
            Cow::Borrowed(&self.branch)
        } else {
            Cow::Owned(format!("{}:{}", self.head_repository, self.branch))
        }
    }

    /// Everything by which two reports of one build are put in order, but for
    /// `create_time`, of which the earliest is kept. What comes
    /// after the conclusion only makes the order total: whichever of two reports
    /// that differ there arrives first, the same one wins.
    fn rank(&self) -> impl Ord + '_ {
        let origin = (
            self.start_time,
            self.workflow_id,
            &self.workflow,
            &self.workflow_path,
            self.run_number,
            &self.event,
            &self.branch,
            &self.head_repository,
        );
        let people = (
            &self.commit_sha,
            &self.commit_title,
            &self.commit_author,
            &self.title,
            &self.actor,
            &self.triggering_actor,
            &self.pull_requests,
            &self.url,
        );
        (
            self.status.is_completed(),
            self.update_time,
            &self.status,
            origin,
            people,
        )
    }
}

impl PartialOrd for BuildFacts {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The greater one is the later report: what is over beats what is not, then
/// the later change wins, then the further status.
impl Ord for BuildFacts {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

/// From when to when the jobs of a build ran, as far as they are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct JobSpan {
    /// When the first one started.
    pub(crate) start: Option<Timestamp>,
    /// When the last one ended.
    pub(crate) end: Option<Timestamp>,
    /// Whether one has not ended.
    pub(crate) open: bool,
}

impl JobSpan {
    /// Whether no job is known.
    fn is_empty(&self) -> bool {
        self.end.is_none() && !self.open
    }
}

/// All that is known of a build: what the store keeps in one row.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a column, and none excludes another"
)]
pub(crate) struct BuildRecord {
    /// Which build.
    pub(crate) id: BuildId,
    /// What the latest report said.
    pub(crate) facts: BuildFacts,
    /// The earliest `update_time` of the reports that it was over. GitHub moves
    /// `update_time` long after the end, so the latest one would be wrong.
    pub(crate) first_completed: Option<Timestamp>,
    /// When its jobs ran.
    pub(crate) jobs: JobSpan,
    /// Whether all its jobs are known.
    pub(crate) jobs_complete: bool,
    /// Whether its jobs were deleted for their age. What was worked out of them
    /// stays as it was.
    pub(crate) jobs_deleted: bool,
    /// Whether no later attempt of its run is known.
    pub(crate) latest_attempt: bool,
    /// Whether it is the highest attempt of its run that has completed.
    pub(crate) counted: bool,
    /// How many attempts below it are neither known nor given up. Zero unless
    /// it is the latest one.
    pub(crate) missing_attempts: i32,
}

impl BuildRecord {
    /// Starts from the first report.
    pub(crate) fn new(id: BuildId, facts: BuildFacts) -> Self {
        Self {
            id,
            first_completed: completion(&facts),
            facts,
            jobs: JobSpan::default(),
            jobs_complete: false,
            jobs_deleted: false,
            latest_attempt: true,
            counted: false,
            missing_attempts: 0,
        }
    }

    /// Takes one more report in.
    ///
    /// The greatest report and the smallest completion are kept, so reports may
    /// come in any order and any number of times.
    pub(crate) fn merge(&mut self, facts: BuildFacts) {
        self.first_completed = [self.first_completed, completion(&facts)]
            .into_iter()
            .flatten()
            .min();
        let create_time = self.facts.create_time.min(facts.create_time);
        if facts > self.facts {
            self.facts = facts;
        }
        self.facts.create_time = create_time;
    }

    /// When it ended: when its last job did, or while no job has ended, when
    /// GitHub first said so. Unset until it is over.
    ///
    /// While the end of a job is still to be told, the last one that was told
    /// may be too early: GitHub's word is not.
    pub(crate) fn end_time(&self) -> Option<Timestamp> {
        if !self.facts.status.is_completed() {
            return None;
        }
        if self.jobs.open && !self.jobs_complete {
            return self.jobs.end.max(self.first_completed);
        }
        self.jobs.end.or(self.first_completed)
    }

    /// Whether it has been over since a time, or nothing was heard of it since then.
    pub(crate) fn is_quiet_since(&self, time: Timestamp) -> bool {
        self.end_time().unwrap_or(self.facts.update_time) <= time
    }

    /// Whether it is over and jobs that nobody told of may have ended later.
    pub(crate) fn is_end_approximate(&self) -> bool {
        let conclusion = self.facts.status.conclusion();
        let never_had_jobs = conclusion.is_some_and(Conclusion::is_jobless) && self.jobs.is_empty();
        conclusion.is_some() && !self.jobs_complete && !never_had_jobs
    }

    /// From start to end. Set exactly when it is over.
    pub(crate) fn wall_time(&self) -> Option<SignedDuration> {
        Some(elapsed(self.facts.start_time, self.end_time()?))
    }

    /// From start to the start of the first job.
    pub(crate) fn queue_time(&self) -> Option<SignedDuration> {
        Some(elapsed(self.facts.start_time, self.jobs.start?))
    }

    /// From the start of the first job to the end.
    pub(crate) fn run_time(&self) -> Option<SignedDuration> {
        Some(elapsed(self.jobs.start?, self.end_time()?))
    }

    /// Whether one of its durations was clamped: a clock ran backwards, or far ahead.
    pub(crate) fn is_clamped(&self) -> bool {
        let spans = [
            (Some(self.facts.start_time), self.end_time()),
            (Some(self.facts.start_time), self.jobs.start),
            (self.jobs.start, self.end_time()),
        ];
        spans
            .into_iter()
            .filter_map(|(from, to)| from.zip(to))
            .any(|(from, to)| elapsed(from, to) != to.duration_since(from))
    }
}

/// A build as it is shown: with what other rows say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Build {
    /// The build.
    pub(crate) record: BuildRecord,
    /// The full name of its repository today.
    pub(crate) repository: String,
    /// The default branch of its repository. Empty while unknown.
    pub(crate) default_branch: String,
    /// Whether a newer run took its place before any of its jobs ran.
    pub(crate) superseded: bool,
}

impl Build {
    /// Whether it was built for the default branch of its own repository.
    pub(crate) fn is_on_default_branch(&self) -> bool {
        let facts = &self.record.facts;
        facts.head_repository.is_empty()
            && !self.default_branch.is_empty()
            && facts.branch == self.default_branch
    }
}

/// Says which attempt of one run is the latest, which one counts, and how many
/// are missing; and when the run was created, which is the earliest that any
/// report says: asked for one attempt alone, GitHub says when that attempt was.
///
/// `attempts` are all known attempts of the run, `given_up` are those that
/// nobody asks for any more.
pub(crate) fn mark_attempts<'a>(
    attempts: impl IntoIterator<Item = &'a mut BuildRecord>,
    given_up: &BTreeSet<i32>,
) {
    let mut attempts: Vec<_> = attempts.into_iter().collect();
    let missing = missing_attempts(attempts.iter().map(|build| build.id.attempt), given_up);
    attempts.sort_by_key(|build| std::cmp::Reverse(build.id.attempt));
    let counted = attempts
        .iter()
        .position(|build| build.facts.status.is_completed());
    let create_time = attempts.iter().map(|build| build.facts.create_time).min();
    for (place, build) in attempts.into_iter().enumerate() {
        build.facts.create_time = create_time.unwrap_or(build.facts.create_time);
        build.latest_attempt = place == 0;
        build.counted = Some(place) == counted;
        build.missing_attempts = if place == 0 { missing } else { 0 };
    }
}

/// How many attempts of one run are neither known nor given up, below the
/// latest known one.
fn missing_attempts(known: impl Iterator<Item = i32>, given_up: &BTreeSet<i32>) -> i32 {
    let mut found: BTreeSet<i32> = known.collect();
    let Some(latest) = found.last().copied() else {
        return 0;
    };
    found.extend(given_up.range(..latest));
    latest - i32::try_from(found.len()).unwrap_or(latest)
}

fn completion(facts: &BuildFacts) -> Option<Timestamp> {
    facts.status.is_completed().then_some(facts.update_time)
}

/// More than any attempt takes: GitHub ends a run after 35 days.
const LONGEST: SignedDuration = SignedDuration::from_hours(400 * 24);

/// The time between two clock readings, which may be of two machines: never
/// negative, and never so long that one wrong clock makes all means wrong.
pub(crate) fn elapsed(from: Timestamp, to: Timestamp) -> SignedDuration {
    to.duration_since(from).clamp(SignedDuration::ZERO, LONGEST)
}

//! Which builds: the filter that lists, streams, numbers and rules share.

use jiff::Timestamp;

use super::{Build, Conclusion, Pattern, RunId, Status, WorkflowId};

/// Selects builds: those that match every field that is set, by any of its
/// values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Full names of repositories.
    pub(crate) repositories: Vec<Pattern>,
    /// Names of workflows.
    pub(crate) workflows: Vec<Pattern>,
    /// Ids of workflows.
    pub(crate) workflow_ids: Vec<WorkflowId>,
    /// Names of branches, as `BuildFacts::branch_name` makes them.
    pub(crate) branches: Vec<Pattern>,
    /// Logins of who started the attempt.
    pub(crate) actors: Vec<Pattern>,
    /// Events.
    pub(crate) events: Vec<String>,
    /// Statuses.
    pub(crate) statuses: Vec<StatusFilter>,
    /// Conclusions.
    pub(crate) conclusions: Vec<StatusFilter>,
    /// When they started.
    pub(crate) start_time: TimeRange,
    /// When they ended.
    pub(crate) end_time: TimeRange,
    /// The beginnings of commits.
    pub(crate) commits: Vec<CommitPrefix>,
    /// Runs.
    pub(crate) runs: Vec<RunId>,
    /// Numbers of pull requests.
    pub(crate) pull_requests: Vec<i32>,
    /// Only attempts that no later one replaced.
    pub(crate) latest_attempts_only: bool,
    /// Only builds of the default branch.
    pub(crate) default_branch_only: bool,
    /// Only attempts that count.
    pub(crate) counted_only: bool,
}

/// Selects by a status or a conclusion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StatusFilter {
    /// This word of GitHub's.
    Word(&'static str),
    /// Any word that this version does not know.
    Unknown,
}

impl StatusFilter {
    /// The statuses that have a word of their own.
    pub(crate) const STATUS_WORDS: [&'static str; 6] = [
        "requested",
        "queued",
        "pending",
        "waiting",
        "in_progress",
        "completed",
    ];

    /// The conclusions that have a word of their own.
    pub(crate) const CONCLUSION_WORDS: [&'static str; 9] = [
        "success",
        "failure",
        "cancelled",
        "timed_out",
        "startup_failure",
        "action_required",
        "neutral",
        "skipped",
        "stale",
    ];

    fn matches_status(&self, status: &Status) -> bool {
        match self {
            Self::Word(word) => status.word() == *word,
            Self::Unknown => matches!(status, Status::Unknown(_)),
        }
    }

    fn matches_conclusion(&self, conclusion: &Conclusion) -> bool {
        match self {
            Self::Word(word) => conclusion.word() == *word,
            Self::Unknown => matches!(conclusion, Conclusion::Unknown(_)),
        }
    }
}

/// A half-open range of time: holds its start and not its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TimeRange {
    /// Where it starts, if it does.
    pub(crate) start: Option<Timestamp>,
    /// Where it ends, if it does.
    pub(crate) end: Option<Timestamp>,
}

impl TimeRange {
    /// Whether it has neither start nor end.
    pub(crate) fn is_unbounded(&self) -> bool {
        self.start.is_none() && self.end.is_none()
    }

    fn contains(&self, time: Timestamp) -> bool {
        self.start.is_none_or(|start| start <= time) && self.end.is_none_or(|end| time < end)
    }
}

/// The beginning of a commit: 7 to 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommitPrefix(String);

impl CommitPrefix {
    /// Reads digits of either case; gives nothing for any other text.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let fits = (7..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
        fits.then(|| Self(text.to_ascii_lowercase()))
    }

    /// The digits.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Filter {
    /// Whether a build matches. The store selects the same by SQL.
    pub(crate) fn matches(&self, build: &Build) -> bool {
        let facts = &build.record.facts;
        self.matches_names(build)
            && any(&self.statuses, |s| s.matches_status(&facts.status))
            && any(&self.conclusions, |c| {
                facts
                    .status
                    .conclusion()
                    .is_some_and(|conclusion| c.matches_conclusion(conclusion))
            })
            && self.matches_times(build)
            && any(&self.commits, |c| facts.commit_sha.starts_with(c.as_str()))
            && any(&self.runs, |run| *run == build.record.id.run)
            && any(&self.pull_requests, |n| facts.pull_requests.contains(n))
            && (!self.latest_attempts_only || build.record.latest_attempt)
            && (!self.default_branch_only || build.is_on_default_branch())
            && (!self.counted_only || build.record.counted)
    }

    /// Whether it asks for more than repository, workflow, branch, actor and end.
    pub(crate) fn selects_by_more_than_names(&self) -> bool {
        let names = Self {
            repositories: self.repositories.clone(),
            workflows: self.workflows.clone(),
            workflow_ids: self.workflow_ids.clone(),
            branches: self.branches.clone(),
            actors: self.actors.clone(),
            end_time: self.end_time,
            default_branch_only: self.default_branch_only,
            ..Self::default()
        };
        *self != names
    }

    fn matches_names(&self, build: &Build) -> bool {
        let facts = &build.record.facts;
        any(&self.repositories, |p| {
            p.matches_ignoring_case(&build.repository)
        }) && any(&self.workflows, |p| p.matches(&facts.workflow))
            && any(&self.workflow_ids, |id| *id == facts.workflow_id)
            && any(&self.branches, |p| p.matches(&facts.branch_name()))
            && any(&self.actors, |p| p.matches(&facts.triggering_actor))
            && any(&self.events, |event| *event == facts.event)
    }

    fn matches_times(&self, build: &Build) -> bool {
        let ended = match build.record.end_time() {
            Some(end) => self.end_time.contains(end),
            None => self.end_time.is_unbounded(),
        };
        ended && self.start_time.contains(build.record.facts.start_time)
    }
}

/// Whether one of the values of a field matches. A field without values matches everything.
pub(crate) fn any<T>(values: &[T], matches: impl Fn(&T) -> bool) -> bool {
    values.is_empty() || values.iter().any(matches)
}

//! Random questions to `MetricsService`, for the server and for the recount.

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use lampboard_proto::v1::{BuildConclusion, BuildFilter, Dimension, TimeRange};
use serde::Serialize;

use super::history::History;

const REPOSITORIES: [&str; 5] = ["acme/api", "ACME/*", "*e*b*", "acme/infra", "acme/*_tools"];
const WORKFLOWS: [&str; 5] = ["CI", "CI*", "Deploy*", "*ly", "ci"];
const BRANCHES: [&str; 8] = [
    "main",
    "Main",
    "release/*",
    "release/1%2",
    "fix_*",
    "*:main",
    "mona/api:*",
    "trunk",
];
const ACTORS: [&str; 4] = ["ada", "*[bot]", "A*", "grace"];
const EVENTS: [&str; 2] = ["push", "pull_request"];
const CONCLUSIONS: [&str; 5] = ["success", "failure", "cancelled", "stale", "unknown"];
const ZONES: [&str; 7] = [
    "",
    "Europe/Berlin",
    "America/New_York",
    "America/Havana",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
];
const DIMENSIONS: [&str; 4] = ["repository", "workflow", "branch", "actor"];
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
const PERIODS: [i64; 10] = [
    60,
    7 * 60,
    HOUR,
    90 * 60,
    6 * HOUR,
    7 * HOUR,
    DAY,
    DAY,
    2 * DAY,
    7 * DAY,
];
/// The most periods, with room for the begun ones.
const MOST_PERIODS: i64 = 990;

/// One question to each of the three methods.
#[derive(Debug, Serialize)]
pub(super) struct Question {
    repositories: Vec<&'static str>,
    workflows: Vec<&'static str>,
    branches: Vec<&'static str>,
    actors: Vec<&'static str>,
    events: Vec<&'static str>,
    workflow_ids: Vec<i64>,
    conclusions: Vec<&'static str>,
    counted_only: bool,
    latest_attempts_only: bool,
    default_branch_only: bool,
    pub(super) start: Option<Timestamp>,
    end: Timestamp,
    pub(super) period_seconds: i64,
    pub(super) time_zone: &'static str,
    dimension: &'static str,
    pub(super) limit: i32,
}

impl Question {
    /// Asks something that a history may answer.
    pub(super) fn random(rng: &mut Rng, history: &History) -> Self {
        let (start, end) = window(rng, history);
        let length = start.map_or(0, |start| end.duration_since(start).as_secs());
        let mut period_seconds = PERIODS[rng.usize(..PERIODS.len())];
        if length / period_seconds > MOST_PERIODS {
            period_seconds = DAY;
        }
        Self {
            repositories: some(rng, &REPOSITORIES),
            workflows: some(rng, &WORKFLOWS),
            branches: some(rng, &BRANCHES),
            actors: some(rng, &ACTORS),
            events: some(rng, &EVENTS),
            workflow_ids: some(rng, &[1, 2, 3]),
            conclusions: some(rng, &CONCLUSIONS),
            counted_only: rng.u8(..8) == 0,
            latest_attempts_only: rng.u8(..8) == 0,
            default_branch_only: rng.u8(..5) == 0,
            start,
            end,
            period_seconds,
            time_zone: ZONES[rng.usize(..ZONES.len())],
            dimension: DIMENSIONS[rng.usize(..DIMENSIONS.len())],
            limit: [0, 1, 3, 1000][rng.usize(..4)],
        }
    }

    /// The question's filter, as the contract has it.
    pub(super) fn filter(&self) -> BuildFilter {
        let texts = |texts: &[&str]| texts.iter().copied().map(str::to_owned).collect();
        let conclusions = self.conclusions.iter().map(|word| {
            let name = format!("BUILD_CONCLUSION_{}", word.to_uppercase());
            BuildConclusion::from_str_name(&name).unwrap().into()
        });
        BuildFilter {
            repositories: texts(&self.repositories),
            workflows: texts(&self.workflows),
            branches: texts(&self.branches),
            actors: texts(&self.actors),
            events: texts(&self.events),
            workflow_ids: self.workflow_ids.clone(),
            conclusions: conclusions.collect(),
            counted_only: self.counted_only,
            latest_attempts_only: self.latest_attempts_only,
            default_branch_only: self.default_branch_only,
            end_time_range: Some(TimeRange {
                start_time: self.start.map(timestamp),
                end_time: Some(timestamp(self.end)),
            }),
            ..BuildFilter::default()
        }
    }

    /// What the rows are to be.
    pub(super) fn dimension(&self) -> Dimension {
        let name = format!("DIMENSION_{}", self.dimension.to_uppercase());
        Dimension::from_str_name(&name).unwrap()
    }
}

/// Often begins or ends at the very moment at which something did; may have no start.
fn window(rng: &mut Rng, history: &History) -> (Option<Timestamp>, Timestamp) {
    let (first, last) = history.span;
    if rng.u8(..8) == 0 {
        return (Some(first), last);
    }
    let mut edge = || match rng.choice(&history.moments) {
        Some(moment) if rng.bool() => *moment,
        _ => {
            let length = last.duration_since(first).as_secs();
            first + SignedDuration::from_secs(rng.i64(0..length))
        }
    };
    let (one, other) = (edge(), edge());
    let start = one.min(other);
    // Never empty.
    let end = one.max(other).max(start + SignedDuration::from_mins(1));
    ((rng.u8(..10) > 0).then_some(start), end)
}

/// Mostly none, else one or two.
fn some<T: Copy>(rng: &mut Rng, values: &[T]) -> Vec<T> {
    let count = [0, 0, 0, 0, 0, 0, 1, 2][rng.usize(..8)];
    (0..count)
        .map(|_| values[rng.usize(..values.len())])
        .collect()
}

fn timestamp(time: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: time.as_second(),
        nanos: time.subsec_nanosecond(),
    }
}

//! Filters.

use lampboard_proto::v1;

use super::{
    Check,
    build::LONGEST_NAME,
    status::{conclusion_filter, status_filter},
    time::timestamp,
};
use crate::model::{CommitPrefix, Filter, Pattern, RunId, TimeRange, WorkflowId};

const MOST_VALUES: usize = 100;

/// Reads the filter of a request. Unset, it selects everything.
pub(in crate::api) fn filter(check: &mut Check, filter: Option<v1::BuildFilter>) -> Filter {
    let filter = filter.unwrap_or_default();
    check.within("filter", |check| Filter {
        repositories: patterns(check, "repositories", filter.repositories),
        workflows: patterns(check, "workflows", filter.workflows),
        workflow_ids: check.each(
            "workflow_ids",
            filter.workflow_ids,
            MOST_VALUES,
            |check, id| WorkflowId(check.positive("", id)),
        ),
        branches: patterns(check, "branches", filter.branches),
        actors: patterns(check, "actors", filter.actors),
        events: check.each("events", filter.events, MOST_VALUES, |check, event| {
            if event.is_empty() {
                check.refuse("", "must not be empty");
            }
            check.text("", event, LONGEST_NAME)
        }),
        statuses: check.each("statuses", filter.statuses, MOST_VALUES, status_filter),
        conclusions: check.each(
            "conclusions",
            filter.conclusions,
            MOST_VALUES,
            conclusion_filter,
        ),
        start_time: time_range(check, "start_time_range", filter.start_time_range),
        end_time: time_range(check, "end_time_range", filter.end_time_range),
        commits: commits(check, filter.commit_shas),
        runs: check.each("run_ids", filter.run_ids, MOST_VALUES, |check, id| {
            run_id(check, "", id)
        }),
        pull_requests: check.each(
            "pull_requests",
            filter.pull_requests,
            MOST_VALUES,
            |check, number| check.positive("", number),
        ),
        latest_attempts_only: filter.latest_attempts_only,
        default_branch_only: filter.default_branch_only,
        counted_only: filter.counted_only,
    })
}

/// Reads texts in which stars are allowed.
pub(in crate::api) fn patterns(check: &mut Check, field: &str, texts: Vec<String>) -> Vec<Pattern> {
    check.each(field, texts, MOST_VALUES, |check, text| {
        if text.is_empty() {
            check.refuse("", "must not be empty");
        }
        Pattern::new(check.text("", text, LONGEST_NAME))
    })
}

/// Reads the id of a run.
pub(in crate::api) fn run_id(check: &mut Check, field: &str, id: i64) -> RunId {
    RunId(check.positive(field, id))
}

fn commits(check: &mut Check, shas: Vec<String>) -> Vec<CommitPrefix> {
    let commits = check.each("commit_shas", shas, MOST_VALUES, |check, sha| {
        let commit = CommitPrefix::parse(&sha);
        if commit.is_none() {
            check.refuse("", "must be 7 to 64 hexadecimal digits");
        }
        commit
    });
    commits.into_iter().flatten().collect()
}

/// Reads a range of time.
pub(in crate::api) fn time_range(
    check: &mut Check,
    field: &str,
    range: Option<v1::TimeRange>,
) -> TimeRange {
    let range = range.unwrap_or_default();
    check.within(field, |check| {
        let start = timestamp(check, "start_time", range.start_time);
        let end = timestamp(check, "end_time", range.end_time);
        if start.zip(end).is_some_and(|(start, end)| end < start) {
            check.refuse("end_time", "must not be before start_time");
        }
        TimeRange { start, end }
    })
}

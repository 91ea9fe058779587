//! Which way leads to the builds of a filter: what a statement says beside its condition, so
//! that an index serves it.

use super::{
    db::Query,
    filter::{push_repositories, range},
    sql,
};
use crate::model::{Filter, Pattern, StatusFilter, TimeRange};

/// How long a build takes that is not `LONG`, in microseconds: what GitHub gives a job.
const USUAL: i64 = 6 * 3_600_000_000;

/// True of few builds, to which `build_long` leads: those that took longer, or that ended
/// before they started, for clocks differ.
const LONG: &str = "(b.end_time - b.start_time > 21600000000 OR b.end_time < b.start_time)";

/// When builds started that ended within a range and are not `LONG`, in microseconds: from
/// the one to the other, both included.
pub(super) fn starts(ended: TimeRange) -> (i64, i64) {
    let first = ended.start.map_or(i64::MIN, |start| {
        start.as_microsecond().saturating_sub(USUAL)
    });
    let last = ended.end.map_or(i64::MAX, |end| end.as_microsecond() - 1);
    (first, last)
}

/// Begins to select from `build b`, its `repository r` and what is `joined`, by the way that
/// leads to a filter. `push_condition` goes on.
pub(super) fn push_source(query: &mut Query, filter: &Filter, joined: &str) {
    query.push(if is_by_repository(filter) {
        // For each repository by its index, not the other way round.
        "repository r CROSS JOIN build b"
    } else {
        "build b CROSS JOIN repository r"
    });
    query.push(joined);
    query.push(" WHERE r.id = b.repository_id AND ");
}

/// The same for builds that are `LONG` and ended within a range, whatever else is asked for.
pub(super) fn push_long_source(query: &mut Query, ended: TimeRange, joined: &str) {
    let long = |query: &mut Query| {
        query.push(LONG);
        range(query, "b.end_time", ended);
    };
    push_chosen_source(query, long, joined);
}

/// The same for builds that ended within a range, a short one, whatever else is asked for.
pub(super) fn push_ended_source(query: &mut Query, filter: &Filter, joined: &str) {
    let ended = |query: &mut Query| {
        query.push("b.end_time IS NOT NULL");
        range(query, "b.end_time", filter.end_time);
        push_of_workflows(query, "b.repository_id", filter);
        if !filter.repositories.is_empty() {
            // The index has them, too.
            query.push(" AND b.repository_id IN (SELECT r.id FROM repository r WHERE TRUE");
            push_repositories(query, &filter.repositories);
            query.push(")");
        }
    };
    push_chosen_source(query, ended, joined);
}

/// The same for builds that started from the one time to the other, whatever else is asked
/// for.
pub(super) fn push_started_source(query: &mut Query, (from, until): (i64, i64)) {
    let started = |query: &mut Query| {
        query.push("b.start_time >= ").push_bind(from);
        query.push(" AND b.start_time <= ").push_bind(until);
    };
    push_chosen_source(query, started, "");
}

/// The same for builds that run and started within a range, whatever else is asked for: all
/// indices but `build_running` lead through the history.
pub(super) fn push_running_source(query: &mut Query, started: TimeRange, joined: &str) {
    let running = |query: &mut Query| {
        query.push("b.end_time IS NULL");
        range(query, "b.start_time", started);
    };
    push_chosen_source(query, running, joined);
}

/// Begins with the builds of a condition that an index answers, and only then looks at
/// what else is asked of these.
fn push_chosen_source(query: &mut Query, choose: impl FnOnce(&mut Query), joined: &str) {
    query.push("(SELECT b.run_id, b.run_attempt, b.repository_id FROM build b WHERE ");
    choose(query);
    query.push(") chosen CROSS JOIN build b CROSS JOIN repository r");
    query.push(joined);
    query.push(
        " WHERE b.run_id = chosen.run_id AND b.run_attempt = chosen.run_attempt \
         AND b.repository_id = chosen.repository_id AND r.id = b.repository_id AND ",
    );
}

/// Says once more what follows from the filter, in words that lead to an index.
pub(super) fn push_hints(query: &mut Query, filter: &Filter) {
    if is_unsuccessful(filter) {
        query.push(" AND b.conclusion <> 'success'");
    }
    push_of_workflows(query, "r.id", filter);
    let runs = |status: &StatusFilter| *status != StatusFilter::Word("completed");
    if !filter.statuses.is_empty() && filter.statuses.iter().all(runs) {
        query.push(" AND b.end_time IS NULL");
    }
    if is_rare_event(filter) {
        query.push(" AND b.event NOT IN ('push', 'pull_request')");
    }
}

/// Says whose the workflows are that are asked for by id, if any are.
pub(super) fn push_of_workflows(query: &mut Query, repository: &'static str, filter: &Filter) {
    if filter.workflow_ids.is_empty() {
        return;
    }
    query.push(" AND ").push(repository);
    query.push(" IN (SELECT repository_id FROM workflow WHERE id IN (");
    sql::push_list(query, filter.workflow_ids.iter().map(|id| &id.0));
    query.push("))");
}

/// Whether an index leads to what is asked for and tells when that started.
pub(super) fn leads(filter: &Filter) -> bool {
    is_by_repository(filter) || are_exact(&filter.actors) || is_rare_event(filter)
}

/// Whether what it finds is so little that all of it is looked at.
pub(super) fn is_looked_up(filter: &Filter) -> bool {
    !filter.runs.is_empty() || !filter.commits.is_empty()
}

/// Whether it asks for pull requests, and for nothing that leads to fewer builds.
pub(super) fn is_by_pull_request(filter: &Filter) -> bool {
    !filter.pull_requests.is_empty() && !is_looked_up(filter)
}

/// Whether it asks for names that any repository may have.
pub(super) fn is_by_name(filter: &Filter) -> bool {
    is_by_repository(filter) && filter.repositories.is_empty() && filter.workflow_ids.is_empty()
}

/// Whether there are some, and all are names.
pub(super) fn are_exact(names: &[Pattern]) -> bool {
    !names.is_empty() && names.iter().all(Pattern::is_exact)
}

/// Whether indices that begin with the repository lead to what is asked for.
fn is_by_repository(filter: &Filter) -> bool {
    !is_looked_up(filter)
        && (!filter.repositories.is_empty()
            || are_exact(&filter.branches)
            || are_exact(&filter.workflows)
            || !filter.workflow_ids.is_empty()
            || is_unsuccessful(filter))
}

/// Whether it asks only for conclusions other than success.
fn is_unsuccessful(filter: &Filter) -> bool {
    let other =
        |word: &StatusFilter| matches!(word, StatusFilter::Word(word) if *word != "success");
    !filter.conclusions.is_empty() && filter.conclusions.iter().all(other)
}

fn is_rare_event(filter: &Filter) -> bool {
    let rare = |event: &String| event != "push" && event != "pull_request";
    !filter.events.is_empty() && filter.events.iter().all(rare)
}

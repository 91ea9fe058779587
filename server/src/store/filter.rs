//! The filter as SQL: the same builds that `Filter::matches` says yes to.

use jiff::Timestamp;

use super::{
    db::{Query, Value},
    packed, rows,
};
use crate::model::{CommitPrefix, Filter, Pattern, StatusFilter, TimeRange};

/// `BuildFacts::branch_name` in SQL.
pub(super) const BRANCH_NAME: &str = "CASE WHEN b.head_repository = '' THEN b.branch \
     ELSE b.head_repository || ':' || b.branch END";

/// Writes a filter as a condition on `build b` joined to `repository r`. It is
/// never empty, and hidden repositories never meet it.
pub(super) fn push_condition(query: &mut Query, filter: &Filter) {
    query.push("r.hidden_time IS NULL");
    push_repositories(query, &filter.repositories);
    patterns(query, "b.workflow", &filter.workflows);
    one_of(
        query,
        "b.workflow_id",
        filter.workflow_ids.iter().map(|id| id.0),
    );
    alternatives(query, &filter.branches, push_branch);
    patterns(query, "b.triggering_actor", &filter.actors);
    one_of(query, "b.event", filter.events.iter().cloned());
    words(
        query,
        "b.status",
        &filter.statuses,
        &StatusFilter::STATUS_WORDS,
    );
    words(
        query,
        "b.conclusion",
        &filter.conclusions,
        &StatusFilter::CONCLUSION_WORDS,
    );
    range(query, "b.start_time", filter.start_time);
    range(query, "b.end_time", filter.end_time);
    alternatives(query, &filter.commits, push_commit);
    one_of(query, "b.run_id", filter.runs.iter().map(|run| run.0));
    alternatives(query, &filter.pull_requests, |query, number| {
        query.push("b.pull_requests LIKE ");
        query.push_bind(format!("%{}%", rows::write_numbers(&[*number])));
    });
    if filter.counted_only {
        query.push(" AND b.counted");
    }
    if filter.latest_attempts_only {
        query.push(" AND b.latest_attempt");
    }
    if filter.default_branch_only {
        query.push(
            " AND b.branch = r.default_branch AND r.default_branch <> '' \
             AND b.head_repository = ''",
        );
    }
}

/// A prefix as a range, which an index serves. Schema 8 and before had the digits:
/// there, none is above `f`.
fn push_commit(query: &mut Query, commit: &CommitPrefix) {
    if let Some((first, end)) = packed::commit::range(commit.as_str()) {
        query.push("b.commit_hash >= ").push_bind(first);
        if let Some(end) = end {
            query.push(" AND b.commit_hash < ").push_bind(end);
        }
        query.push(" OR ");
    }
    query.push("b.commit_sha <> '' AND b.commit_sha >= ");
    query.push_bind(commit.as_str().to_owned());
    query.push(" AND b.commit_sha < ");
    query.push_bind(format!("{}g", commit.as_str()));
}

/// By the repository alone: which comes first, it or its builds, is for whoever asks.
pub(super) fn push_repositories(query: &mut Query, names: &[Pattern]) {
    if names.iter().all(Pattern::is_exact) {
        let names = names.iter().map(Pattern::to_ascii_lowercase);
        let names: Vec<Pattern> = names.collect();
        return patterns(query, "lower(r.name)", &names);
    }
    query.push(" AND (FALSE");
    for name in names {
        query.push(" OR lower(r.name)");
        push_match(query, &name.to_ascii_lowercase());
    }
    query.push(")");
}

/// Writes an alternative for each value, if there are any.
fn alternatives<T>(query: &mut Query, values: &[T], mut push: impl FnMut(&mut Query, &T)) {
    for (place, value) in values.iter().enumerate() {
        query.push(if place == 0 { " AND ((" } else { ") OR (" });
        push(query, value);
    }
    if !values.is_empty() {
        query.push("))");
    }
}

fn one_of<T>(query: &mut Query, column: &'static str, values: impl ExactSizeIterator<Item = T>)
where
    T: Into<Value>,
{
    if values.len() == 0 {
        return;
    }
    query.push(" AND ");
    query.push(column);
    query.push(" IN (");
    let mut list = query.separated(", ");
    for value in values {
        list.push_bind(value);
    }
    query.push(")");
}

/// Writes that a column matches one of some patterns, if there are any. Of names, a list: so
/// that what is made of columns is made once for all of them.
pub(super) fn patterns(query: &mut Query, column: &'static str, patterns: &[Pattern]) {
    if patterns.len() > 1 && patterns.iter().all(Pattern::is_exact) {
        let names: Vec<&str> = patterns.iter().map(Pattern::as_str).collect();
        return one_of(query, column, names.into_iter().map(str::to_owned));
    }
    alternatives(query, patterns, |query, pattern| {
        query.push(column);
        push_match(query, pattern);
    });
}

/// Branches go by `BuildFacts::branch_name`. Most are asked for by their whole name, which
/// an index serves.
fn push_branch(query: &mut Query, pattern: &Pattern) {
    let name = pattern.as_str();
    let (fork, branch) = name.split_once(':').unwrap_or(("", name));
    if pattern.is_exact() && !name.starts_with(':') {
        query.push("b.head_repository = ");
        query.push_bind(fork.to_owned());
        query.push(" AND b.branch = ");
        query.push_bind(branch.to_owned());
    } else {
        query.push(BRANCH_NAME);
        push_match(query, pattern);
    }
}

fn push_match(query: &mut Query, pattern: &Pattern) {
    if pattern.is_exact() {
        query.push(" = ");
        query.push_bind(pattern.as_str().to_owned());
    } else {
        query.push(" LIKE ");
        query.push_bind(like(pattern.as_str()));
        query.push(" ESCAPE '\\'");
    }
}

/// In LIKE it is the percent sign that stands for any run of characters.
fn like(pattern: &str) -> String {
    let mut like = String::with_capacity(pattern.len());
    for letter in pattern.chars() {
        match letter {
            '*' => like.push('%'),
            '%' | '_' | '\\' => {
                like.push('\\');
                like.push(letter);
            }
            letter => like.push(letter),
        }
    }
    like
}

fn words(
    query: &mut Query,
    column: &'static str,
    filters: &[StatusFilter],
    known: &[&'static str],
) {
    alternatives(query, filters, |query, filter| match filter {
        StatusFilter::Word(word) => {
            query.push(column);
            query.push(" = ");
            query.push_bind(*word);
        }
        StatusFilter::Unknown => {
            query.push(column);
            query.push(" NOT IN ('");
            query.push(known.join("', '"));
            query.push("')");
        }
    });
}

/// Writes that a column is within a range.
pub(super) fn range(query: &mut Query, column: &'static str, range: TimeRange) {
    let mut bound = |comparison: &'static str, time: Option<Timestamp>| {
        if let Some(time) = time {
            query.push(" AND ");
            query.push(column);
            query.push(comparison);
            query.push_bind(time.as_microsecond());
        }
    };
    bound(" >= ", range.start);
    bound(" < ", range.end);
}

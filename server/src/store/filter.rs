//! The filter as SQL: the same builds that `Filter::matches` says yes to.

use jiff::Timestamp;
use sqlx::{QueryBuilder, Row as _};

use super::{Db, Store, rows};
use crate::{
    Result,
    model::{Filter, Pattern, StatusFilter, TimeRange},
};

/// A filter whose repositories were looked up: a condition on `build b` joined
/// to `repository r`.
pub(super) struct Condition<'a> {
    filter: &'a Filter,
    repositories: Option<Vec<i64>>,
}

impl Store {
    /// Looks the repositories of a filter up. None if there are none, so that
    /// nothing can match.
    pub(super) async fn condition<'a>(&self, filter: &'a Filter) -> Result<Option<Condition<'a>>> {
        let repositories = if filter.repositories.is_empty() {
            None
        } else {
            Some(self.repository_ids(&filter.repositories).await?)
        };
        let nothing = repositories.as_ref().is_some_and(Vec::is_empty);
        Ok((!nothing).then_some(Condition {
            filter,
            repositories,
        }))
    }

    async fn repository_ids(&self, names: &[Pattern]) -> Result<Vec<i64>> {
        let rows = sqlx::query("SELECT id, name FROM repository")
            .fetch_all(&self.readers)
            .await?;
        let mut ids = Vec::new();
        for row in rows {
            let name: &str = row.try_get("name")?;
            if names.iter().any(|p| p.matches_ignoring_case(name)) {
                ids.push(row.try_get("id")?);
            }
        }
        Ok(ids)
    }
}

impl Condition<'_> {
    /// Writes the condition. It is never empty.
    pub(super) fn push(&self, query: &mut QueryBuilder<Db>) {
        query.push("TRUE");
        if let Some(ids) = &self.repositories {
            one_of(query, "b.repository_id", ids.iter().copied());
        }
        let filter = self.filter;
        patterns(query, "b.workflow", &filter.workflows);
        patterns(query, "b.branch", &filter.branches);
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
        alternatives(query, &filter.commits, |query, commit| {
            // A prefix as a range, which an index serves: no digit is above `f`.
            query.push("b.commit_sha >= ");
            query.push_bind(commit.as_str().to_owned());
            query.push(" AND b.commit_sha < ");
            query.push_bind(format!("{}g", commit.as_str()));
        });
        one_of(query, "b.run_id", filter.runs.iter().map(|run| run.0));
        alternatives(query, &filter.pull_requests, |query, number| {
            query.push("b.pull_requests LIKE ");
            query.push_bind(format!("%{}%", rows::write_numbers(&[*number])));
        });
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
}

/// Writes an alternative for each value, if there are any.
fn alternatives<T>(
    query: &mut QueryBuilder<Db>,
    values: &[T],
    mut push: impl FnMut(&mut QueryBuilder<Db>, &T),
) {
    for (place, value) in values.iter().enumerate() {
        query.push(if place == 0 { " AND ((" } else { ") OR (" });
        push(query, value);
    }
    if !values.is_empty() {
        query.push("))");
    }
}

fn one_of<T>(
    query: &mut QueryBuilder<Db>,
    column: &'static str,
    values: impl ExactSizeIterator<Item = T>,
) where
    T: for<'q> sqlx::Encode<'q, Db> + sqlx::Type<Db> + 'static,
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

fn patterns(query: &mut QueryBuilder<Db>, column: &'static str, patterns: &[Pattern]) {
    alternatives(query, patterns, |query, pattern| {
        query.push(column);
        if pattern.is_exact() {
            query.push(" = ");
            query.push_bind(pattern.as_str().to_owned());
        } else {
            query.push(" GLOB ");
            query.push_bind(glob(pattern.as_str()));
        }
    });
}

/// In GLOB a question mark and a bracket mean something too.
fn glob(pattern: &str) -> String {
    let mut glob = String::with_capacity(pattern.len());
    for letter in pattern.chars() {
        match letter {
            '?' => glob.push_str("[?]"),
            '[' => glob.push_str("[[]"),
            letter => glob.push(letter),
        }
    }
    glob
}

fn words(
    query: &mut QueryBuilder<Db>,
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

fn range(query: &mut QueryBuilder<Db>, column: &'static str, range: TimeRange) {
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

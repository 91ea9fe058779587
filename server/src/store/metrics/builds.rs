//! Reading builds for the numbers, one row at a time: they may be as many as the history has.

use jiff::Timestamp;

use super::{
    super::{
        bad_value,
        db::{Query, Row, Snapshot},
        filter::{BRANCH_NAME, patterns, push_condition},
        paths, rows,
    },
    Counter, Dimension, Question, slice,
};
use crate::{
    Result,
    model::{Filter, Finished, TimeRange, elapsed},
};

/// Counts each build of a question.
pub(super) async fn each(
    snapshot: &mut Snapshot,
    question: &Question,
    counter: &mut Counter,
) -> Result<()> {
    let filter = Filter {
        end_time: question.intervals.range(),
        ..question.filter.clone()
    };
    for query in select(&filter, question.dimension) {
        count(snapshot, question, query, counter).await?;
    }
    Ok(())
}

/// Counts each build of a question that ended within `part`: less than an hour.
pub(super) async fn each_ended(
    snapshot: &mut Snapshot,
    question: &Question,
    part: TimeRange,
    counter: &mut Counter,
) -> Result<()> {
    let filter = Filter {
        end_time: part,
        ..question.filter.clone()
    };
    let query = ended(&filter, question.dimension, Way::Ended);
    count(snapshot, question, query, counter).await
}

async fn count(
    snapshot: &mut Snapshot,
    question: &Question,
    query: Query,
    counter: &mut Counter,
) -> Result<()> {
    let each = |row: Row| -> Result<()> {
        let (end, finished) = finished(&row)?;
        match question.intervals.index(end) {
            Some(index) => counter.count((slice(&row, question.dimension)?, index), &finished),
            None => Ok(()),
        }
    };
    query.fetch_each(snapshot, each).await
}

/// Whether a question is about people who started at most so many builds about its time, in
/// any repository: rollups tell repositories apart, and so would take longer.
pub(super) async fn are_of_few(
    snapshot: &mut Snapshot,
    question: &Question,
    most: i64,
) -> Result<bool> {
    let filter = &question.filter;
    if !paths::are_exact(&filter.actors) || !filter.repositories.is_empty() {
        return Ok(false);
    }
    let found = started_by(filter, question.intervals.range(), most)
        .fetch_one(snapshot)
        .await?;
    Ok(found.try_get::<i64, _>(0)? <= most)
}

/// Counts what some started, up to one more than `most`.
fn started_by(filter: &Filter, ended: TimeRange, most: i64) -> Query {
    let (first, last) = paths::starts(ended);
    let mut query = Query::new("SELECT COUNT(*) FROM (SELECT 1 FROM build b WHERE ");
    query.push("b.start_time >= ").push_bind(first);
    query.push(" AND b.start_time <= ").push_bind(last);
    patterns(&mut query, "b.triggering_actor", &filter.actors);
    query
        .push(" LIMIT ")
        .push_bind(most.saturating_add(1).max(0));
    query.push(") AS started");
    query
}

/// Where an index tells when builds started, and not when they ended: those that started
/// when such builds usually do, and the others.
fn select(filter: &Filter, dimension: Option<Dimension>) -> Vec<Query> {
    if !paths::leads(filter) || filter.end_time.is_unbounded() {
        return vec![ended(filter, dimension, Way::Usual)];
    }
    let (first, last) = paths::starts(filter.end_time);
    let mut usual = ended(filter, dimension, Way::Usual);
    usual.push(" AND b.start_time >= ").push_bind(first);
    usual.push(" AND b.start_time <= ").push_bind(last);
    let mut long = ended(filter, dimension, Way::Long);
    long.push(" AND (b.start_time < ").push_bind(first);
    long.push(" OR b.start_time > ").push_bind(last);
    long.push(")");
    vec![usual, long]
}

/// By which way builds are found.
#[derive(Clone, Copy)]
pub(super) enum Way {
    /// By what else is asked for.
    Usual,
    /// By when they ended.
    Ended,
    /// By how long they took.
    Long,
    /// By that they have no end.
    Running,
}

/// Selects what ended of a filter.
fn ended(filter: &Filter, dimension: Option<Dimension>, way: Way) -> Query {
    let mut query = Query::new(
        "SELECT b.status, b.conclusion, b.run_id, b.run_attempt, b.counted, b.start_time, \
         b.jobs_start_time, b.end_time",
    );
    push_slice(&mut query, filter, dimension, way);
    query.push("b.end_time IS NOT NULL AND ");
    push_condition(&mut query, filter);
    paths::push_hints(&mut query, filter);
    query
}

/// Adds the columns of a slice, and where they are from.
pub(super) fn push_slice(
    query: &mut Query,
    filter: &Filter,
    dimension: Option<Dimension>,
    way: Way,
) {
    if let Some(dimension) = dimension {
        query.push(", ");
        dimension.push_columns(query, [BRANCH_NAME, "b.triggering_actor"]);
    }
    query.push(" FROM ");
    let joined = match dimension {
        Some(Dimension::Workflow) => " CROSS JOIN workflow w",
        _ => "",
    };
    match way {
        Way::Usual => paths::push_source(query, filter, joined),
        Way::Ended => paths::push_ended_source(query, filter, joined),
        Way::Long => paths::push_long_source(query, filter.end_time, joined),
        Way::Running => paths::push_running_source(query, filter.start_time, joined),
    }
    if dimension == Some(Dimension::Workflow) {
        query.push("w.repository_id = b.repository_id AND w.id = b.workflow_id AND ");
    }
}

/// What is asked for when a filter is summed up, at the ends of a window, and when it is looked
/// at who started few.
#[cfg(test)]
pub(in crate::store) fn statements(filter: &Filter) -> Vec<Query> {
    let mut statements = select(filter, None);
    statements.push(ended(filter, None, Way::Ended));
    statements.push(started_by(filter, filter.end_time, 1000));
    statements
}

fn finished(row: &Row) -> Result<(Timestamp, Finished)> {
    let run: i64 = row.try_get("run_id")?;
    let start = rows::time(row, "build", "start_time", run)?;
    let end = rows::time(row, "build", "end_time", run)?;
    let jobs_start = rows::maybe_time(row, "build", "jobs_start_time", run)?;
    let status = rows::status(row)?;
    let conclusion = status
        .conclusion()
        .ok_or_else(|| bad_value("build", "status", &run, &"has an end and is not completed"))?;
    let finished = Finished {
        conclusion: conclusion.clone(),
        attempt: row.try_get("run_attempt")?,
        counted: row.try_get("counted")?,
        wall_time: elapsed(start, end),
        queue_time: jobs_start.map(|first| elapsed(start, first)),
        run_time: jobs_start.map(|first| elapsed(first, end)),
    };
    Ok((end, finished))
}

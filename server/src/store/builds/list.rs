//! Lists of builds, newest first: found within a bounded time, however few of many match.
//!
//! A list looks at one stretch of start times after the other, each longer than the
//! one before, until its page is full. So it costs by what it looks at, and when its
//! time is up it gives what it found, and where to go on.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{
    super::{
        Store,
        db::{Query, Snapshot},
        filter::push_condition,
        rows::{self, BUILD_COLUMNS, SHOWN_COLUMNS},
        sql,
    },
    BuildId,
};
use crate::{
    Result,
    model::{Build, Filter, Pattern, RepositoryId, RunId, StatusFilter},
};

/// How long a list looks, when there is more to look at.
const PATIENCE: Duration = Duration::from_millis(120);
/// How long the first stretch is, in microseconds, and how much longer than the one
/// before the next one is at most.
const FIRST: i64 = 3_600_000_000;
const GROWTH: i64 = 16;

const NEWEST_FIRST: &str = " ORDER BY b.start_time DESC, b.run_id DESC, b.run_attempt DESC, \
     b.repository_id DESC";

/// A page of builds to be listed, newest first.
pub(crate) struct BuildPage<'a> {
    pub(crate) filter: &'a Filter,
    /// Where the page before ended.
    pub(crate) after: Option<Position>,
    pub(crate) size: usize,
}

/// The start time and id of a build. A list goes on with what comes after it.
pub(crate) type Position = (Timestamp, BuildId);

/// What was found of a page.
pub(crate) struct Listed {
    /// No more than the page holds. Fewer do not mean that there are no more.
    pub(crate) builds: Vec<Build>,
    /// Where to go on. None: there are no more.
    pub(crate) next: Option<Position>,
}

impl Store {
    /// Lists builds, newest first.
    pub(crate) async fn builds(&self, page: BuildPage<'_>) -> Result<Listed> {
        self.builds_within(page, PATIENCE).await
    }

    /// Lists builds; ends after the first stretch at which the time is up.
    pub(in crate::store) async fn builds_within(
        &self,
        page: BuildPage<'_>,
        patience: Duration,
    ) -> Result<Listed> {
        let mut snapshot = self.readers.snapshot().await?;
        let mut builds: Vec<Build> = Vec::new();
        let Some((oldest, newest)) = bounds(&mut snapshot, &page).await? else {
            return Ok(Listed { builds, next: None });
        };
        let began = Instant::now();
        let mut width = if is_looked_up(page.filter) {
            i64::MAX
        } else {
            FIRST
        };
        let mut until = newest;
        loop {
            let from = until.saturating_sub(width).max(oldest);
            let started = Instant::now();
            let wanted = page.size + 1 - builds.len();
            let query = select(&page, from, until, wanted);
            for row in query.fetch_all(&mut snapshot).await? {
                builds.push(rows::build(&row)?);
            }
            if builds.len() > page.size {
                builds.truncate(page.size);
                let next = builds.last().map(position);
                return Ok(Listed { builds, next });
            }
            if from <= oldest {
                return Ok(Listed { builds, next: None });
            }
            if began.elapsed() >= patience {
                let next = Some(before(from)?);
                return Ok(Listed { builds, next });
            }
            width = width.saturating_mul(growth(started.elapsed(), patience));
            until = from - 1;
        }
    }
}

/// How much longer the next stretch may be, after one that took so long.
fn growth(took: Duration, patience: Duration) -> i64 {
    let share = patience.as_micros() / 2 / took.as_micros().max(1);
    i64::try_from(share).unwrap_or(GROWTH).clamp(1, GROWTH)
}

fn position(build: &Build) -> Position {
    (build.record.facts.start_time, build.record.id)
}

/// The position from which all that started before a time comes: no id is smaller.
fn before(time: i64) -> Result<Position> {
    let first = BuildId {
        run: RunId(1),
        attempt: 1,
        repository: RepositoryId(1),
    };
    let time = rows::read_time("build", "start_time", &"a list", time)?;
    Ok((time, first))
}

/// The first and the last start time that may be in a page.
async fn bounds(snapshot: &mut Snapshot, page: &BuildPage<'_>) -> Result<Option<(i64, i64)>> {
    let asked = page.filter.start_time;
    // One by one: the index leads to each of them, and not to both.
    let mut first_and_last = [None; 2];
    for (column, bound) in ["MIN(start_time)", "MAX(start_time)"]
        .into_iter()
        .zip(&mut first_and_last)
    {
        let mut query = Query::new("SELECT ");
        query.push(column).push(" FROM build");
        let row = query.fetch_one(&mut *snapshot).await?;
        *bound = row.try_get(0)?;
    }
    let [Some(first), Some(last)] = first_and_last else {
        return Ok(None);
    };
    let first = asked
        .start
        .map_or(first, |start| start.as_microsecond().max(first));
    let last = asked.end.map_or(last, |end| end.as_microsecond().min(last));
    let last = page
        .after
        .map_or(last, |(time, _)| time.as_microsecond().min(last));
    Ok((first <= last).then_some((first, last)))
}

/// Whether what it finds is so little that all of it is looked at.
fn is_looked_up(filter: &Filter) -> bool {
    !filter.runs.is_empty() || !filter.commits.is_empty()
}

/// The builds of a page that started within a stretch. Which ones is found out
/// first, from as little as possible; only these are read.
fn select(page: &BuildPage<'_>, from: i64, until: i64, wanted: usize) -> Query {
    let mut query = Query::new("SELECT ");
    query.push(BUILD_COLUMNS).push(", ").push(SHOWN_COLUMNS);
    query.push(" FROM (SELECT b.start_time, b.run_id, b.run_attempt, b.repository_id FROM ");
    query.push(if is_by_repository(page.filter) {
        // For each repository by its index, not the other way round.
        "repository r CROSS JOIN build b WHERE b.repository_id = r.id AND "
    } else {
        "build b CROSS JOIN repository r WHERE r.id = b.repository_id AND "
    });
    push_condition(&mut query, page.filter);
    push_hints(&mut query, page.filter);
    if !is_looked_up(page.filter) {
        query.push(" AND b.start_time >= ").push_bind(from);
        query.push(" AND b.start_time <= ").push_bind(until);
    }
    if let Some((start, id)) = page.after {
        query.push(" AND (b.start_time, b.run_id, b.run_attempt, b.repository_id) < (");
        let mut position = query.separated(", ");
        position
            .push_bind(start.as_microsecond())
            .push_bind(id.run.0)
            .push_bind(id.attempt)
            .push_bind(id.repository.0);
        query.push(")");
    }
    query.push(if is_looked_up(page.filter) {
        // An index that has this order is not to be preferred for it.
        NEWEST_FIRST.replace("b.start_time", "b.start_time + 0")
    } else {
        NEWEST_FIRST.to_owned()
    });
    query.push(" LIMIT ");
    query.push_bind(i64::try_from(wanted).unwrap_or(i64::MAX));
    query.push(
        ") k JOIN build b ON b.run_id = k.run_id AND b.run_attempt = k.run_attempt \
         AND b.repository_id = k.repository_id JOIN repository r ON r.id = b.repository_id",
    );
    query.push(NEWEST_FIRST);
    query
}

/// Whether indices that begin with the repository lead to what is asked for.
fn is_by_repository(filter: &Filter) -> bool {
    let exact = |names: &[Pattern]| !names.is_empty() && names.iter().all(Pattern::is_exact);
    !is_looked_up(filter)
        && (!filter.repositories.is_empty()
            || exact(&filter.branches)
            || exact(&filter.workflows)
            || !filter.workflow_ids.is_empty()
            || is_unsuccessful(filter))
}

/// Whether it asks only for conclusions other than success.
fn is_unsuccessful(filter: &Filter) -> bool {
    let other =
        |word: &StatusFilter| matches!(word, StatusFilter::Word(word) if *word != "success");
    !filter.conclusions.is_empty() && filter.conclusions.iter().all(other)
}

/// Says once more what follows from the filter, in words that lead to an index.
fn push_hints(query: &mut Query, filter: &Filter) {
    if is_unsuccessful(filter) {
        query.push(" AND b.conclusion <> 'success'");
    }
    if !filter.workflow_ids.is_empty() {
        query.push(" AND r.id IN (SELECT repository_id FROM workflow WHERE id IN (");
        sql::push_list(query, filter.workflow_ids.iter().map(|id| &id.0));
        query.push("))");
    }
    let runs = |status: &StatusFilter| *status != StatusFilter::Word("completed");
    if !filter.statuses.is_empty() && filter.statuses.iter().all(runs) {
        query.push(" AND b.end_time IS NULL");
    }
    let rare = |event: &String| event != "push" && event != "pull_request";
    if !filter.events.is_empty() && filter.events.iter().all(rare) {
        query.push(" AND b.event NOT IN ('push', 'pull_request')");
    }
}

#[cfg(test)]
pub(in crate::store) fn stretch(filter: &Filter) -> Query {
    let page = BuildPage {
        filter,
        after: None,
        size: 50,
    };
    select(&page, 0, i64::MAX, 51)
}

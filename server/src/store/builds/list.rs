//! Lists of builds, newest first: found within a bounded time, however few of many match.
//!
//! A list looks at one stretch of start times after the other, each longer than the
//! one before, until its page is full. So it costs by what it looks at, and when its
//! time is up it gives what it found, and where to go on. A stretch that holds too much,
//! such as one that began in a gap, is made shorter. What is asked for by a name is looked
//! for among the newest builds first, for many names are everywhere.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{
    super::{
        Store,
        db::{Query, Snapshot},
        filter::push_condition,
        paths,
        rows::{self, BUILD_COLUMNS, SHOWN_COLUMNS},
        to_the_end,
    },
    BuildId, pull_requests,
};
use crate::{
    Error, Result,
    model::{Build, Filter, RepositoryId, RunId},
};

/// How long a list looks, when there is more to look at.
const PATIENCE: Duration = Duration::from_millis(120);
/// How long the first stretch may take, if it is that full.
const LIMIT: Duration = Duration::from_secs(5);
/// How long the first stretch is, in microseconds, and how much longer than the one
/// before the next one is at most.
const FIRST: i64 = 3_600_000_000;
const GROWTH: i64 = 16;
/// How many of the newest builds are looked at for a name.
const NEWEST: i64 = 500;
/// How long a stretch is at least: what started at once can not be told apart.
const SHORTEST: i64 = 1_000_000;

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
        let (store, filter) = (self.clone(), page.filter.clone());
        let BuildPage { after, size, .. } = page;
        to_the_end(async move {
            let page = BuildPage {
                filter: &filter,
                after,
                size,
            };
            store.builds_within(page, (PATIENCE, LIMIT)).await
        })
        .await
    }

    /// Lists builds; ends after the first stretch at which the time is up. It fails if not
    /// even the shortest stretch can be looked at within the `limit`.
    pub(in crate::store) async fn builds_within(
        &self,
        page: BuildPage<'_>,
        (patience, limit): (Duration, Duration),
    ) -> Result<Listed> {
        let mut snapshot = self.readers.snapshot_within(limit).await?;
        let mut builds: Vec<Build> = Vec::new();
        let Some((oldest, newest)) = bounds(&mut snapshot, &page).await? else {
            return Ok(Listed { builds, next: None });
        };
        let began = Instant::now();
        let mut width = Width::of(page.filter);
        let mut until = newest;
        let mut among_newest = newest_of(&mut snapshot, page.filter, newest).await?;
        loop {
            let stretch = match among_newest.take() {
                Some(from) => width.first(Stretch {
                    from: from.max(oldest),
                    until,
                    by: By::Start,
                }),
                None => Stretch::before(page.filter, until, oldest, width.now),
            };
            let can_be_shorter = stretch.by != By::Length && width.can_shrink();
            let left = limit.saturating_sub(began.elapsed());
            let time = match (until < newest, can_be_shorter) {
                (true, true) => left.min(patience),
                // To have some left for a shorter one.
                (false, true) => left / 2,
                (_, false) => left,
            };
            snapshot.end_within(time)?;
            let started = Instant::now();
            let wanted = page.size + 1 - builds.len();
            let found = match look(&mut snapshot, &page, stretch, wanted).await {
                Ok(found) => found,
                Err(Error::TooMuch(_)) if until < newest && began.elapsed() >= patience => {
                    let next = Some(before(until + 1)?);
                    return Ok(Listed { builds, next });
                }
                Err(Error::TooMuch(_)) if can_be_shorter => {
                    width.shrink();
                    // A server takes nothing more in a transaction that failed.
                    drop(snapshot);
                    snapshot = self.readers.snapshot().await?;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let found_count = found.len();
            builds.extend(found);
            if builds.len() > page.size {
                builds.truncate(page.size);
                let next = builds.last().map(position);
                return Ok(Listed { builds, next });
            }
            if stretch.from <= oldest {
                return Ok(Listed { builds, next: None });
            }
            if began.elapsed() >= patience {
                let next = Some(before(stretch.from)?);
                return Ok(Listed { builds, next });
            }
            if stretch.by != By::Length {
                width.grow(if paths::is_by_name(page.filter) {
                    growth_to(wanted - found_count, found_count)
                } else {
                    growth_within(started.elapsed(), patience)
                });
            }
            until = stretch.from - 1;
        }
    }
}

async fn look(
    snapshot: &mut Snapshot,
    page: &BuildPage<'_>,
    stretch: Stretch,
    wanted: usize,
) -> Result<Vec<Build>> {
    let rows = select(page, stretch, wanted).fetch_all(snapshot).await?;
    rows.iter().map(rows::build).collect()
}

/// How long stretches are, in microseconds.
struct Width {
    now: i64,
    /// How long they may become: much more was too much.
    most: i64,
}

impl Width {
    fn of(filter: &Filter) -> Self {
        let is_all = paths::is_looked_up(filter);
        Self {
            now: if is_all { i64::MAX } else { FIRST },
            most: i64::MAX,
        }
    }

    /// Begins with one that was chosen.
    fn first(&mut self, stretch: Stretch) -> Stretch {
        self.now = (stretch.until - stretch.from).max(SHORTEST);
        stretch
    }

    /// Makes the next one longer.
    fn grow(&mut self, growth: i64) {
        let longer = self.now.saturating_mul(growth);
        self.now = longer.min(self.most);
        if self.now == self.most {
            // With care, for there may be less to look at further on.
            self.most = self.most.saturating_mul(2);
        }
    }

    fn can_shrink(&self) -> bool {
        self.now != i64::MAX && self.now > SHORTEST
    }

    fn shrink(&mut self) {
        self.now = (self.now / GROWTH).max(SHORTEST);
        self.most = self.now;
    }
}

/// Start times, both ends included, at which a list looks at once.
#[derive(Clone, Copy)]
struct Stretch {
    from: i64,
    until: i64,
    by: By,
}

/// What leads to the builds of a stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum By {
    /// What is asked for.
    Filter,
    /// When they started, whatever is asked for.
    Start,
    /// How long they took, for only a `paths::LONG` build can have started then and be asked
    /// for.
    Length,
}

impl Stretch {
    /// The one that ends with `until`, and is of `width` unless all of it is long.
    fn before(filter: &Filter, until: i64, oldest: i64, width: i64) -> Self {
        let (first, last) = if paths::is_looked_up(filter) || filter.end_time.is_unbounded() {
            (i64::MIN, i64::MAX)
        } else {
            paths::starts(filter.end_time)
        };
        let (from, by) = if until > last {
            (last + 1, By::Length)
        } else if until < first {
            (oldest, By::Length)
        } else {
            (until.saturating_sub(width).max(first), By::Filter)
        };
        Self {
            from: from.max(oldest),
            until,
            by,
        }
    }
}

/// How much longer the next stretch is to be, for so many to be in it, after one that had some.
/// To look for a name costs by how many repositories have it, however long the stretch is.
fn growth_to(wanted: usize, found: usize) -> i64 {
    let share = (wanted + wanted / 2).checked_div(found);
    share.map_or(GROWTH, |share| {
        i64::try_from(share).unwrap_or(GROWTH).max(1)
    })
}

/// How much longer the next stretch may be, after one that took so long.
fn growth_within(took: Duration, patience: Duration) -> i64 {
    let share = patience.as_micros() / 2 / took.as_micros().max(1);
    i64::try_from(share).unwrap_or(GROWTH).clamp(1, GROWTH)
}

fn position(build: &Build) -> Position {
    (build.record.facts.start_time, build.record.id)
}

/// The position from which all that started before a time comes: no id is greater.
fn before(time: i64) -> Result<Position> {
    let last = BuildId {
        run: RunId(i64::MAX),
        attempt: i32::MAX,
        repository: RepositoryId(i64::MAX),
    };
    let time = rows::read_time("build", "start_time", &"a list", time.saturating_sub(1))?;
    Ok((time, last))
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

/// When the oldest of the newest builds started that are to be looked at first, if any are.
async fn newest_of(snapshot: &mut Snapshot, filter: &Filter, newest: i64) -> Result<Option<i64>> {
    if !paths::is_by_name(filter) || !filter.end_time.is_unbounded() {
        return Ok(None);
    }
    let mut query = Query::new("SELECT start_time FROM build WHERE start_time <= ");
    query.push_bind(newest);
    query.push(" ORDER BY start_time DESC LIMIT 1 OFFSET ");
    query.push_bind(NEWEST);
    let row = query.fetch_optional(snapshot).await?;
    let from = row.map_or(Ok(i64::MIN), |row| row.try_get(0))?;
    Ok(Some(from))
}

/// The builds of a page that started within a stretch. Which ones is found out
/// first, from as little as possible; only these are read.
fn select(page: &BuildPage<'_>, stretch: Stretch, wanted: usize) -> Query {
    let filter = page.filter;
    let is_looked_up = paths::is_looked_up(filter);
    let mut query = Query::new("SELECT ");
    query.push(BUILD_COLUMNS).push(", ").push(SHOWN_COLUMNS);
    query.push(" FROM (SELECT b.start_time, b.run_id, b.run_attempt, b.repository_id FROM ");
    let by_pull_request = paths::is_by_pull_request(filter) && stretch.by == By::Filter;
    let times = (stretch.from, stretch.until);
    match stretch.by {
        By::Filter if by_pull_request => pull_requests::push_source(&mut query, filter, times),
        By::Filter => paths::push_source(&mut query, filter, ""),
        By::Start => paths::push_started_source(&mut query, times),
        By::Length => paths::push_long_source(&mut query, filter.end_time, ""),
    }
    push_condition(&mut query, filter);
    paths::push_hints(&mut query, filter);
    if !is_looked_up {
        query.push(" AND b.start_time >= ").push_bind(stretch.from);
        query.push(" AND b.start_time <= ").push_bind(stretch.until);
    }
    // What has the order of the list.
    let ordered = |text: &str| {
        if by_pull_request {
            text.replace("b.", "p.")
        } else {
            text.to_owned()
        }
    };
    if let Some((start, id)) = page.after {
        query.push(ordered(
            " AND (b.start_time, b.run_id, b.run_attempt, b.repository_id) < (",
        ));
        let mut position = query.separated(", ");
        position
            .push_bind(start.as_microsecond())
            .push_bind(id.run.0)
            .push_bind(id.attempt)
            .push_bind(id.repository.0);
        query.push(")");
    }
    query.push(if is_looked_up || stretch.by != By::Filter {
        // An index that has this order is not to be preferred for it.
        NEWEST_FIRST.replace("b.start_time", "b.start_time + 0")
    } else {
        ordered(NEWEST_FIRST)
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

#[cfg(test)]
pub(in crate::store) fn stretch(filter: &Filter, by: By) -> Query {
    let page = BuildPage {
        filter,
        after: None,
        size: 50,
    };
    let stretch = Stretch {
        from: 0,
        until: i64::MAX,
        by,
    };
    select(&page, stretch, 51)
}

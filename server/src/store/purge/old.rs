//! What is deleted by its age: runs that have been over for long, and the jobs of such.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::FutureExt as _;
use jiff::Timestamp;

use super::{
    super::{
        Store, builds,
        db::{self, Connection, Query},
    },
    RUNS_AT_A_TIME, cursor,
    jobs::delete_jobs,
    runs::{Run, delete_runs, run_of},
};
use crate::{
    Result,
    model::{BuildRecord, RepositoryId, RunId},
};

/// An order in which to go through builds, along an index.
struct Order {
    /// The time they are put in order by.
    time: &'static str,
    condition: &'static str,
}

/// By their end.
const ENDED: Order = Order {
    time: "end_time",
    condition: "end_time IS NOT NULL",
};
/// The same, those whose jobs may be there.
const ENDED_WITH_JOBS: Order = Order {
    time: "end_time",
    condition: "end_time IS NOT NULL AND NOT jobs_deleted",
};
/// Those whose end was never heard of, by their start.
const SILENT: Order = Order {
    time: "start_time",
    condition: "end_time IS NULL",
};

/// How far along an order somebody is.
#[derive(Clone, Copy, Debug)]
struct Place {
    time: i64,
    /// How many builds of just this time were looked at and left.
    passed: i64,
}

impl Place {
    const START: Self = Self {
        time: i64::MIN,
        passed: 0,
    };
}

/// Some runs all attempts of which are quiet.
struct Page {
    runs: BTreeMap<Run, Vec<BuildRecord>>,
    /// Where to go on. None at the end.
    next: Option<Place>,
}

impl Store {
    /// Deletes the runs of which nothing was heard since a time. Says how many
    /// builds are gone.
    pub(crate) async fn delete_old_builds(&self, until: Timestamp) -> Result<usize> {
        let mut count = 0;
        for order in [&ENDED, &SILENT] {
            let mut place = Some(Place::START);
            while let Some(from) = place {
                let step = self.purge_builds(move |connection, _| {
                    async move {
                        let page = page(connection, order, from, until).await?;
                        let runs: BTreeSet<Run> = page.runs.into_keys().collect();
                        let deleted = delete_runs(connection, &runs).await?;
                        Ok(((deleted.builds, page.next), deleted.unfolded))
                    }
                    .boxed()
                });
                let (deleted, next) = step.await?;
                count += deleted;
                place = next;
            }
        }
        Ok(count)
    }

    /// Deletes the jobs of runs that have been over since a time. Says of how many
    /// builds.
    pub(crate) async fn delete_old_jobs(&self, until: Timestamp) -> Result<usize> {
        let mut count = 0;
        let mut place = Some(Place::START);
        while let Some(from) = place {
            let step = self.purge(move |connection, _| jobs(connection, from, until).boxed());
            let (deleted, next) = step.await?;
            count += deleted;
            place = next;
        }
        Ok(count)
    }
}

/// Deletes the jobs of some runs. Says of how many builds, and where to go on.
async fn jobs(
    connection: &mut Connection,
    from: Place,
    until: Timestamp,
) -> Result<(usize, Option<Place>)> {
    // Since the last step, a commit may have set it back, or another server went on.
    let time = cursor::of(&mut *connection, cursor::JOBS).await?;
    // With a longer setting than before, what came meanwhile was not looked at.
    let time = time.min(until.as_microsecond());
    let passed = if time == from.time { from.passed } else { 0 };
    let page = page(connection, &ENDED_WITH_JOBS, Place { time, passed }, until).await?;
    let builds = page.runs.values().flatten();
    let builds = builds.filter(|build| !build.jobs_deleted);
    let builds: Vec<_> = builds.map(|build| build.id).collect();
    delete_jobs(connection, &builds).await?;
    let time = page.next.map_or(until.as_microsecond(), |next| next.time);
    cursor::set(connection, cursor::JOBS, time).await?;
    Ok((builds.len(), page.next))
}

/// Finds some runs that are quiet since a time.
async fn page(
    connection: &mut Connection,
    order: &Order,
    from: Place,
    until: Timestamp,
) -> Result<Page> {
    let mut query = Query::new("SELECT run_id, repository_id, ");
    query.push(order.time).push(" AS place FROM build WHERE ");
    query.push(order.condition).push(" AND ");
    query.push(order.time).push(" >= ").push_bind(from.time);
    query.push(" AND ").push(order.time).push(" <= ");
    query.push_bind(until.as_microsecond());
    query.push(" ORDER BY ").push(order.time).push(" LIMIT ");
    query.push_bind(RUNS_AT_A_TIME).push(" OFFSET ");
    query.push_bind(from.passed);
    let rows = query.fetch_all(&mut *connection).await?;
    let found = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
    let runs = quiet(connection, found.iter().map(|(run, _)| *run), until).await?;
    let full = i64::try_from(rows.len()) == Ok(RUNS_AT_A_TIME);
    let next = found.last().filter(|_| full).map(|(_, last)| {
        let left = found
            .iter()
            .filter(|(run, time)| time == last && !runs.contains_key(run));
        let left = i64::try_from(left.count()).unwrap_or_default();
        let before = if *last == from.time { from.passed } else { 0 };
        Place {
            time: *last,
            passed: before + left,
        }
    });
    Ok(Page { runs, next })
}

fn read(row: &db::Row) -> Result<(Run, i64)> {
    let run = RunId(row.try_get("run_id")?);
    let repository = RepositoryId(row.try_get("repository_id")?);
    Ok(((run, repository), row.try_get("place")?))
}

/// Of some runs those all attempts of which are quiet.
async fn quiet(
    connection: &mut Connection,
    runs: impl Iterator<Item = Run>,
    until: Timestamp,
) -> Result<BTreeMap<Run, Vec<BuildRecord>>> {
    let asked: BTreeSet<Run> = runs.collect();
    let ids: BTreeSet<i64> = asked.iter().map(|(run, _)| run.0).collect();
    let ids: Vec<i64> = ids.into_iter().collect();
    let mut runs: BTreeMap<Run, Vec<BuildRecord>> = BTreeMap::new();
    for build in builds::of_runs(connection, &ids).await? {
        runs.entry(run_of(build.id)).or_default().push(build);
    }
    runs.retain(|run, attempts| {
        asked.contains(run) && attempts.iter().all(|build| build.is_quiet_since(until))
    });
    Ok(runs)
}

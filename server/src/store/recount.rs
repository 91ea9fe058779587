//! A recount: what is kept of builds is worked out anew from all rows, and compared.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    Store, attempts, builds,
    db::{Connection, Query, query},
    jobs, open, rollup, rows, sql,
};
use crate::{
    Result,
    model::{BuildId, BuildRecord},
};

/// How many runs are looked at together.
const RUNS: i64 = 256;
/// How many differences are listed; the others are counted.
const MOST_DIFFERENCES: usize = 20;

/// What a recount found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Recounted {
    /// How many builds were examined.
    pub(crate) builds: u64,
    /// Of how many pull requests each of them is, added up.
    pub(super) pull_requests: i64,
    /// The days in UTC on which they ended.
    pub(crate) days: BTreeSet<Date>,
    /// How many differences there are.
    pub(crate) difference_count: u64,
    /// The first ones.
    pub(crate) differences: Vec<Difference>,
}

/// Something that is kept and is not what follows from the rows.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// What is kept, in words.
    pub(crate) series: String,
    /// Of which day, if it is of one.
    pub(crate) day: Option<Date>,
    /// What is kept of it.
    pub(crate) kept: String,
    /// What follows from the rows.
    pub(crate) recounted: String,
}

impl Recounted {
    /// Notes a difference, if there is one.
    pub(super) fn compare<T: PartialEq>(
        &mut self,
        series: impl FnOnce() -> String,
        day: Option<Date>,
        (kept, recounted): (&T, &T),
        show: impl Fn(&T) -> String,
    ) {
        if kept == recounted {
            return;
        }
        self.difference_count += 1;
        if self.differences.len() < MOST_DIFFERENCES {
            self.differences.push(Difference {
                series: series(),
                day,
                kept: show(kept),
                recounted: show(recounted),
            });
        }
    }
}

impl Store {
    /// Works out anew what follows from attempts and jobs, and what builds add up to, and
    /// compares it with what is kept. All of it is read from one state of the database; builds are taken in
    /// meanwhile.
    pub(crate) async fn recount(&self) -> Result<Recounted> {
        let mut snapshot = open::snapshot(&self.database).await?;
        let mut recounted = Recounted::default();
        let mut after = None;
        loop {
            let runs = next_runs(&mut snapshot, after).await?;
            let Some(last) = runs.last() else { break };
            after = Some(*last);
            recount_runs(&mut snapshot, &runs, &mut recounted).await?;
        }
        builds::recount_pull_requests(&mut snapshot, &mut recounted).await?;
        rollup::recount(&mut snapshot, &mut recounted).await?;
        snapshot.close().await?;
        Ok(recounted)
    }
}

async fn next_runs(snapshot: &mut Connection, after: Option<i64>) -> Result<Vec<i64>> {
    let rows = runs_after(after).fetch_all(snapshot).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Asks for some runs, those behind one if there is one.
pub(super) fn runs_after(after: Option<i64>) -> Query {
    // No other condition: with an OR, each page would walk the index from its start.
    query("SELECT DISTINCT run_id FROM build WHERE run_id > $1 ORDER BY run_id LIMIT $2")
        .bind(after.unwrap_or(i64::MIN))
        .bind(RUNS)
}

async fn recount_runs(
    snapshot: &mut Connection,
    runs: &[i64],
    recounted: &mut Recounted,
) -> Result<()> {
    let kept = builds::of_runs(snapshot, runs).await?;
    let kept_ends = kept_ends(snapshot, runs).await?;
    let mut spans = jobs::spans(snapshot, runs).await?;
    let mut fresh = kept.clone();
    // Where jobs were deleted for their age, what was worked out of them stays.
    for build in fresh.iter_mut().filter(|build| !build.jobs_deleted) {
        build.jobs = spans.remove(&build.id).unwrap_or_default();
    }
    attempts::mark(snapshot, fresh.iter_mut()).await?;
    for (kept, fresh) in kept.iter().zip(&fresh) {
        let kept_end = kept_ends.get(&kept.id).copied().flatten();
        compare(recounted, kept, kept_end, fresh);
    }
    Ok(())
}

/// What is kept as the end of each build, for whoever searches by it.
async fn kept_ends(
    snapshot: &mut Connection,
    runs: &[i64],
) -> Result<BTreeMap<BuildId, Option<Timestamp>>> {
    let mut ends = BTreeMap::new();
    for chunk in sql::padded(runs) {
        let mut query = Query::new(
            "SELECT run_id, run_attempt, repository_id, end_time FROM build WHERE run_id IN (",
        );
        sql::push_list(&mut query, &chunk);
        query.push(")");
        for row in query.fetch_all(&mut *snapshot).await? {
            let id = attempts::read(&row)?;
            ends.insert(id, rows::maybe_time(&row, "build", "end_time", id)?);
        }
    }
    Ok(ends)
}

fn compare(
    recounted: &mut Recounted,
    kept: &BuildRecord,
    kept_end: Option<Timestamp>,
    fresh: &BuildRecord,
) {
    let day = fresh
        .end_time()
        .map(|end| end.to_zoned(TimeZone::UTC).date());
    recounted.builds += 1;
    recounted.pull_requests += builds::count_pull_requests(fresh);
    recounted.days.extend(day);
    let of = |column: &'static str| move || format!("{column} of build {}", kept.id);
    let at = |time: &Option<Timestamp>| time.map_or_else(|| "unset".into(), |it| it.to_string());
    let ends = (&kept_end, &fresh.end_time());
    recounted.compare(of("end_time"), day, ends, at);
    let starts = (&kept.jobs.start, &fresh.jobs.start);
    recounted.compare(of("jobs_start_time"), day, starts, at);
    let ends = (&kept.jobs.end, &fresh.jobs.end);
    recounted.compare(of("jobs_end_time"), day, ends, at);
    let created = (&kept.facts.create_time, &fresh.facts.create_time);
    recounted.compare(of("create_time"), day, created, Timestamp::to_string);
    for (column, kept, fresh) in [
        ("jobs_open", kept.jobs.open, fresh.jobs.open),
        ("latest_attempt", kept.latest_attempt, fresh.latest_attempt),
        ("counted", kept.counted, fresh.counted),
    ] {
        recounted.compare(of(column), day, (&kept, &fresh), bool::to_string);
    }
    let missing = (&kept.missing_attempts, &fresh.missing_attempts);
    recounted.compare(of("missing_attempts"), day, missing, i32::to_string);
}

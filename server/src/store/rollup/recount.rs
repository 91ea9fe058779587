//! Counting builds again: to see that rollups are right, and to make them where there are none.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{ToSpan as _, civil::Date};

use super::{
    DAY, change,
    content::Content,
    default_branch::{self, DefaultBranches},
    fold::{self, read_content, read_key},
    key::Key,
    start_of_day,
};
use crate::{
    Result,
    model::Ended,
    store::{
        db::{self, Connection, Executor, Query},
        recount::Recounted,
        rows, sql,
    },
};

/// Rows of `rollup_state`: whether there are the rollups of all builds, and those of all
/// default branches.
const BUILDS: i64 = 1;
const DEFAULT_BRANCHES: i64 = 2;

/// Makes the rollups of builds that were there before them.
pub(in crate::store) async fn complete(connection: &mut Connection) -> Result<()> {
    if !is_complete(connection, BUILDS).await? {
        tracing::info!("summing up the builds that are there; this takes minutes for ten million");
        connection.begin_write().await?;
        make(connection).await?;
    } else if !is_complete(connection, DEFAULT_BRANCHES).await? {
        tracing::info!("summing up default branches");
        connection.begin_write().await?;
        default_branch::make(connection).await?;
    } else {
        return Ok(());
    }
    let complete = db::query("UPDATE rollup_state SET complete = TRUE");
    complete.execute(&mut *connection).await?;
    connection.end("COMMIT").await?;
    Ok(())
}

async fn is_complete(connection: &mut Connection, what: i64) -> Result<bool> {
    let state = db::query("SELECT complete FROM rollup_state WHERE id = $1").bind(what);
    let row = state.fetch_one(connection).await?;
    Ok(row.try_get(0)?)
}

/// Makes them from all builds.
async fn make(connection: &mut Connection) -> Result<()> {
    for statement in ["DELETE FROM rollup_change", "DELETE FROM rollup"] {
        db::query(statement).execute(&mut *connection).await?;
    }
    let branches = DefaultBranches::all(&mut (&mut *connection).into()).await?;
    for day in days(&mut (&mut *connection).into()).await? {
        let rollups = count(&mut (&mut *connection).into(), day, &branches).await?;
        fold::write(connection, &Vec::from_iter(rollups)).await?;
    }
    Ok(())
}

/// Counts all builds of a snapshot again, day by day, and compares.
pub(in crate::store) async fn recount(
    snapshot: &mut Connection,
    recounted: &mut Recounted,
) -> Result<()> {
    let there = There::look(snapshot).await?;
    let mut days = BTreeSet::from_iter(days(&mut (&mut *snapshot).into()).await?);
    days.extend(&there.days);
    let changes = change::unfolded(&mut *snapshot).await?;
    let branches = DefaultBranches::all(&mut (&mut *snapshot).into()).await?;
    for day in days {
        let expected = count(&mut (&mut *snapshot).into(), day, &branches).await?;
        let mut kept = kept(snapshot, &there, day, recounted).await?;
        let of_day = changes.iter().filter(|c| super::day(c.build.time) == day);
        for (key, content) in fold::sum(of_day, &branches) {
            kept.entry(key).or_default().add(&content, 1);
        }
        kept.retain(|_, content| !content.is_empty());
        compare(recounted, &kept, &expected);
    }
    Ok(())
}

/// The days on which builds ended.
async fn days(executor: &mut Executor<'_>) -> Result<Vec<i32>> {
    let mut days = Vec::new();
    let mut from = i64::MIN;
    // From each day to the next one, by the index.
    loop {
        let row = db::query("SELECT MIN(end_time) FROM build WHERE end_time >= $1")
            .bind(from)
            .fetch_one(executor.again())
            .await?;
        let Some(end): Option<i64> = row.try_get(0)? else {
            return Ok(days);
        };
        let day = i32::try_from(end.div_euclid(DAY)).unwrap_or(i32::MAX);
        days.push(day);
        from = start_of_day(day) + DAY;
    }
}

/// Of what there are rollups, whether there should be or not: so that each of them is looked at
/// when its day is, by the index.
#[derive(Default)]
pub(in crate::store) struct There {
    kinds: BTreeSet<i32>,
    repositories: BTreeSet<i64>,
    days: BTreeSet<i32>,
}

impl There {
    pub(in crate::store) async fn look(snapshot: &mut Connection) -> Result<Self> {
        let mut there = Self::default();
        db::query("SELECT DISTINCT kind, repository_id, day FROM rollup")
            .fetch_each(&mut *snapshot, |row| -> Result<()> {
                there.kinds.insert(row.try_get("kind")?);
                there.repositories.insert(row.try_get("repository_id")?);
                there.days.insert(row.try_get("day")?);
                Ok(())
            })
            .await?;
        // Those of a repository that is known need not be named.
        let known = db::query("SELECT id FROM repository").fetch_all(snapshot);
        for row in known.await? {
            there.repositories.remove(&row.try_get(0)?);
        }
        Ok(there)
    }

    /// A query for the rollups of a day. Kinds and repositories first, for the index.
    pub(in crate::store) fn of_day(&self, day: i32) -> Query {
        let mut query = Query::new(
            "SELECT kind, repository_id, day, name, workflow_id, builds, total, slots FROM rollup
             WHERE kind IN (",
        );
        sql::push_list(&mut query, &self.kinds);
        query.push(") AND repository_id IN (SELECT id FROM repository");
        if !self.repositories.is_empty() {
            query.push(" UNION ALL ");
            query.push_values(&self.repositories, |mut row, id| {
                row.push_bind(id);
            });
        }
        query.push(") AND day = ").push_bind(day);
        query
    }
}

/// What the builds of a day add up to.
async fn count(
    executor: &mut Executor<'_>,
    day: i32,
    branches: &DefaultBranches,
) -> Result<BTreeMap<Key, Content>> {
    let mut sums: BTreeMap<Key, Content> = BTreeMap::new();
    let mut query = Query::new("SELECT ");
    query.push(rows::BUILD_COLUMNS);
    query.push(" FROM build b WHERE b.end_time >= ");
    query.push_bind(start_of_day(day));
    query.push(" AND b.end_time < ");
    query.push_bind(start_of_day(day) + DAY);
    query
        .fetch_each(executor.again(), |row| -> Result<()> {
            if let Some(build) = Ended::of(&rows::build_record(&row)?) {
                for key in Key::of(&build, branches) {
                    sums.entry(key).or_default().count(&build, 1);
                }
            }
            Ok(())
        })
        .await?;
    Ok(sums)
}

/// What is kept of a day.
async fn kept(
    snapshot: &mut Connection,
    there: &There,
    day: i32,
    recounted: &mut Recounted,
) -> Result<BTreeMap<Key, Content>> {
    let rows = if there.kinds.is_empty() {
        Vec::new()
    } else {
        there.of_day(day).fetch_all(snapshot).await?
    };
    let mut kept = BTreeMap::new();
    for row in rows {
        let (key, content) = (read_key(&row)?, read_content(&row)?);
        let number: i64 = row.try_get("builds")?;
        let numbers = (&number, &content.total.builds());
        let series = || format!("number of builds of rollup {key}");
        recounted.compare(series, date(day), numbers, i64::to_string);
        kept.insert(key, content);
    }
    Ok(kept)
}

fn compare(
    recounted: &mut Recounted,
    kept: &BTreeMap<Key, Content>,
    expected: &BTreeMap<Key, Content>,
) {
    let mut keys: Vec<&Key> = expected.keys().chain(kept.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        let series = || format!("rollup {key}");
        let both = (&kept.get(key), &expected.get(key));
        recounted.compare(series, date(key.day), both, |content| match content {
            Some(content) => format!("{} builds", content.total.builds()),
            None => "nothing".to_owned(),
        });
    }
}

fn date(day: i32) -> Option<Date> {
    let first = Date::new(1970, 1, 1).ok()?;
    first.checked_add(i64::from(day).days()).ok()
}

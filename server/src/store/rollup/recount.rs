//! Counting builds again: to see that rollups are right, and to make them where there are none.

use std::collections::BTreeMap;

use jiff::{ToSpan as _, civil::Date};

use super::{
    DAY,
    change::{self, Change},
    content::Content,
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
        rows,
    },
};

/// Makes the rollups of builds that were there before there were rollups.
pub(in crate::store) async fn complete(connection: &mut Connection) -> Result<()> {
    let row = db::query("SELECT complete FROM rollup_state WHERE id = 1")
        .fetch_one(&mut *connection)
        .await?;
    if row.try_get(0)? {
        return Ok(());
    }
    tracing::info!("summing up the builds that are there; this takes a minute for ten million");
    connection.begin_write().await?;
    for statement in ["DELETE FROM rollup_change", "DELETE FROM rollup"] {
        db::query(statement).execute(&mut *connection).await?;
    }
    for day in days(&mut (&mut *connection).into()).await? {
        let rollups = count(&mut (&mut *connection).into(), day).await?;
        fold::write(connection, &Vec::from_iter(rollups)).await?;
    }
    db::query("UPDATE rollup_state SET complete = TRUE WHERE id = 1")
        .execute(&mut *connection)
        .await?;
    connection.end("COMMIT").await?;
    Ok(())
}

/// Counts all builds of a snapshot again, day by day, and compares.
pub(in crate::store) async fn recount(
    snapshot: &mut Connection,
    recounted: &mut Recounted,
) -> Result<()> {
    let mut days = days(&mut (&mut *snapshot).into()).await?;
    days.extend(kept_days(&mut *snapshot).await?);
    days.sort_unstable();
    days.dedup();
    let (_, changes) = change::unfolded(&mut *snapshot).await?;
    for day in days {
        let expected = count(&mut (&mut *snapshot).into(), day).await?;
        let kept = kept(snapshot, &changes, day, recounted).await?;
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

async fn kept_days(snapshot: &mut Connection) -> Result<Vec<i32>> {
    let rows = db::query("SELECT day FROM rollup WHERE kind = 1 AND repository_id = 0")
        .fetch_all(snapshot)
        .await?;
    let days = rows.iter().map(|row| row.try_get(0));
    Ok(days.collect::<Result<_, _>>()?)
}

/// What the builds of a day add up to.
async fn count(executor: &mut Executor<'_>, day: i32) -> Result<BTreeMap<Key, Content>> {
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
                for key in Key::of(&build) {
                    sums.entry(key).or_default().count(&build, 1);
                }
            }
            Ok(())
        })
        .await?;
    Ok(sums)
}

/// What is kept of a day, with what is not folded in yet.
async fn kept(
    snapshot: &mut Connection,
    changes: &[Change],
    day: i32,
    recounted: &mut Recounted,
) -> Result<BTreeMap<Key, Content>> {
    let rows = db::query(
        "SELECT kind, repository_id, day, name, workflow_id, builds, total, slots FROM rollup
         WHERE kind IN (1, 2, 3, 4, 5, 6, 7)
           AND (repository_id = 0 OR repository_id IN (SELECT id FROM repository))
           AND day = $1",
    )
    .bind(day)
    .fetch_all(snapshot)
    .await?;
    let mut kept = BTreeMap::new();
    for row in rows {
        let (key, content) = (read_key(&row)?, read_content(&row)?);
        let number: i64 = row.try_get("builds")?;
        let numbers = (&number, &content.total.builds());
        let series = || format!("number of builds of rollup {key}");
        recounted.compare(series, date(day), numbers, i64::to_string);
        kept.insert(key, content);
    }
    let of_day = changes.iter().filter(|c| super::day(c.build.time) == day);
    for (key, content) in fold::sum(of_day) {
        let sum: &mut Content = kept.entry(key).or_default();
        sum.add(&content);
    }
    kept.retain(|_, content| !content.is_empty());
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

//! Summing intervals up from rollups.

use super::{
    change,
    content::{Content, decode_total},
    layout::Layout,
    scope::Scope,
};
use crate::{
    Result,
    model::{Intervals, TimeRange},
    store::{
        db::{self, Snapshot},
        metrics::{Counter, slice},
    },
};

/// How many days may be cut before the half hours of all days are read.
const FEW_CUT: usize = 8;

/// At most how many builds some intervals have, of all that there are.
pub(in crate::store) async fn at_most(
    snapshot: &mut Snapshot,
    intervals: &Intervals,
) -> Result<i64> {
    let first = intervals.start.map_or(i32::MIN, super::day);
    let last = intervals.range().end.map_or(i32::MAX, super::day);
    let kept = db::query(
        "SELECT CAST(COALESCE(SUM(builds), 0) AS BIGINT) FROM rollup
         WHERE kind = 1 AND repository_id = 0 AND day >= $1 AND day <= $2",
    )
    .bind(first)
    .bind(last);
    let kept: i64 = kept.fetch_one(&mut *snapshot).await?.try_get(0)?;
    let changes = db::query("SELECT CAST(COALESCE(SUM(builds), 0) AS BIGINT) FROM rollup_change");
    let changes: i64 = changes.fetch_one(snapshot).await?.try_get(0)?;
    Ok(kept + changes)
}

/// Adds up what rollups hold of some intervals. Gives the rest of them, which is
/// to be read from the builds.
pub(in crate::store) async fn read(
    snapshot: &mut Snapshot,
    scope: &Scope<'_>,
    intervals: &Intervals,
    counter: &mut Counter,
) -> Result<Vec<TimeRange>> {
    let layout = Layout::of(intervals);
    if let Some(days) = layout.days() {
        read_kept(snapshot, scope, &layout, days, 1, counter).await?;
        if let Some(hidden) = scope.hidden() {
            read_kept(snapshot, &hidden, &layout, days, -1, counter).await?;
        }
        let changes = change::unfolded(&mut *snapshot).await?;
        for (slice, change) in scope.choose(snapshot, &changes).await? {
            if let Some(index) = layout.index(change.build.time) {
                counter.change((slice, index), &change.build.finished, change.times)?;
            }
        }
    }
    Ok(layout.rest)
}

/// Adds up the rollups of a scope, `times` being -1 for those of what is hidden.
async fn read_kept(
    snapshot: &mut Snapshot,
    scope: &Scope<'_>,
    layout: &Layout,
    days: (i32, i32),
    times: i64,
    counter: &mut Counter,
) -> Result<()> {
    let cut = layout.cut_days();
    let columns = match &cut[..] {
        [] => "b.day, b.total, NULL AS slots".to_owned(),
        few if few.len() <= FEW_CUT => {
            let few: Vec<String> = few.iter().map(i32::to_string).collect();
            let few = few.join(", ");
            format!("b.day, b.total, CASE WHEN b.day IN ({few}) THEN b.slots END AS slots")
        }
        _ => "b.day, b.total, b.slots".to_owned(),
    };
    let query = scope.select(&columns, days, times < 0);
    query
        .fetch_each(snapshot, |row| {
            let total = row.try_get("total")?;
            let slots: Option<&[u8]> = row.try_get("slots")?;
            let content = match slots {
                Some(slots) => Content::decode(total, slots)?,
                None => Content {
                    total: decode_total(total)?,
                    ..Content::default()
                },
            };
            let slice = slice(&row, scope.dimension)?;
            layout.share(row.try_get("day")?, &content, |index, part| {
                counter.add((slice.clone(), index), part, times)
            })
        })
        .await
}

//! Counting what runs now: that is little, however long the history is.

use std::collections::HashMap;

use super::{
    super::{
        db::{Query, Snapshot},
        filter::push_condition,
    },
    Dimension, Slice,
    builds::{Way, push_slice},
    slice,
};
use crate::{
    Result,
    model::{Filter, TimeRange},
};

/// Counts the builds of a filter that run now, whenever those ended that it asks for.
pub(super) async fn count(
    snapshot: &mut Snapshot,
    filter: &Filter,
    dimension: Option<Dimension>,
) -> Result<HashMap<Slice, usize>> {
    let mut counts = HashMap::new();
    for row in select(filter, dimension).fetch_all(snapshot).await? {
        let running: i64 = row.try_get("running")?;
        let running = usize::try_from(running).unwrap_or_default();
        counts.insert(slice(&row, dimension)?, running);
    }
    Ok(counts)
}

fn select(filter: &Filter, dimension: Option<Dimension>) -> Query {
    let filter = Filter {
        end_time: TimeRange::default(),
        ..filter.clone()
    };
    let mut query = Query::new("SELECT COUNT(*) AS running");
    push_slice(&mut query, &filter, dimension, Way::Running);
    query.push("b.end_time IS NULL AND b.latest_attempt AND ");
    push_condition(&mut query, &filter);
    if dimension.is_some() {
        query.push(
            " GROUP BY slice_repository, slice_value, slice_repository_id, slice_workflow_id",
        );
    }
    query
}

/// What is asked for when what runs is counted.
#[cfg(test)]
pub(in crate::store) fn statement(filter: &Filter, dimension: Option<Dimension>) -> Query {
    select(filter, dimension)
}

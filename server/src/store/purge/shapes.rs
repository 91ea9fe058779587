//! Deleting what jobs have in common once the last of them is gone.

use futures_util::FutureExt as _;

use super::super::{
    Store,
    db::{self, Connection},
};
use crate::Result;

/// How many shapes one write looks at.
const AT_A_TIME: i64 = 500;

/// A shape, in the order in which they are looked at.
type Place = (i64, i32);

impl Store {
    /// Deletes the shapes that no job has.
    pub(crate) async fn delete_unused_shapes(&self) -> Result<u64> {
        let mut count = 0;
        let mut place = Some((0, 0));
        while let Some(after) = place {
            let step = self.purge(move |connection, _| step(connection, after).boxed());
            let (deleted, next) = step.await?;
            count += deleted;
            place = next;
        }
        Ok(count)
    }
}

/// Looks at the shapes after one; says how many it deleted, and where to go on.
async fn step(connection: &mut Connection, after: Place) -> Result<(u64, Option<Place>)> {
    let last = db::query(
        "SELECT repository_id, number FROM job_shape
         WHERE (repository_id, number) > ($1, $2)
         ORDER BY repository_id, number LIMIT 1 OFFSET $3",
    )
    .bind(after.0)
    .bind(after.1)
    .bind(AT_A_TIME - 1)
    .fetch_optional(&mut *connection)
    .await?;
    let next = match &last {
        Some(row) => Some((row.try_get(0)?, row.try_get(1)?)),
        None => None,
    };
    let until = next.unwrap_or((i64::MAX, i32::MAX));
    let deleted = db::query(
        "DELETE FROM job_shape
         WHERE (repository_id, number) > ($1, $2) AND (repository_id, number) <= ($3, $4)
           AND NOT EXISTS (
               SELECT 1 FROM job j
               WHERE j.repository_id = job_shape.repository_id AND j.shape = job_shape.number)",
    )
    .bind(after.0)
    .bind(after.1)
    .bind(until.0)
    .bind(until.1)
    .execute(connection)
    .await?;
    Ok((deleted, next))
}

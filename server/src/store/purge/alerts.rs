//! Deleting alerts and incidents by their age.

use futures_util::FutureExt as _;
use jiff::Timestamp;

use super::{
    super::{
        Store,
        db::{self, Connection},
    },
    Left,
};
use crate::Result;

/// How many one write deletes of each.
const ROWS_AT_A_TIME: i64 = 1000;

impl Store {
    /// Deletes alerts that were raised by a time, and incidents that were resolved by then.
    /// Says how many. What an open incident was told stays: else it is told again, and its
    /// recovery never.
    pub(crate) async fn delete_old_alerts(&self, until: Timestamp) -> Result<u64> {
        let mut count = 0;
        loop {
            let step = self.purge(move |connection, _| step(connection, until).boxed());
            let (deleted, left) = step.await?;
            count += deleted;
            if left == Left::Nothing {
                return Ok(count);
            }
        }
    }
}

async fn step(connection: &mut Connection, until: Timestamp) -> Result<(u64, Left)> {
    let mut count = 0;
    for statement in [
        "DELETE FROM alert WHERE id IN
            (SELECT id FROM alert WHERE create_time <= $1 AND state <> 'pending'
               AND NOT EXISTS (SELECT 1 FROM incident i
                               WHERE i.id = alert.incident_id AND i.resolve_time IS NULL)
             LIMIT $2)",
        "DELETE FROM incident WHERE id IN
            (SELECT id FROM incident WHERE open_time <= $1 AND resolve_time <= $1 LIMIT $2)",
    ] {
        count += db::query(statement)
            .bind(until.as_microsecond())
            .bind(ROWS_AT_A_TIME)
            .execute(&mut *connection)
            .await?;
    }
    let left = if count > 0 {
        Left::Something
    } else {
        Left::Nothing
    };
    Ok((count, left))
}

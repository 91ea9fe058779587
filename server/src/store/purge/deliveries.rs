//! Deleting what was delivered: first the bodies, later the rows.

use futures_util::FutureExt as _;
use jiff::Timestamp;

use super::{
    super::{
        Store,
        db::{self, Connection},
    },
    AT_A_TIME, cursor,
};
use crate::Result;

impl Store {
    /// Deletes the payloads that were received by a time; that they came is kept.
    /// Says how many.
    pub(crate) async fn delete_old_payloads(&self, until: Timestamp) -> Result<u64> {
        let until = until.as_microsecond();
        let mut count = 0;
        loop {
            let step = self.purge(move |connection, _| payloads(connection, until).boxed());
            match step.await? {
                0 => return Ok(count),
                some => count += some,
            }
        }
    }

    /// Deletes the deliveries that were received by a time. Says how many.
    pub(crate) async fn delete_old_deliveries(&self, until: Timestamp) -> Result<u64> {
        let mut count = 0;
        loop {
            let step = self.purge(move |connection, _| {
                async move {
                    let deleted = db::query(
                        "DELETE FROM delivery WHERE guid IN (
                             SELECT guid FROM delivery WHERE receive_time <= $1
                             ORDER BY receive_time LIMIT $2)",
                    )
                    .bind(until.as_microsecond())
                    .bind(AT_A_TIME)
                    .execute(connection)
                    .await?;
                    Ok(deleted)
                }
                .boxed()
            });
            match step.await? {
                0 => return Ok(count),
                some => count += some,
            }
        }
    }
}

async fn payloads(connection: &mut Connection, until: i64) -> Result<u64> {
    let from = cursor::of(&mut *connection, cursor::PAYLOADS).await?;
    let rows = db::query(
        "SELECT guid, receive_time FROM delivery
         WHERE receive_time >= $1 AND receive_time <= $2 AND payload IS NOT NULL
         ORDER BY receive_time LIMIT $3",
    )
    .bind(from.min(until))
    .bind(until)
    .bind(AT_A_TIME)
    .fetch_all(&mut *connection)
    .await?;
    let guids = rows.iter().map(|row| row.try_get::<String, _>("guid"));
    let guids: Vec<String> = guids.collect::<Result<_, _>>()?;
    let mut deleted = 0;
    for chunk in super::super::sql::padded(&guids) {
        let mut query = db::Query::new("UPDATE delivery SET payload = NULL WHERE guid IN (");
        super::super::sql::push_list(&mut query, &chunk);
        query.push(")");
        deleted += query.execute(&mut *connection).await?;
    }
    let time = match rows.last() {
        Some(row) => row.try_get("receive_time")?,
        None => until,
    };
    cursor::set(connection, cursor::PAYLOADS, time).await?;
    Ok(deleted)
}

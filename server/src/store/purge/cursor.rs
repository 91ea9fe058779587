//! Up to where something was deleted, kept so that a restart does not search it again.

use super::super::db::{self, Connection, Executor};
use crate::Result;

/// The jobs of builds, by their end.
pub(super) const JOBS: &str = "jobs";
/// The payloads of deliveries, by their receipt.
pub(super) const PAYLOADS: &str = "payloads";
/// The shapes of jobs, by repository and number: no times.
pub(super) const SHAPE_REPOSITORY: &str = "shape repository";
pub(super) const SHAPE_NUMBER: &str = "shape number";

/// Up to where, in microseconds.
pub(super) async fn of<'c>(executor: impl Into<Executor<'c>>, name: &'static str) -> Result<i64> {
    let row = db::query("SELECT until_time FROM retention_cursor WHERE name = $1")
        .bind(name)
        .fetch_optional(executor)
        .await?;
    Ok(row.map_or(Ok(i64::MIN), |row| row.try_get(0))?)
}

/// Sets it back, if it is beyond a time.
pub(super) async fn set_back(
    connection: &mut Connection,
    name: &'static str,
    time: i64,
) -> Result<()> {
    db::query("UPDATE retention_cursor SET until_time = $2 WHERE name = $1 AND until_time > $2")
        .bind(name)
        .bind(time)
        .execute(connection)
        .await?;
    Ok(())
}

/// Keeps it.
pub(super) async fn set(connection: &mut Connection, name: &'static str, time: i64) -> Result<()> {
    db::query(
        "INSERT INTO retention_cursor (name, until_time) VALUES ($1, $2)
         ON CONFLICT (name) DO UPDATE SET until_time = excluded.until_time",
    )
    .bind(name)
    .bind(time)
    .execute(connection)
    .await?;
    Ok(())
}

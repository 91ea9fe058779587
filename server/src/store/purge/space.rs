//! Giving the room of what was deleted back to the disk. `PostgreSQL` does that itself: its
//! autovacuum lets new rows take the place of old ones.

use futures_util::FutureExt as _;

use super::super::{
    Store,
    db::{self, Connection},
};
use crate::Result;

/// How many pages one step moves.
const STEP: i64 = 256;
/// Fewer free pages than these are left for what comes next.
const KEPT: i64 = 1024;
/// And so is one of so many pages of the file.
const PART: i64 = 16;

impl Store {
    /// Shrinks the file while much of it is unused, or on a full disk, any of it.
    pub(crate) async fn give_space_back(&self) -> Result<()> {
        let mut moved = false;
        while self.shrink().await? {
            moved = true;
        }
        if moved {
            // Only then the file is cut.
            self.writer.checkpoint().await?;
        }
        Ok(())
    }

    async fn shrink(&self) -> Result<bool> {
        let is_full = self.is_disk_full();
        let shrinking = self.purge(move |connection, _| shrink(connection, is_full).boxed());
        shrinking.await
    }
}

/// Moves some pages from the end of the file to where there are free ones; says
/// whether it is worth to go on.
async fn shrink(connection: &mut Connection, is_full: bool) -> Result<bool> {
    if matches!(connection, Connection::Postgres(_)) {
        return Ok(false);
    }
    let free = number(connection, "PRAGMA freelist_count").await?;
    let all = number(connection, "PRAGMA page_count").await?;
    let kept = if is_full { 0 } else { KEPT.max(all / PART) };
    if free <= kept {
        return Ok(false);
    }
    let mut query = db::Query::new("PRAGMA incremental_vacuum(");
    query.push((free - kept).min(STEP).to_string()).push(")");
    query.execute(connection).await?;
    Ok(true)
}

async fn number(connection: &mut Connection, pragma: &'static str) -> Result<i64> {
    let row = db::query(pragma).fetch_one(connection).await?;
    Ok(row.try_get(0)?)
}

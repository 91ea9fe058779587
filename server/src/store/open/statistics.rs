//! What `SQLite` is told of how builds are distributed, so that it goes by the right index.
//!
//! Always the same, of a large installation: plans that followed what is measured would
//! change one day, and a small database is fast by any plan. `PostgreSQL` measures by
//! itself.

use sqlx::{Connection as _, SqliteConnection};

use crate::Result;

/// For each index: all rows, and how many of them the first, the first two, and so on
/// of its columns have in common.
const OF_BUILDS: [(&str, &str); 13] = [
    ("sqlite_autoindex_build_1", "10000000 1 1 1"),
    ("build_start", "10000000 1 1 1 1"),
    ("build_repository_start", "10000000 10000 1 1 1"),
    ("build_branch_start", "10000000 2000 2000 100 1 1 1"),
    ("build_workflow_start", "10000000 100000 1000 1 1 1"),
    ("build_conclusion_start", "3000000 300000 500 1 1 1"),
    ("build_workflow_branch", "10000000 10000 1000 50 1 1 1 1"),
    ("build_actor_start", "10000000 10000 1 1 1 1"),
    ("build_event_start", "2000000 300000 1 1 1 1"),
    ("build_end", "10000000 1"),
    ("build_running", "1000 1"),
    ("build_long", "50000 1 1"),
    ("build_commit", "10000000 2"),
];

/// Makes them known to all connections that are opened from now on.
pub(super) async fn settle(connection: &mut SqliteConnection) -> Result<()> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    // Makes the table that they are in.
    sqlx::query("ANALYZE write_probe")
        .execute(&mut *transaction)
        .await?;
    sqlx::query("DELETE FROM sqlite_stat1")
        .execute(&mut *transaction)
        .await?;
    for (index, statistics) in OF_BUILDS {
        sqlx::query("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('build', $1, $2)")
            .bind(index)
            .bind(statistics)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    sqlx::query("ANALYZE sqlite_schema")
        .execute(connection)
        .await?;
    Ok(())
}

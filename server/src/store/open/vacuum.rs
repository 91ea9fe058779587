//! When `PostgreSQL` tidies up tables that change a lot.

use sqlx::{Executor as _, PgConnection};

use crate::Result;

/// Of large ones it would wait until a fifth of all rows is dead: gigabytes, through which
/// who counts by an index has to look. Small ones turn over in a minute.
const SETTINGS: [(&str, &str); 6] = [
    (
        "build",
        "ALTER TABLE build SET (autovacuum_vacuum_scale_factor = 0.02)",
    ),
    (
        "job",
        "ALTER TABLE job SET (autovacuum_vacuum_scale_factor = 0.02)",
    ),
    (
        "delivery",
        "ALTER TABLE delivery SET (autovacuum_vacuum_scale_factor = 0.02)",
    ),
    (
        "rollup",
        "ALTER TABLE rollup SET (autovacuum_vacuum_scale_factor = 0.02)",
    ),
    (
        "change",
        "ALTER TABLE change SET (autovacuum_vacuum_scale_factor = 0,
                                 autovacuum_vacuum_threshold = 1000)",
    ),
    (
        "rollup_change",
        "ALTER TABLE rollup_change SET (autovacuum_vacuum_scale_factor = 0,
                                        autovacuum_vacuum_threshold = 1000)",
    ),
];

/// Sets that for tables of which nobody set anything. It is no matter if it can not be done
/// now: a dump may hold a table.
pub(super) async fn settle(connection: &mut PgConnection) -> Result<()> {
    let unset: Vec<String> = sqlx::query_scalar(
        "SELECT CAST(relname AS TEXT) FROM pg_class
         WHERE relkind = 'r' AND reloptions IS NULL AND pg_table_is_visible(oid)",
    )
    .fetch_all(&mut *connection)
    .await?;
    for (table, setting) in SETTINGS {
        if unset.iter().any(|it| it == table)
            && let Err(error) = connection.execute(setting).await
        {
            tracing::warn!(%error, "{table} is tidied up as seldom as before: {error}");
        }
    }
    Ok(())
}

//! Brings a database to the schema of this version, and refuses one that it does not know.

use std::sync::LazyLock;

use sqlx::migrate::{AppliedMigration, Migrate, MigrateError, Migration, Migrator};

use super::migrations;
use crate::{Error, Result};

/// Where it is written down which migrations a database has.
const TABLE: &str = "_sqlx_migrations";

/// What `PostgreSQL` says when a lock is not to be had in time.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// What to do about the schema of a database that is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// Make the database if there is none, and bring it to the schema of this version.
    Migrate,
    /// Open it only if it has the schema of this version.
    Require,
    /// Take it as it is: what is asked of it does not depend on that.
    AsItIs,
}

/// From which schema to which a database was brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// The number of the schema that it had; zero if there was none.
    pub from: i64,
    /// The number of the schema that it has.
    pub to: i64,
}

/// Brings a database to the schema of this version, while nobody else does. Each migration
/// is one transaction together with the note that it ran, so whoever is killed in between
/// leaves all of it or nothing.
pub(super) async fn bring<C: Migrate>(connection: &mut C) -> Result<Migrated> {
    connection.lock().await?;
    connection.ensure_migrations_table(TABLE).await?;
    let applied = connection.list_applied_migrations(TABLE).await?;
    let migrator = migrations();
    require_known(&migrator, &applied)?;
    run_missing(connection, &migrator, &applied).await?;
    connection.unlock().await?;
    Ok(Migrated {
        from: latest(applied.iter().map(|it| it.version)),
        to: latest(migrator.iter().map(|it| it.version)),
    })
}

/// Says in the log what became of the database.
pub(super) fn note(Migrated { from, to }: Migrated) {
    match from {
        0 => tracing::info!("made the tables of the database, schema {to}"),
        from if from < to => tracing::info!("brought the database from schema {from} to {to}"),
        _ => {}
    }
}

/// Refuses a database that has not the schema of this version.
pub(super) async fn require<C: Migrate>(connection: &mut C) -> Result<()> {
    connection.ensure_migrations_table(TABLE).await?;
    let applied = connection.list_applied_migrations(TABLE).await?;
    let migrator = migrations();
    require_known(&migrator, &applied)?;
    require_latest(&migrator, &applied)
}

/// The number of the schema of this version.
pub(super) fn known() -> i64 {
    static KNOWN: LazyLock<i64> =
        LazyLock::new(|| latest(migrations().iter().map(|it| it.version)));
    *KNOWN
}

async fn run_missing<C: Migrate>(
    connection: &mut C,
    migrator: &Migrator,
    applied: &[AppliedMigration],
) -> Result<()> {
    let is_missing = |it: &&Migration| applied.iter().all(|done| done.version != it.version);
    for migration in migrator.iter().filter(is_missing) {
        let Migration { version, .. } = migration;
        tracing::info!(
            "bringing the database to schema {version} ({})",
            migration.description
        );
        let applied = connection.apply(TABLE, migration).await;
        applied.map_err(|error| failed(*version, error))?;
    }
    Ok(())
}

/// Why a migration did not run. It left nothing.
fn failed(version: i64, error: MigrateError) -> Error {
    if let MigrateError::ExecuteMigration(sqlx::Error::Database(problem), _) = &error
        && problem.code().as_deref() == Some(LOCK_NOT_AVAILABLE)
    {
        return Error::Config(format!(
            "another program holds a table that schema {version} changes, such as a dump that \
             runs; nothing was changed: wait for its end, and start again"
        ));
    }
    Error::Migration(error)
}

/// Refuses what another version of Lampboard left: nothing is known of what it holds.
fn require_known(migrator: &Migrator, applied: &[AppliedMigration]) -> Result<()> {
    let (has, knows) = (
        latest(applied.iter().map(|it| it.version)),
        latest(migrator.iter().map(|it| it.version)),
    );
    let this = env!("CARGO_PKG_VERSION");
    if has > knows {
        return Err(Error::Config(format!(
            "a newer Lampboard has brought it to schema {has}, and this one, {this}, knows schemas \
             up to {knows}; nothing was changed: run the newer Lampboard, or put back a backup \
             from before it first ran"
        )));
    }
    for done in applied {
        let ours = migrator.iter().find(|it| it.version == done.version);
        if ours.is_none_or(|ours| ours.checksum != done.checksum) {
            return Err(Error::Config(format!(
                "its schema {has} was not made by a released Lampboard: its migration {} is not \
                 the one that this Lampboard, {this}, has; nothing was changed: run the build that \
                 made it, or put back a backup from before that",
                done.version
            )));
        }
    }
    Ok(())
}

fn require_latest(migrator: &Migrator, applied: &[AppliedMigration]) -> Result<()> {
    let (has, knows) = (
        latest(applied.iter().map(|it| it.version)),
        latest(migrator.iter().map(|it| it.version)),
    );
    if applied.len() == migrator.iter().count() {
        return Ok(());
    }
    Err(Error::Config(format!(
        "it has schema {has}, and this Lampboard, {}, works with schema {knows}: make a backup, \
         then run `lampboard migrate`",
        env!("CARGO_PKG_VERSION")
    )))
}

fn latest(versions: impl Iterator<Item = i64>) -> i64 {
    versions.max().unwrap_or_default()
}

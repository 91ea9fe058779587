//! `lampboard migrate`: brings the database to the schema of this version, and ends.

use anyhow::Context as _;
use lampboard_server::{Database, Migrated};

use super::parts;
use crate::args::MigrateArgs;

/// Migrates, and says from what to what.
pub(crate) async fn run(args: MigrateArgs) -> anyhow::Result<()> {
    let database = args.database.database()?;
    if matches!(database, Database::Sqlite(_)) {
        parts::make_data_folder(&args.database, &database)?;
    }
    let Migrated { from, to } = lampboard_server::migrate(&database)
        .await
        .with_context(|| parts::can_not_open(&database))?;
    match from {
        0 => println!("made the database, with schema {to}"),
        from if from < to => println!("brought the database from schema {from} to {to}"),
        _ => println!("the database has schema {to} already: there was nothing to do"),
    }
    Ok(())
}

//! A database of `PostgreSQL`.

use std::str::FromStr as _;

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{
    Executor as _, PgConnection, Row as _, migrate::Migrate as _, postgres::PgConnectOptions,
};

use super::{
    super::{
        db::{Connection, Pool, Readers, query},
        rollup,
    },
    BUSY_TIMEOUT, Migrated, schema, session, vacuum,
};
use crate::{Error, Result};

/// How many statements a connection keeps prepared: texts of lists come in several
/// lengths.
const STATEMENTS: usize = 500;

/// Held by whoever writes, until its transaction ends: as in `SQLite`, there is one writer at
/// a time, however many servers there are. So what was read before a merge still stands when
/// its outcome is written, and commits have an order.
///
/// Then, in the same round trip, asks for the schema: once the lock is had, it stays.
pub(in crate::store) const BEGIN: &str = "BEGIN; SELECT pg_advisory_xact_lock(7813251902247351); \
     SELECT MAX(version) FROM _sqlx_migrations";
/// The same lock, held by whoever changes the schema, over several transactions.
const LOCK_WRITERS: &str = "SELECT pg_advisory_lock(7813251902247351)";
const UNLOCK_WRITERS: &str = "SELECT pg_advisory_unlock(7813251902247351)";

/// Begins to write, unless the schema is not that of this version any more: what was right
/// of the one could be wrong of the other.
pub(in crate::store) async fn begin_write(connection: &mut PgConnection) -> Result<()> {
    let rows = connection.fetch_all(BEGIN).await?;
    let schema = rows.last().ok_or(sqlx::Error::RowNotFound)?;
    let schema: Option<i64> = schema.try_get(0)?;
    if schema == Some(schema::known()) {
        return Ok(());
    }
    Err(Error::Outdated)
}

/// Opens the one connection of this process that writes.
pub(super) async fn writer(url: &SecretString) -> Result<PgConnection> {
    let mut connection = session::connect(&options(url)?).await?;
    session::require(&mut connection).await?;
    session::keep_durable(&mut connection).await?;
    Ok(connection)
}

/// Brings the database to the schema of this version. Whoever comes while another server
/// does, waits as long as that takes. Servers of an older version that run can not write
/// meanwhile, and see afterwards that they are outdated.
pub(super) async fn migrate(mut connection: PgConnection) -> Result<(Connection, Migrated)> {
    connection.execute("SET lock_timeout = 0").await?;
    connection.lock().await?;
    connection.execute(LOCK_WRITERS).await?;
    // A table that somebody holds is not waited for so long: all others would wait
    // behind us.
    connection.execute("RESET lock_timeout").await?;
    let migrated = schema::bring(&mut connection).await?;
    vacuum::settle(&mut connection).await?;
    connection.unlock().await?;
    // Whoever comes by now waits for the other lock, for as long as this takes.
    let mut connection = Connection::Postgres(connection);
    rollup::complete(&mut connection).await?;
    query(UNLOCK_WRITERS).fetch_one(&mut connection).await?;
    Ok((connection, migrated))
}

/// Opens so many connections that read.
pub(super) async fn readers(url: &SecretString, count: u32) -> Result<Pool> {
    let options = options(url)?.options([("default_transaction_read_only", "on")]);
    let readers = Readers::open(options, count, BUSY_TIMEOUT).await?;
    Ok(Pool::Postgres(readers))
}

/// Opens one connection that reads, for what takes long.
pub(super) async fn reader(url: &SecretString) -> Result<PgConnection> {
    let mut connection = session::connect(&options(url)?).await?;
    session::unhurried(&mut connection).await?;
    Ok(connection)
}

/// A name that no other server has.
pub(super) async fn new_origin(connection: &mut Connection) -> Result<String> {
    let row = query("SELECT CAST(gen_random_uuid() AS TEXT)")
        .fetch_one(connection)
        .await?;
    Ok(row.try_get(0)?)
}

/// How many bytes the database takes.
pub(super) async fn size(readers: &Pool) -> Result<u64> {
    let row = query("SELECT pg_database_size(current_database())")
        .fetch_one(readers)
        .await?;
    let size: i64 = row.try_get(0)?;
    Ok(u64::try_from(size).unwrap_or_default())
}

fn options(url: &SecretString) -> Result<PgConnectOptions> {
    // What is wrong with it may hold the password.
    let options = PgConnectOptions::from_str(url.expose_secret()).map_err(|_| {
        Error::Config("the database must be postgres://USER:PASSWORD@HOST/NAME".to_owned())
    })?;
    Ok(session::settings(options)
        .application_name("lampboard")
        .statement_cache_capacity(STATEMENTS))
}

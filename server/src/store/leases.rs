//! Leases of installations: given, kept and taken over in turns, by the clock of the database where
//! servers share one.

use futures_util::FutureExt as _;
use jiff::Timestamp;

use super::{
    Store,
    db::{self, Connection, Executor, Pool, Query, Row},
    rows, sql,
};
use crate::{
    Clock, Error, Result,
    model::{
        HOLD, HoldRequest, InstallationId, InstallationLease, InstallationState, WHOLE_APP,
        share_of,
    },
};

/// For how long GitHub is asked about an installation that is said to be gone: it
/// may have been wrong.
const ASK_AFTER_ALL: jiff::SignedDuration = jiff::SignedDuration::from_mins(10);

impl Store {
    /// Gives an app what it is to hold from now on.
    pub(crate) async fn hold(&self, request: HoldRequest) -> Result<Vec<InstallationLease>> {
        self.write(move |connection, now| hold(connection, request, now).boxed())
            .await
    }

    /// Who holds what.
    pub(crate) async fn holders(&self, now: Timestamp) -> Result<Vec<InstallationLease>> {
        let now = self.lease_time(now).await?;
        let mut query = select();
        query.push(" WHERE l.until_time > ");
        query.push_bind(now.as_microsecond());
        query.push(" ORDER BY l.installation_id");
        let rows = query.fetch_all(&self.readers).await?;
        rows.iter().map(read).collect()
    }

    /// The time by which leases count, which here is `now`.
    pub(super) async fn lease_time(&self, now: Timestamp) -> Result<Timestamp> {
        match &self.readers {
            Pool::Postgres(_) if self.clock.is_of_machine() => database_time(&self.readers).await,
            _ => Ok(now),
        }
    }
}

/// The time by which leases are given: of servers the clocks of which differ, each would give
/// away what another one has given.
pub(super) async fn time(connection: &mut Connection, clock: &Clock) -> Result<Timestamp> {
    match connection {
        Connection::Postgres(_) if clock.is_of_machine() => database_time(connection).await,
        _ => Ok(clock.now()),
    }
}

async fn database_time(executor: impl Into<Executor<'_>>) -> Result<Timestamp> {
    let time = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) AS now";
    let row = db::query(time).fetch_one(executor).await?;
    rows::time(&row, "clock", "now", "the database")
}

async fn hold(
    connection: &mut Connection,
    request: HoldRequest,
    now: Timestamp,
) -> Result<Vec<InstallationLease>> {
    ask(connection, &request.asked, now).await?;
    if request.leave {
        leave(connection, &request.holder).await?;
        return Ok(Vec::new());
    }
    let apps = join(connection, &request.holder, now).await?;
    let leases = all(connection, now).await?;
    let given = share_of(&request, leases, apps, now);
    for lease in &given {
        write(connection, lease).await?;
    }
    Ok(given)
}

/// Whether a lease of the App as a whole is still the one that counts.
pub(super) async fn require_whole_app(
    connection: &mut Connection,
    number: i64,
    now: Timestamp,
) -> Result<()> {
    let held = db::query(
        "SELECT 1 FROM installation_lease
         WHERE installation_id = $1 AND number = $2 AND until_time > $3",
    )
    .bind(WHOLE_APP.0)
    .bind(number)
    .bind(now.as_microsecond())
    .fetch_optional(connection)
    .await?;
    let problem = "another app reads GitHub's log of deliveries by now";
    held.map(drop).ok_or(Error::Precondition(problem))
}

/// Whether anybody else holds the App as a whole.
pub(super) async fn is_held_by_another(
    connection: &mut Connection,
    holder: &str,
    now: Timestamp,
) -> Result<bool> {
    let held = db::query(
        "SELECT 1 FROM installation_lease
         WHERE installation_id = $1 AND holder <> $2 AND until_time > $3",
    )
    .bind(WHOLE_APP.0)
    .bind(holder)
    .bind(now.as_microsecond())
    .fetch_optional(connection)
    .await?;
    Ok(held.is_some())
}

/// Adds that an installation, which `installation_id` names, is held by somebody.
pub(super) fn push_held_by(
    query: &mut Query,
    installation_id: &'static str,
    holder: &str,
    now: Timestamp,
) {
    push_held(query, installation_id, now);
    query.push(" AND l.holder = ");
    query.push_bind(holder);
    query.push(")");
}

/// Adds that nobody holds an installation.
pub(super) fn push_held_by_nobody(
    query: &mut Query,
    installation_id: &'static str,
    now: Timestamp,
) {
    query.push("NOT ");
    push_held(query, installation_id, now);
    query.push(")");
}

fn push_held(query: &mut Query, installation_id: &'static str, now: Timestamp) {
    query.push("EXISTS (SELECT 1 FROM installation_lease l WHERE l.installation_id = ");
    query.push(installation_id);
    query.push(" AND l.until_time > ");
    query.push_bind(now.as_microsecond());
}

/// What it held is free at once.
async fn leave(connection: &mut Connection, holder: &str) -> Result<()> {
    db::query("DELETE FROM app_holder WHERE name = $1")
        .bind(holder)
        .execute(&mut *connection)
        .await?;
    db::query("UPDATE installation_lease SET until_time = 0 WHERE holder = $1")
        .bind(holder)
        .execute(connection)
        .await?;
    Ok(())
}

/// Counts an app in for as long as it may hold something; gives how many there are.
async fn join(connection: &mut Connection, holder: &str, now: Timestamp) -> Result<usize> {
    let until = now.saturating_add(HOLD).unwrap_or(Timestamp::MAX);
    db::query("DELETE FROM app_holder WHERE until_time <= $1")
        .bind(now.as_microsecond())
        .execute(&mut *connection)
        .await?;
    db::query(
        "INSERT INTO app_holder (name, until_time) VALUES ($1, $2)
         ON CONFLICT (name) DO UPDATE SET until_time = excluded.until_time",
    )
    .bind(holder)
    .bind(until.as_microsecond())
    .execute(&mut *connection)
    .await?;
    let row = db::query("SELECT COUNT(*) FROM app_holder")
        .fetch_one(connection)
        .await?;
    let count: i64 = row.try_get(0)?;
    Ok(usize::try_from(count).unwrap_or(1))
}

/// Notes that GitHub has to be asked about installations, known or not. Each time
/// is another one, so that no holder takes it for one that it has seen.
async fn ask(connection: &mut Connection, asked: &[InstallationId], now: Timestamp) -> Result<()> {
    for chunk in sql::chunks(asked) {
        let mut query = Query::new(
            "INSERT INTO installation_lease \
             (installation_id, holder, number, until_time, ask_time) ",
        );
        query.push_values(chunk, |mut row, id| {
            row.push_bind(id.0)
                .push("'', 0, 0")
                .push_bind(now.as_microsecond());
        });
        query.push(
            " ON CONFLICT (installation_id) DO UPDATE SET ask_time = \
              CASE WHEN installation_lease.ask_time >= excluded.ask_time \
                   THEN installation_lease.ask_time + 1 ELSE excluded.ask_time END",
        );
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// The leases of everything that is there to be held.
async fn all(connection: &mut Connection, now: Timestamp) -> Result<Vec<InstallationLease>> {
    db::query(
        "INSERT INTO installation_lease (installation_id, holder, number, until_time)
         SELECT id, '', 0, 0 FROM installation WHERE state <> $1
         ON CONFLICT (installation_id) DO NOTHING",
    )
    .bind(InstallationState::Deleted.word())
    .execute(&mut *connection)
    .await?;
    db::query(
        "INSERT INTO installation_lease (installation_id, holder, number, until_time)
         VALUES ($1, '', 0, 0) ON CONFLICT (installation_id) DO NOTHING",
    )
    .bind(WHOLE_APP.0)
    .execute(&mut *connection)
    .await?;
    let mut query = select();
    query.push(
        " LEFT JOIN installation i ON i.id = l.installation_id \
         WHERE COALESCE(i.state, '') <> ",
    );
    query.push_bind(InstallationState::Deleted.word());
    query.push(" OR l.ask_time > ");
    let recently = now.saturating_sub(ASK_AFTER_ALL).unwrap_or(Timestamp::MIN);
    query.push_bind(recently.as_microsecond());
    let rows = query.fetch_all(connection).await?;
    rows.iter().map(read).collect()
}

async fn write(connection: &mut Connection, lease: &InstallationLease) -> Result<()> {
    db::query(
        "UPDATE installation_lease SET holder = $2, number = $3, until_time = $4
         WHERE installation_id = $1",
    )
    .bind(lease.installation.0)
    .bind(lease.holder.as_str())
    .bind(lease.number)
    .bind(lease.until_time.as_microsecond())
    .execute(connection)
    .await?;
    Ok(())
}

fn select() -> Query {
    Query::new(
        "SELECT l.installation_id, l.holder, l.number, l.until_time, l.ask_time \
         FROM installation_lease l",
    )
}

fn read(row: &Row) -> Result<InstallationLease> {
    let installation = InstallationId(row.try_get("installation_id")?);
    Ok(InstallationLease {
        installation,
        holder: row.try_get("holder")?,
        number: row.try_get("number")?,
        until_time: rows::time(row, "installation_lease", "until_time", installation)?,
        ask_time: rows::maybe_time(row, "installation_lease", "ask_time", installation)?,
    })
}

//! The two databases behind one face: a statement is written once and runs on whichever is open.
//!
//! What differs between them is here and in `open`: nothing else of the store
//! knows which one it talks to.

mod deadline;
mod file;
mod query;
mod readers;
mod row;
mod value;

use std::time::Duration;

use sqlx::{
    AssertSqlSafe, Connection as _, Executor as _, PgConnection, Postgres, SqliteConnection,
    Transaction,
};

use super::open::{postgres, session};
use crate::{Error, error::AllInUse};
use deadline::Deadline;
use file::FileReader;
pub(super) use file::{FileConnection, FileReaders, FileSnapshot};
pub(super) use query::{Query, Separated, query};
pub(super) use readers::{Readers, Turn};
#[cfg(test)]
pub(super) use row::Column;
pub(super) use row::Row;
pub(super) use value::Value;

/// A plain BEGIN could not write any more once somebody else has.
const BEGIN_SQLITE: &str = "BEGIN IMMEDIATE";

/// Connections to be had by whoever reads.
#[derive(Clone)]
pub(super) enum Pool {
    /// To a file.
    File(FileReaders),
    /// To a server.
    Postgres(Readers),
}

impl Pool {
    /// Begins to read: all that the snapshot is asked is of this moment.
    pub(super) async fn snapshot(&self) -> Result<Snapshot, sqlx::Error> {
        Ok(match self {
            Self::File(pool) => Snapshot::File(FileSnapshot::begin(pool.acquire().await?)?),
            Self::Postgres(pool) => {
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ";
                let (transaction, turn) = pool.begin(begin).await?;
                let bounds = Bounds {
                    deadline: None,
                    _turn: turn,
                };
                Snapshot::Postgres(transaction, bounds)
            }
        })
    }

    /// Begins to read what may be much: what is asked of the snapshot until the time is up,
    /// however many statements that are, fails then (`Error::TooMuch`).
    pub(super) async fn snapshot_within(
        &self,
        patience: Duration,
    ) -> Result<Snapshot, sqlx::Error> {
        let mut snapshot = self.snapshot().await?;
        snapshot.end_within(patience)?;
        Ok(snapshot)
    }

    pub(super) async fn close(&self) {
        match self {
            Self::File(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

fn all_in_use() -> sqlx::Error {
    sqlx::Error::AnyDriverError(Box::new(AllInUse))
}

/// A connection, and above all the one that writes.
pub(super) enum Connection {
    /// To a file, for who prepares it or reads all of it: what it does is waited for.
    Sqlite(SqliteConnection),
    /// To a file, for who writes: what it does is done where it is called.
    File(FileConnection),
    /// To a server.
    Postgres(PgConnection),
}

impl Connection {
    /// Begins to write: from now until the end of the transaction nobody else does.
    pub(super) async fn begin_write(&mut self) -> Result<(), Error> {
        match self {
            Self::Sqlite(connection) => connection.execute(BEGIN_SQLITE).await.map(drop)?,
            // Nobody else has it, so it has the schema that it was opened with.
            Self::File(connection) => connection.run(BEGIN_SQLITE)?,
            Self::Postgres(connection) => postgres::begin_write(connection).await?,
        }
        Ok(())
    }

    /// Fails if the database may lose what it acknowledges. A file is opened so that it does not.
    pub(super) async fn require_durable(&mut self) -> Result<(), Error> {
        match self {
            Self::Sqlite(_) | Self::File(_) => Ok(()),
            Self::Postgres(connection) => session::require_durable(connection).await,
        }
    }

    /// Ends the transaction: with `COMMIT` what it did is durable when this returns.
    pub(super) async fn end(&mut self, statement: &'static str) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(connection) => connection.execute(statement).await.map(drop),
            Self::File(connection) => connection.run(statement),
            Self::Postgres(connection) => connection.execute(statement).await.map(drop),
        }
    }

    pub(super) async fn close(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(connection) => connection.close().await,
            Self::File(connection) => connection.close(),
            Self::Postgres(connection) => connection.close().await,
        }
    }
}

/// One state of the database, for several queries that must agree.
pub(super) enum Snapshot {
    /// Of a file.
    File(FileSnapshot),
    /// Of a server.
    Postgres(Transaction<'static, Postgres>, Bounds),
}

/// What a snapshot on a server has until it ends.
pub(super) struct Bounds {
    /// When its time is up.
    deadline: Option<Deadline>,
    _turn: Turn,
}

impl Snapshot {
    /// Gives it so much time from now on, whatever it was given before.
    pub(super) fn end_within(&mut self, patience: Duration) -> Result<(), sqlx::Error> {
        match self {
            Self::File(snapshot) => snapshot.end_within(patience)?,
            Self::Postgres(_, bounds) => {
                let told = bounds.deadline.take();
                bounds.deadline = Some(Deadline::after(patience, told));
            }
        }
        Ok(())
    }
}

/// What a query runs on.
pub(super) enum Executor<'c> {
    /// Any connection of a pool.
    Pool(&'c Pool),
    /// One connection to a file, in its transaction.
    Sqlite(&'c mut SqliteConnection),
    /// The same, of those that read.
    Reader(&'c mut FileReader),
    /// The one that writes to it.
    File(&'c mut FileConnection),
    /// One connection to a server, in its transaction.
    Postgres(&'c mut PgConnection),
    /// The same, until its time is up.
    Bounded(&'c mut PgConnection, &'c mut Deadline),
}

impl Executor<'_> {
    /// The same once more, for one of several queries.
    pub(super) fn again(&mut self) -> Executor<'_> {
        match self {
            Self::Pool(pool) => Executor::Pool(pool),
            Self::Sqlite(connection) => Executor::Sqlite(connection),
            Self::Reader(reader) => Executor::Reader(reader),
            Self::File(connection) => Executor::File(connection),
            Self::Postgres(connection) => Executor::Postgres(connection),
            Self::Bounded(connection, deadline) => Executor::Bounded(connection, deadline),
        }
    }
}

impl<'c> From<&'c Pool> for Executor<'c> {
    fn from(pool: &'c Pool) -> Self {
        Self::Pool(pool)
    }
}

impl<'c> From<&'c mut Connection> for Executor<'c> {
    fn from(connection: &'c mut Connection) -> Self {
        match connection {
            Connection::Sqlite(connection) => Self::Sqlite(connection),
            Connection::File(connection) => Self::File(connection),
            Connection::Postgres(connection) => Self::Postgres(connection),
        }
    }
}

impl<'c> From<&'c mut Snapshot> for Executor<'c> {
    fn from(snapshot: &'c mut Snapshot) -> Self {
        match snapshot {
            Snapshot::File(snapshot) => Self::Reader(snapshot.reader()),
            Snapshot::Postgres(transaction, bounds) => match &mut bounds.deadline {
                None => Self::Postgres(&mut *transaction),
                Some(deadline) => Self::Bounded(&mut *transaction, deadline),
            },
        }
    }
}

/// Runs the same on each database: over sqlx with the prepared statement and what it
/// runs on, on the connection that writes to a file with the query and that.
macro_rules! run {
    (
        $query:expr,
        $executor:expr,
        |$statement:ident, $on:ident| $sqlite:expr,
        $postgres:expr,
        |$asked:ident, $file:ident| $here:expr $(,)?
    ) => {{
        let $asked = $query;
        match $executor.into() {
            Executor::Pool(Pool::File(readers)) => {
                let mut reader = readers.acquire().await?;
                reader.with(|$file| $here)
            }
            Executor::Pool(Pool::Postgres(readers)) => {
                let (mut connection, _turn) = readers.acquire().await?;
                let $on = &mut *connection;
                let values = value::postgres($asked.values)?;
                let $statement = sqlx::query_with(AssertSqlSafe($asked.text), values);
                $postgres
            }
            Executor::Sqlite($on) => {
                let values = value::sqlite($asked.values)?;
                let $statement = sqlx::query_with(AssertSqlSafe($asked.text), values);
                $sqlite
            }
            Executor::Reader(reader) => reader.with(|$file| $here),
            Executor::File($file) => $here,
            Executor::Postgres($on) => {
                let values = value::postgres($asked.values)?;
                let $statement = sqlx::query_with(AssertSqlSafe($asked.text), values);
                $postgres
            }
            Executor::Bounded($on, deadline) => {
                deadline.keep(&mut *$on).await?;
                let values = value::postgres($asked.values)?;
                let $statement = sqlx::query_with(AssertSqlSafe($asked.text), values);
                $postgres
            }
        }
    }};
}

#[expect(
    clippy::disallowed_methods,
    reason = "the text of a Query is made of text in this crate; all else is bound"
)]
impl Query {
    /// Fetches all rows.
    pub(super) async fn fetch_all<'c>(
        self,
        executor: impl Into<Executor<'c>>,
    ) -> Result<Vec<Row>, sqlx::Error> {
        run!(
            self,
            executor,
            |statement, on| {
                let rows = statement.fetch_all(on).await?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            },
            {
                let rows = statement.fetch_all(on).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            },
            |query, file| file.fetch(query, usize::MAX),
        )
    }

    /// Fetches the first row, if there is one.
    pub(super) async fn fetch_optional<'c>(
        self,
        executor: impl Into<Executor<'c>>,
    ) -> Result<Option<Row>, sqlx::Error> {
        run!(
            self,
            executor,
            |statement, on| Ok(statement.fetch_optional(on).await?.map(Row::Sqlite)),
            Ok(statement.fetch_optional(on).await?.map(Row::Postgres)),
            |query, file| Ok(file.fetch(query, 1)?.pop()),
        )
    }

    /// Fetches the first row.
    pub(super) async fn fetch_one<'c>(
        self,
        executor: impl Into<Executor<'c>>,
    ) -> Result<Row, sqlx::Error> {
        let row = self.fetch_optional(executor).await?;
        row.ok_or(sqlx::Error::RowNotFound)
    }

    /// Hands each row over as it comes: there may be more than memory holds.
    pub(super) async fn fetch_each<'c, E: From<sqlx::Error>>(
        self,
        executor: impl Into<Executor<'c>>,
        mut each: impl FnMut(Row) -> Result<(), E>,
    ) -> Result<(), E> {
        use futures_util::TryStreamExt as _;
        run!(
            self,
            executor,
            |statement, on| {
                let mut rows = statement.fetch(on);
                while let Some(row) = rows.try_next().await? {
                    each(Row::Sqlite(row))?;
                }
                Ok(())
            },
            {
                let mut rows = statement.fetch(on);
                while let Some(row) = rows.try_next().await? {
                    each(Row::Postgres(row))?;
                }
                Ok(())
            },
            |query, file| file.fetch_each(query, each),
        )
    }

    /// Runs it; says how many rows it touched.
    pub(super) async fn execute<'c>(
        self,
        executor: impl Into<Executor<'c>>,
    ) -> Result<u64, sqlx::Error> {
        run!(
            self,
            executor,
            |statement, on| Ok(statement.execute(on).await?.rows_affected()),
            Ok(statement.execute(on).await?.rows_affected()),
            |query, file| file.execute(query),
        )
    }
}

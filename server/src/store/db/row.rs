//! A row that was fetched.

use sqlx::{Decode, Postgres, Row as _, Sqlite, Type, postgres::PgRow, sqlite::SqliteRow};

use super::file::{FileRow, FromValue, Place};

/// A type that both databases give a column as.
pub(in crate::store) trait Column<'r>:
    Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres> + FromValue<'r>
{
}

impl<'r, T> Column<'r> for T where
    T: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres> + FromValue<'r>
{
}

/// A row.
pub(in crate::store) enum Row {
    /// Of a file, as who reads it gets it.
    Sqlite(SqliteRow),
    /// Of a file, as who writes it gets it.
    File(FileRow),
    /// Of a server.
    Postgres(PgRow),
}

impl Row {
    /// Reads a column, by its name or its place.
    pub(in crate::store) fn try_get<'r, T: Column<'r>, I: Place>(
        &'r self,
        column: I,
    ) -> Result<T, sqlx::Error> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::File(row) => row.try_get(&column),
            Self::Postgres(row) => row.try_get(column),
        }
    }
}

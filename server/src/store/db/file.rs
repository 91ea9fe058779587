//! Connections to a file: a statement is run where it is called, at once.
//!
//! sqlx hands each statement to a thread of its own and waits for its answer, and
//! binds values in a time that grows with their square. Together that was a seventh
//! of what taking a delivery in cost.

mod failure;
mod readers;
mod row;

use std::{path::Path, sync::Arc, time::Duration};

use rusqlite::{Connection, OpenFlags, ToSql, types::ToSqlOutput};

use super::{Query, Row, Value};
use failure::failure;
pub(super) use readers::FileReader;
pub(in crate::store) use readers::{FileReaders, FileSnapshot};
pub(in crate::store) use row::{FileRow, FromValue, Place};

/// How many statements are kept prepared: more than the one that writes has texts.
const STATEMENTS: usize = 500;
/// The same of each that reads: what is asked for has many texts.
const READ_STATEMENTS: usize = 100;

/// A connection to a file.
pub(in crate::store) struct FileConnection(Connection);

impl FileConnection {
    /// Opens a file that is there.
    pub(in crate::store) fn open(path: &Path, busy_timeout: Duration) -> Result<Self, sqlx::Error> {
        Self::open_as(
            OpenFlags::SQLITE_OPEN_READ_WRITE,
            path,
            busy_timeout,
            STATEMENTS,
        )
    }

    /// The same for who only reads.
    pub(in crate::store) fn open_to_read(
        path: &Path,
        busy_timeout: Duration,
    ) -> Result<Self, sqlx::Error> {
        Self::open_as(
            OpenFlags::SQLITE_OPEN_READ_ONLY,
            path,
            busy_timeout,
            READ_STATEMENTS,
        )
    }

    fn open_as(
        flags: OpenFlags,
        path: &Path,
        busy_timeout: Duration,
        statements: usize,
    ) -> Result<Self, sqlx::Error> {
        // One thread at a time uses it, so it needs no locks.
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(failure)?;
        connection.busy_timeout(busy_timeout).map_err(failure)?;
        connection.set_prepared_statement_cache_capacity(statements);
        Ok(Self(connection))
    }

    /// Has statements fail once this is true. It is asked each so many steps.
    fn interrupt_when(
        &self,
        steps: i32,
        is_over: impl FnMut() -> bool + Send + 'static,
    ) -> Result<(), sqlx::Error> {
        let set = self.0.progress_handler(steps, Some(is_over));
        set.map_err(failure)
    }

    /// Has statements take as long as they need.
    fn interrupt_never(&self) -> Result<(), sqlx::Error> {
        self.0
            .progress_handler(0, None::<fn() -> bool>)
            .map_err(failure)
    }

    /// Runs statements that have no values.
    pub(in crate::store) fn run(&self, statements: &str) -> Result<(), sqlx::Error> {
        self.0.execute_batch(statements).map_err(failure)
    }

    /// Runs a statement; says how many rows it touched.
    pub(super) fn execute(&self, query: Query) -> Result<u64, sqlx::Error> {
        self.each(query, |_| Ok(true)).map_err(failure)?;
        Ok(self.0.changes())
    }

    /// Fetches the rows of a statement, the first ones of so many at most.
    pub(in crate::store) fn fetch(
        &self,
        query: Query,
        most: usize,
    ) -> Result<Vec<Row>, sqlx::Error> {
        let mut rows = Vec::new();
        self.each_row(query, |row| {
            rows.push(row);
            rows.len() < most
        })?;
        Ok(rows)
    }

    /// Hands each row over as it comes, until one is refused.
    pub(super) fn fetch_each<E: From<sqlx::Error>>(
        &self,
        query: Query,
        mut each: impl FnMut(Row) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut outcome = Ok(());
        self.each_row(query, |row| {
            outcome = each(row);
            outcome.is_ok()
        })?;
        outcome
    }

    pub(super) fn close(self) -> Result<(), sqlx::Error> {
        self.0.close().map_err(|(_, error)| failure(error))
    }

    fn each_row(
        &self,
        query: Query,
        mut wants_more: impl FnMut(Row) -> bool,
    ) -> Result<(), sqlx::Error> {
        let mut columns = None;
        self.each(query, |row| {
            let columns = columns.get_or_insert_with(|| row::columns(row));
            let row = FileRow::read(row, Arc::clone(columns))?;
            Ok(wants_more(Row::File(row)))
        })
        .map_err(failure)
    }

    /// Hands rows over as long as more of them are wanted.
    fn each(
        &self,
        query: Query,
        mut each: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<bool>,
    ) -> rusqlite::Result<()> {
        let mut statement = self.0.prepare_cached(&numbered(query.text))?;
        for (number, value) in (1..).zip(&query.values) {
            statement.raw_bind_parameter::<usize, _>(number, value)?;
        }
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            if !each(row)? {
                break;
            }
        }
        Ok(())
    }
}

/// Writes placeholders so that they are known by their numbers: `$2` is a name to
/// `SQLite`, `?2` is the second one. No text of ours has a dollar for anything else.
fn numbered(text: String) -> String {
    let mut text = text.into_bytes();
    for byte in &mut text {
        if *byte == b'$' {
            *byte = b'?';
        }
    }
    // One character of ASCII for another: it can not fail.
    String::from_utf8(text).unwrap_or_default()
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Big(value) => value.to_sql(),
            Self::Int(value) => value.to_sql(),
            Self::Bool(value) => value.to_sql(),
            Self::Text(value) => value.to_sql(),
            Self::Bytes(value) => value.to_sql(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::query, *};

    fn connection(folder: &tempfile::TempDir) -> FileConnection {
        let path = folder.path().join("file");
        std::fs::File::create(&path).unwrap();
        FileConnection::open(&path, Duration::ZERO).unwrap()
    }

    fn first(connection: &FileConnection, query: Query) -> Row {
        connection.fetch(query, 1).unwrap().remove(0)
    }

    #[test]
    fn values_go_to_their_placeholders_by_number() {
        let folder = tempfile::tempdir().unwrap();
        let connection = connection(&folder);
        let asked = query("SELECT $2, $1, $2").bind(1i64).bind("two");
        let row = first(&connection, asked);
        assert_eq!(row.try_get::<&str, _>(0).unwrap(), "two");
        assert_eq!(row.try_get::<i64, _>(1).unwrap(), 1);
        assert_eq!(row.try_get::<String, _>(2).unwrap(), "two");
    }

    #[test]
    fn columns_are_read_as_what_they_are_and_as_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let connection = connection(&folder);
        let asked = query("SELECT $1 AS big, $2 AS none, $3 AS bytes, 1.5 AS real, TRUE AS yes");
        let asked = asked.bind(1i64 << 40).bind(None::<i64>).bind(&b"\0"[..]);
        let row = first(&connection, asked);
        assert_eq!(row.try_get::<i64, _>("big").unwrap(), 1 << 40);
        assert!(row.try_get::<i32, _>("big").is_err());
        assert!(row.try_get::<String, _>("big").is_err());
        assert_eq!(row.try_get::<Option<i32>, _>("none").unwrap(), None);
        assert!(row.try_get::<i64, _>("none").is_err());
        assert_eq!(row.try_get::<Vec<u8>, _>("bytes").unwrap(), b"\0");
        assert!((row.try_get::<f64, _>("real").unwrap() - 1.5).abs() < f64::EPSILON);
        assert!(row.try_get::<bool, _>("yes").unwrap());
        assert!(row.try_get::<bool, _>("no").is_err());
        assert!(row.try_get::<bool, _>(5).is_err());
    }

    #[test]
    fn says_how_many_rows_it_touched() {
        let folder = tempfile::tempdir().unwrap();
        let connection = connection(&folder);
        connection
            .run("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)")
            .unwrap();
        let execute = |text| connection.execute(query(text)).unwrap();
        assert_eq!(execute("UPDATE t SET a = a + 1"), 2);
        assert_eq!(execute("UPDATE t SET a = 0 WHERE a > 5"), 0);
    }

    #[test]
    fn a_file_that_is_gone_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        assert!(FileConnection::open(&path, Duration::ZERO).is_err());
        assert!(!path.exists());
    }
}

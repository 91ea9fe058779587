//! A row of a file, and what its columns are read as.

use std::sync::Arc;

use rusqlite::types::Value;
use sqlx::{ColumnIndex, postgres::PgRow, sqlite::SqliteRow};

/// A row of a file.
pub(in crate::store) struct FileRow {
    values: Vec<Value>,
    columns: Arc<[Box<str>]>,
}

/// The names of the columns of a row.
pub(super) fn columns(row: &rusqlite::Row<'_>) -> Arc<[Box<str>]> {
    let names = row.as_ref().column_names().into_iter();
    names.map(Box::from).collect()
}

impl FileRow {
    pub(super) fn read(
        row: &rusqlite::Row<'_>,
        columns: Arc<[Box<str>]>,
    ) -> rusqlite::Result<Self> {
        let values = (0..columns.len()).map(|place| row.get(place));
        Ok(Self {
            values: values.collect::<Result<_, _>>()?,
            columns,
        })
    }

    /// Reads a column.
    pub(in crate::store) fn try_get<'r, T: FromValue<'r>>(
        &'r self,
        column: &impl Place,
    ) -> Result<T, sqlx::Error> {
        let place = column.among(&self.columns)?;
        let value = self.values.get(place);
        let value = value.ok_or(sqlx::Error::ColumnIndexOutOfBounds {
            index: place,
            len: self.values.len(),
        })?;
        T::from_value(value).ok_or_else(|| sqlx::Error::ColumnDecode {
            index: place.to_string(),
            source: format!("{} is not of the type", value.data_type()).into(),
        })
    }
}

/// What names a column: its name or its place.
pub(in crate::store) trait Place:
    ColumnIndex<SqliteRow> + ColumnIndex<PgRow>
{
    /// The place of the column among those of these names.
    fn among(&self, columns: &[Box<str>]) -> Result<usize, sqlx::Error>;
}

impl Place for usize {
    fn among(&self, _: &[Box<str>]) -> Result<usize, sqlx::Error> {
        Ok(*self)
    }
}

impl Place for &str {
    fn among(&self, columns: &[Box<str>]) -> Result<usize, sqlx::Error> {
        let place = columns.iter().position(|name| **name == **self);
        place.ok_or_else(|| sqlx::Error::ColumnNotFound((*self).to_owned()))
    }
}

/// What a value can be read as.
pub(in crate::store) trait FromValue<'r>: Sized {
    /// None if it is something else.
    fn from_value(value: &'r Value) -> Option<Self>;
}

macro_rules! from_value {
    ($($type:ty => $pattern:pat => $read:expr,)*) => {
        $(
            impl<'r> FromValue<'r> for $type {
                fn from_value(value: &'r Value) -> Option<Self> {
                    match value {
                        $pattern => $read,
                        _ => None,
                    }
                }
            }
        )*
    };
}

from_value! {
    i64 => Value::Integer(number) => Some(*number),
    i32 => Value::Integer(number) => (*number).try_into().ok(),
    bool => Value::Integer(number) => Some(*number != 0),
    f64 => Value::Real(number) => Some(*number),
    &'r str => Value::Text(text) => Some(text),
    &'r [u8] => Value::Blob(bytes) => Some(bytes),
    String => Value::Text(text) => Some(text.clone()),
    Vec<u8> => Value::Blob(bytes) => Some(bytes.clone()),
}

impl<'r, T: FromValue<'r>> FromValue<'r> for Option<T> {
    fn from_value(value: &'r Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}

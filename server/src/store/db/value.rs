//! A value that is bound to a statement.

use sqlx::{Arguments as _, postgres::PgArguments, sqlite::SqliteArguments};

/// A value, or none, of one of the few types that columns have.
#[derive(Clone, Debug)]
pub(in crate::store) enum Value {
    /// BIGINT.
    Big(Option<i64>),
    /// INTEGER.
    Int(Option<i32>),
    /// BOOLEAN.
    Bool(Option<bool>),
    /// TEXT.
    Text(Option<String>),
    /// BYTEA.
    Bytes(Option<Vec<u8>>),
}

macro_rules! values {
    ($($type:ty => |$value:ident| $variant:ident($inner:expr),)*) => {
        $(
            impl From<$type> for Value {
                fn from($value: $type) -> Self {
                    Self::$variant(Some($inner))
                }
            }

            impl From<Option<$type>> for Value {
                fn from(value: Option<$type>) -> Self {
                    Self::$variant(value.map(|$value| $inner))
                }
            }
        )*
    };
}

values! {
    i64 => |value| Big(value),
    &i64 => |value| Big(*value),
    i32 => |value| Int(value),
    &i32 => |value| Int(*value),
    bool => |value| Bool(value),
    &str => |value| Text(value.to_owned()),
    &&str => |value| Text((*value).to_owned()),
    String => |value| Text(value),
    &String => |value| Text(value.clone()),
    &[u8] => |value| Bytes(value.to_vec()),
    Vec<u8> => |value| Bytes(value),
}

macro_rules! bind_all {
    ($values:expr, $arguments:ty) => {{
        let mut arguments = <$arguments>::default();
        for value in $values {
            match value {
                Value::Big(value) => arguments.add(value),
                Value::Int(value) => arguments.add(value),
                Value::Bool(value) => arguments.add(value),
                Value::Text(value) => arguments.add(value),
                Value::Bytes(value) => arguments.add(value),
            }
            .map_err(sqlx::Error::Encode)?;
        }
        Ok(arguments)
    }};
}

pub(super) fn sqlite(values: Vec<Value>) -> Result<SqliteArguments, sqlx::Error> {
    bind_all!(values, SqliteArguments)
}

pub(super) fn postgres(values: Vec<Value>) -> Result<PgArguments, sqlx::Error> {
    bind_all!(values, PgArguments)
}

//! Whose fault an error is: of one report, or of the database.

use sqlx::{
    error::{DatabaseError, ErrorKind},
    postgres::PgDatabaseError,
};

use crate::Error;

/// What `PostgreSQL` says of values that can not be, of constraints that they break, and of what
/// is too large for it: classes of its codes.
const OF_VALUES: [&str; 3] = ["22", "23", "54"];
/// `SQLITE_TOOBIG`.
const TOO_BIG: &str = "18";

/// Whether an error is about what a report or a request says, or about a row that
/// it touches, and not about the database.
pub(super) fn is_of_one_report(error: &Error) -> bool {
    match error {
        Error::Database(sqlx::Error::Database(error)) => is_of_values(&**error),
        Error::Database(
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::Encode(_),
        )
        | Error::Stored { .. }
        | Error::NotFound(_)
        | Error::Precondition(_) => true,
        _ => false,
    }
}

fn is_of_values(error: &dyn DatabaseError) -> bool {
    if error.kind() != ErrorKind::Other {
        return true;
    }
    match error.try_downcast_ref::<PgDatabaseError>() {
        Some(error) => {
            let code = error.code();
            OF_VALUES.iter().any(|class| code.starts_with(class))
        }
        None => error.code().as_deref() == Some(TOO_BIG),
    }
}

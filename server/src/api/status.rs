//! From what went wrong to what the caller is told: the one table.

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt as _};

use crate::{Error, error::Violation};

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(violations) => invalid(violations),
            Error::NotFound(_) => Self::not_found(error.to_string()),
            Error::Precondition(why) => Self::failed_precondition(why),
            Error::Aborted(why) => Self::aborted(why),
            Error::Busy(why) => {
                tracing::warn!("refused for the moment: {why}");
                Self::resource_exhausted(why)
            }
            Error::TooMuch(why) => Self::resource_exhausted(why),
            Error::Stopping => Self::unavailable("the server is stopping"),
            Error::Database(_) | Error::Migration(_) | Error::Io { .. } => {
                tracing::error!(%error, "the database failed: {error}");
                Self::unavailable("the database can not be reached")
            }
            Error::Full | Error::ReadOnly | Error::NotDurable(_) | Error::Outdated => {
                tracing::warn!("refused for the moment: {error}");
                Self::unavailable(error.to_string())
            }
            // The cause was logged with the report that met it.
            Error::Unwritable => Self::unavailable("the database can not be written"),
            Error::Stored { .. } | Error::Config(_) | Error::InUse(_) => {
                tracing::error!(%error, "a call failed: {error}");
                Self::internal("something is wrong in the server; its log says what")
            }
        }
    }
}

/// One sentence for people, and every violation for programs.
fn invalid(violations: Vec<Violation>) -> Status {
    let message = violations
        .iter()
        .map(|violation| format!("{}: {}", violation.field, violation.problem))
        .collect::<Vec<_>>()
        .join("; ");
    let violations = violations
        .into_iter()
        .map(|violation| FieldViolation::new(violation.field, violation.problem))
        .collect::<Vec<_>>();
    Status::with_error_details(
        Code::InvalidArgument,
        message,
        ErrorDetails::with_bad_request(violations),
    )
}

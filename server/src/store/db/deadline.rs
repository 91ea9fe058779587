//! How long a snapshot on a server may be asked: the server is told of it.

use std::{
    borrow::Cow,
    error::Error,
    fmt,
    time::{Duration, Instant},
};

use sqlx::{
    PgConnection,
    error::{DatabaseError, ErrorKind},
};

/// How much longer than what is left a server may work on a statement: it is not worth a
/// round trip to tell it.
const SLACK: Duration = Duration::from_millis(100);

/// When all that a server is asked must be done.
pub(in crate::store) struct Deadline {
    end: Instant,
    /// How long the server lets a statement run, as it was told last.
    told: Option<Duration>,
}

impl Deadline {
    /// Begins now, in place of the one that the server knows.
    pub(super) fn after(patience: Duration, before: Option<Self>) -> Self {
        Self {
            end: Instant::now() + patience,
            told: before.and_then(|before| before.told),
        }
    }

    /// Sees to it that the next statement keeps it. Fails if nothing is left.
    pub(super) async fn keep(&mut self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let left = self.end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(sqlx::Error::Database(Box::new(TimeUp)));
        }
        if is_kept(self.told, left) {
            return Ok(());
        }
        // Zero would be without end.
        let left = left.max(Duration::from_millis(1));
        sqlx::query("SELECT set_config('statement_timeout', $1, TRUE)")
            .bind(left.as_millis().to_string())
            .execute(connection)
            .await?;
        self.told = Some(left);
        Ok(())
    }
}

/// Whether a server that was told so keeps about what is left, and no less.
fn is_kept(told: Option<Duration>, left: Duration) -> bool {
    told.is_some_and(|told| left <= told && told <= left + SLACK)
}

/// The time was up before a statement began: said as `PostgreSQL` says it of one that runs.
#[derive(Debug)]
struct TimeUp;

/// `query_canceled`.
const CANCELED: &str = "57014";

impl fmt::Display for TimeUp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.message())
    }
}

impl Error for TimeUp {}

impl DatabaseError for TimeUp {
    fn message(&self) -> &'static str {
        "the time of the question is up"
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        Some(CANCELED.into())
    }

    fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_told_again_when_that_makes_a_difference() {
        let told = |millis| Some(Duration::from_millis(millis));
        let left = Duration::from_secs(1);
        assert!(!is_kept(None, left));
        assert!(!is_kept(told(999), left), "it may work on for longer");
        assert!(is_kept(told(1000), left));
        assert!(is_kept(told(1100), left));
        assert!(!is_kept(told(1101), left), "it may not work so long");
    }
}

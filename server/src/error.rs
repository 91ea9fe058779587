//! What can go wrong, from the caller's point of view.

/// Why a call failed. `api::status` says what a caller is told of it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller asked for something that can not be; each violation names the
    /// field.
    #[error("invalid request: {}", .0.first().map_or("", |v| v.problem.as_str()))]
    Invalid(Vec<Violation>),
    /// What was asked for does not exist.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// It can not be done as things stand.
    #[error("{0}")]
    Precondition(&'static str),
    /// It was changed since the caller read it.
    #[error("{0}")]
    Aborted(&'static str),
    /// Too much is waiting already.
    #[error("{0}")]
    Busy(&'static str),
    /// The answer would take more time or memory than one question is given.
    #[error("{0}")]
    TooMuch(&'static str),
    /// The database can not be reached, or does not do as it should.
    #[error("database: {0}")]
    Database(#[source] sqlx::Error),
    /// There is no room to write.
    #[error(
        "the disk of the database is full: make room, or keep less by shorter LAMPBOARD_RETENTION_*"
    )]
    Full,
    /// Nothing can be written where the database is.
    #[error(
        "the database is read-only: mount its disk for writing, and see to it that its files \
         belong to who runs lampboard; of PostgreSQL, name the server that is no standby"
    )]
    ReadOnly,
    /// The database would acknowledge what a crash could take back.
    #[error("the database has {0}=off, which loses acknowledged builds in a crash: set it on")]
    NotDurable(&'static str),
    /// The database has another schema than when it was opened.
    #[error(
        "a newer lampboard brought the database to another schema: restart this one with that \
         version"
    )]
    Outdated,
    /// The database failed while it took in what was waiting together with this.
    #[error("the database can not be written")]
    Unwritable,
    /// The database can not be brought to the schema of this version.
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A stored value can not be read.
    #[error("bad value in {table}.{column} of {row}: {problem}")]
    Stored {
        /// Where it stands.
        table: &'static str,
        /// Which column.
        column: &'static str,
        /// Which row.
        row: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The server is stopping, or a part of it has stopped.
    #[error("the server is stopping")]
    Stopping,
    /// Another process has the file.
    #[error(
        "another lampboard runs on {}: stop it, or choose another LAMPBOARD_DATA_DIR",
        .0.display()
    )]
    InUse(std::path::PathBuf),
    /// Settings that can not be.
    #[error("{0}")]
    Config(String),
    /// A file can not be read or written.
    #[error("{context}: {source}")]
    Io {
        /// What was tried.
        context: String,
        /// Why it failed.
        source: std::io::Error,
    },
}

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The path of the field, such as `filter.commit_shas[0]`.
    pub field: String,
    /// What is wrong with it.
    pub problem: String,
}

impl Error {
    /// A request with one thing wrong.
    pub fn invalid(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation {
            field: field.into(),
            problem: problem.into(),
        }])
    }
}

/// Every connection is in use: said by who knows that this is why there was none. Else it may
/// be as well that the database can not be reached.
#[derive(Debug, thiserror::Error)]
#[error("all connections to the database are in use")]
pub(crate) struct AllInUse;

/// What is said of a question that was given up.
const TOO_LONG: &str = "the answer takes too long: ask for a shorter window, or for fewer builds, \
     such as those of one repository";

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            // The readers are closed only by `Store::close`.
            sqlx::Error::PoolClosed => Self::Stopping,
            sqlx::Error::Database(error) => match error.code().as_deref() {
                // SQLITE_FULL, SQLITE_IOERR_SHMSIZE, and of PostgreSQL disk_full.
                Some("13" | "4874" | "53100") => Self::Full,
                // SQLITE_READONLY and its kinds, and read_only_sql_transaction.
                Some("8" | "264" | "520" | "776" | "1032" | "1544" | "25006") => Self::ReadOnly,
                // SQLITE_INTERRUPT and query_canceled.
                Some("9" | "57014") => Self::TooMuch(TOO_LONG),
                _ => Self::Database(sqlx::Error::Database(error)),
            },
            sqlx::Error::AnyDriverError(error) if error.is::<AllInUse>() => {
                Self::Busy("too many questions at once: ask again in a moment")
            }
            error => Self::Database(error),
        }
    }
}

/// What this crate's functions give.
pub type Result<T, E = Error> = std::result::Result<T, E>;

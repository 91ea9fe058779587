//! Which database: a file of its own, or one that several servers share.

use std::path::{Path, PathBuf};

use secrecy::SecretString;

/// Where everything is kept.
#[derive(Clone, Debug)]
pub enum Database {
    /// A file of `SQLite`. Its folder must exist.
    Sqlite(PathBuf),
    /// A database of `PostgreSQL`, as `postgres://USER:PASSWORD@HOST/NAME`.
    Postgres(SecretString),
}

impl Database {
    /// Where its file is, if it is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }

    /// What people call it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }
}

//! Which database, from its address.

use std::path::PathBuf;

use anyhow::{Result, bail};
use lampboard_server::Database;
use secrecy::{ExposeSecret as _, SecretString};

/// The address of a database, as `LAMPBOARD_DATABASE_URL` takes it.
#[derive(Clone, Debug)]
pub(crate) enum Address {
    /// A file of `SQLite`.
    File(PathBuf),
    /// A database of `PostgreSQL`. It may hold a password.
    Postgres(SecretString),
}

impl Address {
    /// Reads what the command line says.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned().into()));
        }
        match text.strip_prefix("sqlite:") {
            Some(path) => Ok(Self::File(path.strip_prefix("//").unwrap_or(path).into())),
            None => bail!("must be sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME"),
        }
    }

    /// What people call it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::File(_) => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }

    /// What `LAMPBOARD_DATABASE_URL` says.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::File(path) => format!("sqlite:{}", path.display()),
            Self::Postgres(url) => url.expose_secret().to_owned(),
        }
    }

    /// What the server opens.
    pub(crate) fn database(&self) -> Database {
        match self {
            Self::File(path) => Database::Sqlite(path.clone()),
            Self::Postgres(url) => Database::Postgres(url.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_databases_have_an_address() {
        for url in ["sqlite:a/b.db", "sqlite://a/b.db"] {
            let Ok(Address::File(path)) = Address::parse(url) else {
                panic!("{url} names a file");
            };
            assert_eq!(path, PathBuf::from("a/b.db"));
        }
        assert!(matches!(
            Address::parse("postgres:///n?host=/run"),
            Ok(Address::Postgres(_))
        ));
        assert!(Address::parse("lampboard.db").is_err());
    }
}

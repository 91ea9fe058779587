//! Which database, from its address.

use std::path::PathBuf;

use anyhow::bail;
use lampboard_server::Database;
use secrecy::{ExposeSecret as _, SecretString};

/// Reads the address of a database. It may hold a password, so no error shows it.
pub(super) fn read(url: SecretString) -> anyhow::Result<Database> {
    let text = url.expose_secret();
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    match scheme {
        "postgres" | "postgresql" => Ok(Database::Postgres(url)),
        "sqlite" => {
            let path = text.trim_start_matches("sqlite:");
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                bail!("LAMPBOARD_DATABASE_URL must name a file: sqlite:PATH");
            }
            Ok(Database::Sqlite(PathBuf::from(path)))
        }
        _ => bail!(
            "LAMPBOARD_DATABASE_URL must be sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> anyhow::Result<Database> {
        super::read(url.to_owned().into())
    }

    #[test]
    fn both_databases_have_an_address() {
        for url in ["sqlite:a/b.db", "sqlite://a/b.db"] {
            let Ok(Database::Sqlite(path)) = read(url) else {
                panic!("{url} names a file");
            };
            assert_eq!(path, PathBuf::from("a/b.db"));
        }
        for url in ["postgres://u:p@h/n", "postgresql:///n?host=/run"] {
            assert!(matches!(read(url), Ok(Database::Postgres(_))), "{url}");
        }
    }

    #[test]
    fn what_is_refused_is_not_shown() {
        for url in [
            "",
            "sqlite:",
            "sqlite://",
            "mysql://u:hidden@h/n",
            "lampboard.db",
        ] {
            let error = read(url).expect_err(url).to_string();
            assert!(!error.contains("hidden"), "{error}");
            assert!(error.contains("sqlite:PATH"), "{error}");
        }
    }
}

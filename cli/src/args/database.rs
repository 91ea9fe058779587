//! Which database, from its address.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use lampboard_server::Database;
use secrecy::{ExposeSecret as _, SecretString};

use super::{DataArgs, SecretArg, secret};

#[derive(Debug, Args)]
#[command(next_help_heading = "Storage")]
pub(crate) struct DatabaseArgs {
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// The database: `sqlite:PATH` for a file, or `postgres://USER:PASSWORD@HOST/NAME`. Unset, the
    /// file `lampboard.db` in the data folder.
    #[arg(
        long,
        env = "LAMPBOARD_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true,
        conflicts_with = "database_url_file"
    )]
    database_url: Option<SecretArg>,
    /// A file that holds the address of the database.
    #[arg(long, env = "LAMPBOARD_DATABASE_URL_FILE", value_name = "FILE")]
    database_url_file: Option<PathBuf>,
}

impl DatabaseArgs {
    /// The database. Makes nothing.
    pub(crate) fn database(&self) -> anyhow::Result<Database> {
        let url = secret::read(
            self.database_url.as_ref(),
            self.database_url_file.as_deref(),
        )?;
        match url {
            Some(url) => read(url.into_secret()),
            None => Ok(Database::Sqlite(self.data.data_dir.join("lampboard.db"))),
        }
    }

    /// The socket on which the process listens that has a database: beside the file, or in
    /// the data folder.
    pub(crate) fn socket(&self, database: &Database) -> PathBuf {
        match database {
            Database::Sqlite(path) if path.extension().is_some_and(|it| it == "db") => {
                path.with_extension("sock")
            }
            // After the whole name: `a.sqlite` is not `a.db`.
            Database::Sqlite(path) => {
                let mut name = path.clone().into_os_string();
                name.push(".sock");
                name.into()
            }
            Database::Postgres(_) => self.data.data_dir.join("lampboard.sock"),
        }
    }
}

/// Reads the address of a database. It may hold a password, so no error shows it.
fn read(url: SecretString) -> anyhow::Result<Database> {
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
    fn files_that_differ_in_their_endings_have_a_socket_each() {
        #[derive(clap::Parser)]
        struct Cli {
            #[command(flatten)]
            args: DatabaseArgs,
        }
        let args = <Cli as clap::Parser>::parse_from(["cli"]).args;
        for (file, socket) in [("d/a.db", "d/a.sock"), ("d/a.sqlite", "d/a.sqlite.sock")] {
            let database = Database::Sqlite(PathBuf::from(file));
            assert_eq!(args.socket(&database), PathBuf::from(socket));
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

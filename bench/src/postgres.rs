//! A database of its own in a `PostgreSQL` on this machine, for each round.

use anyhow::{Context as _, Result, ensure};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use url::Url;

use crate::database::Address;
use crate::procfs::{Usage, parent};

/// What every round's database is called.
const NAME: &str = "lampboard_bench";

/// A `PostgreSQL` that may make databases.
#[derive(Clone, Debug)]
pub(crate) struct Postgres {
    url: SecretString,
    /// The process that started all of its others.
    root: u32,
}

impl Postgres {
    /// It must run on this machine, for what it spends is counted.
    pub(crate) async fn find(url: &str) -> Result<Self> {
        let mut connection = PgConnection::connect(url).await?;
        let backend: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
            .fetch_one(&mut connection)
            .await?;
        let root = parent(u32::try_from(backend)?);
        connection.close().await?;
        Ok(Self {
            url: url.to_owned().into(),
            root: root.context("PostgreSQL must run on this machine, visible in /proc")?,
        })
    }

    /// An empty database.
    pub(crate) async fn empty(&self) -> Result<Address> {
        self.remove().await?;
        self.run("CREATE DATABASE ").await?;
        let mut url = Url::parse(self.url.expose_secret())?;
        url.set_path(NAME);
        Ok(Address::Postgres(String::from(url).into()))
    }

    /// Gives its space back.
    pub(crate) async fn remove(&self) -> Result<()> {
        self.run("DROP DATABASE IF EXISTS ").await
    }

    /// What all its processes spent so far.
    pub(crate) fn usage(&self) -> Result<Usage> {
        let usage = Usage::of_tree(self.root)?;
        ensure!(usage.resident_kib > 0, "PostgreSQL has ended");
        Ok(usage)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "both halves are written in this file"
    )]
    async fn run(&self, statement: &str) -> Result<()> {
        let mut connection = PgConnection::connect(self.url.expose_secret()).await?;
        sqlx::query(AssertSqlSafe(format!("{statement}{NAME}")))
            .execute(&mut connection)
            .await?;
        Ok(connection.close().await?)
    }
}

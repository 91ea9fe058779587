//! Databases that an earlier version left, and one that will leave.

use std::{borrow::Cow, fs, path::Path};

use sqlx::{
    Connection as _, Executor as _, PgConnection, SqlStr, SqliteConnection,
    migrate::{Migration, MigrationType, Migrator},
    sqlite::SqliteConnectOptions,
};
use tempfile::TempDir;

use super::database;

/// The first schema, and so many builds.
const FILL: &str = "
    INSERT INTO repository VALUES (7, 'acme/api', 5, 'main', FALSE, FALSE, 1000000);
    WITH RECURSIVE run (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM run WHERE id < 40000)
    INSERT INTO build
    SELECT run.id, 1, 7, 3, 'CI', '.github/workflows/ci.yml', 1, 'completed', 'success', 'push',
           'main', '', '0123456789012345678901234567890123456789', 'Fix the parser', 'ada', '',
           'ada', 'ada', '', '', run.id, run.id, run.id, run.id, NULL, NULL, run.id, TRUE, TRUE
    FROM run;";

/// How many builds an old database has.
pub(crate) const OLD_BUILDS: i64 = 40_000;

/// A database, and the folder for what is kept beside it.
pub(crate) struct OldDatabase {
    pub(crate) folder: TempDir,
    url: Option<String>,
}

impl OldDatabase {
    /// One with the first schema.
    pub(crate) async fn of_the_first_schema() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        let url = database::make().await;
        let old = Self { folder, url };
        let first = Migrator::with_migrations(vec![Migration::new(
            1,
            Cow::Borrowed("builds"),
            MigrationType::Simple,
            SqlStr::from_static(include_str!("../../../../migrations/0001_builds.sql")),
            false,
        )]);
        match &old.url {
            Some(url) => {
                first
                    .run(&mut PgConnection::connect(url).await.unwrap())
                    .await
            }
            None => first.run(&mut old.file().await).await,
        }
        .unwrap();
        old.execute(FILL).await;
        old
    }

    /// The settings of whoever works on it.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        let data = self.folder.path().join("data").display().to_string();
        let mut settings = vec![
            ("LAMPBOARD_DATA_DIR", data),
            ("LAMPBOARD_LISTEN", "127.0.0.1:0".to_owned()),
            // They ended in 1970: by their age they would be deleted while they are counted.
            ("LAMPBOARD_RETENTION_BUILDS", "off".to_owned()),
        ];
        if let Some(url) = &self.url {
            settings.push(("LAMPBOARD_DATABASE_URL", url.clone()));
        }
        settings
    }

    /// The address of the server's database, unless it is a file.
    pub(crate) fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// Where the file is, if it is one.
    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("data/lampboard.db")
    }

    async fn file(&self) -> SqliteConnection {
        let options = SqliteConnectOptions::new()
            .filename(self.path())
            .create_if_missing(true);
        SqliteConnection::connect_with(&options).await.unwrap()
    }

    /// Does something to it.
    pub(crate) async fn execute(&self, sql: &'static str) {
        if let Some(url) = &self.url {
            let mut connection = PgConnection::connect(url).await.unwrap();
            connection.execute(sql).await.unwrap();
            connection.close().await.unwrap();
        } else {
            let mut connection = self.file().await;
            connection.execute(sql).await.unwrap();
            connection.close().await.unwrap();
        }
    }

    /// A number that is asked of it. None if it can not be asked.
    pub(crate) async fn number(&self, sql: &'static str) -> Option<i64> {
        match &self.url {
            Some(url) => {
                let mut connection = PgConnection::connect(url).await.unwrap();
                sqlx::query_scalar(sql)
                    .fetch_one(&mut connection)
                    .await
                    .ok()
            }
            None => sqlx::query_scalar(sql)
                .fetch_one(&mut self.file().await)
                .await
                .ok(),
        }
    }

    /// The number of its schema.
    pub(crate) async fn schema(&self) -> i64 {
        let newest = "SELECT MAX(version) FROM _sqlx_migrations";
        self.number(newest).await.unwrap()
    }
}

/// The number of the schema of this version.
pub(crate) fn latest() -> i64 {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
    let files = fs::read_dir(folder).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    // Each begins with its number.
    let numbers = names.filter_map(|name| name.split_once('_')?.0.parse().ok());
    numbers.max().unwrap()
}

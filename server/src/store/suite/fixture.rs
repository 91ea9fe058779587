//! A store on a database of its own: a file, or where a server of `PostgreSQL` is named, a
//! database there.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use secrecy::ExposeSecret as _;
use sqlx::{
    AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection,
    sqlite::SqliteConnectOptions,
};
use tempfile::TempDir;

use super::super::{BuildPage, InstallationSync, News, Schema, Store, db::Connection};
use crate::{
    Clock, Database, Result, Retention,
    fixtures::{at, repository},
    model::{
        Build, BuildFacts, BuildId, Change, Filter, Installation, InstallationFacts,
        InstallationId, InstallationState, Job, Recorded, Report, Repository, RepositoryFacts,
        RepositoryId,
    },
};

/// The address of a server on which to make databases.
pub(super) const POSTGRES: &str = "LAMPBOARD_TEST_POSTGRES_URL";

/// How many cases a property is tried with: an eighth of them on a server, where each takes many
/// times as long. `make suite-postgres` tries all.
pub(super) fn cases(all: u32) -> u32 {
    let is_set = |name| std::env::var_os(name).is_some();
    if is_set(POSTGRES) && !is_set("LAMPBOARD_TEST_ALL_CASES") {
        return all.div_ceil(8);
    }
    all
}

/// A store, and what it told of its commits.
pub(super) struct Fixture {
    pub(super) store: Store,
    database: Database,
    folder: Option<TempDir>,
    news: Arc<Mutex<Vec<News>>>,
}

impl Fixture {
    /// Opens a store on the kind of database that is tested.
    pub(super) async fn open() -> Self {
        Self::open_with(Clock::new(|| at(0)), Retention::default()).await
    }

    /// Opens a store that goes by a clock.
    pub(super) async fn open_by(clock: Clock) -> Self {
        Self::open_with(clock, Retention::default()).await
    }

    /// Opens a store that takes in what is not older than this.
    pub(super) async fn open_keeping(retention: Retention) -> Self {
        Self::open_with(Clock::new(|| at(0)), retention).await
    }

    async fn open_with(clock: Clock, retention: Retention) -> Self {
        let (database, folder) = empty().await;
        Self::on(database, folder, clock, retention).await
    }

    /// Opens a store on a file, where that is what is tested.
    pub(super) async fn open_file() -> Self {
        Self::open_file_by(Clock::new(|| at(0))).await
    }

    /// The same by a clock.
    pub(super) async fn open_file_by(clock: Clock) -> Self {
        Self::on_file(clock, Retention::default()).await
    }

    async fn on_file(clock: Clock, retention: Retention) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let database = Database::Sqlite(path(folder.path()));
        Self::on(database, Some(folder), clock, retention).await
    }

    async fn on(
        database: Database,
        folder: Option<TempDir>,
        clock: Clock,
        retention: Retention,
    ) -> Self {
        let news = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&news);
        let tell = move |news| told.lock().expect("no panic").push(news);
        let store = Store::open(&database, Schema::Migrate, clock, retention, Arc::new(tell)).await;
        Self {
            store: store.expect("the store opens"),
            database,
            folder,
            news,
        }
    }

    /// Closes the store and opens it again.
    pub(super) async fn reopen(self) -> Self {
        self.store.close().await;
        drop(self.store);
        Self::on(
            self.database,
            self.folder,
            Clock::new(|| at(0)),
            Retention::default(),
        )
        .await
    }

    /// Where its rows are.
    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    /// Where the file is.
    pub(super) fn folder(&self) -> &Path {
        self.folder.as_ref().expect("it is on a file").path()
    }

    /// Takes what was told so far, commit by commit.
    pub(super) fn take_news(&self) -> Vec<News> {
        std::mem::take(&mut self.news.lock().expect("no panic"))
    }

    /// Takes the changes that were told so far.
    pub(super) fn take_changes(&self) -> Vec<Change> {
        let news = self.take_news().into_iter();
        news.flat_map(|news| news.changes).collect()
    }

    pub(super) async fn record(&self, report: Report) -> Recorded {
        record(&self.store, report)
            .await
            .expect("it can be recorded")
    }

    /// Runs SQL behind the store's back.
    pub(super) async fn sabotage(&self, sql: &'static str) {
        match &self.database {
            Database::Sqlite(path) => {
                let options = SqliteConnectOptions::new().filename(path);
                let connection = SqliteConnection::connect_with(&options).await;
                let mut connection = connection.expect("it can be opened");
                connection.execute(sql).await.expect("it can be done");
                connection.close().await.expect("it can be closed");
            }
            Database::Postgres(url) => {
                let connection = PgConnection::connect(url.expose_secret()).await;
                let mut connection = connection.expect("it can be opened");
                connection.execute(sql).await.expect("it can be done");
                connection.close().await.expect("it can be closed");
            }
        }
    }

    /// Reports a build of `acme/api`.
    pub(super) async fn report_build(&self, id: BuildId, facts: BuildFacts) -> Recorded {
        self.record(of_build(id, facts)).await
    }

    /// Reports a job of `acme/api`.
    pub(super) async fn report_job(&self, job: Job) -> Recorded {
        self.record(Report {
            repositories: vec![repository()],
            jobs: vec![job],
            ..Report::default()
        })
        .await
    }

    /// Reports that an installation of `acme` saw some repositories, and nothing
    /// else.
    pub(super) async fn sync(&self, installation: i64, second: i64, ids: &[i64]) {
        let sync = synced(installation, InstallationState::Active, second, ids);
        self.sync_as(sync).await;
    }

    pub(super) async fn sync_as(&self, sync: InstallationSync) {
        let synced = self.store.sync_installation(sync).await;
        synced.expect("it can be recorded");
    }

    /// Reports that an installation lost repositories.
    pub(super) async fn remove(&self, installation: i64, second: i64, ids: &[i64]) {
        let ids = ids.iter().map(|id| RepositoryId(*id)).collect();
        let installation = InstallationId(installation);
        let removed = self
            .store
            .remove_repositories(installation, ids, at(second));
        removed.await.expect("it can be recorded");
    }

    pub(super) async fn build(&self, id: BuildId) -> Build {
        let build = self.store.build(id).await.expect("it can be read");
        build.expect("the build is there")
    }

    /// All that match, newest first.
    pub(super) async fn list(&self, filter: &Filter) -> Vec<Build> {
        let mut builds = Vec::new();
        let mut after = None;
        loop {
            let page = BuildPage {
                filter,
                after,
                size: 10_000,
            };
            let listed = self.store.builds(page).await.expect("they can be listed");
            builds.extend(listed.builds);
            after = listed.next;
            if after.is_none() {
                return builds;
            }
        }
    }
}

/// Makes an empty database of the kind that is tested. A file lives as long as its folder.
pub(super) async fn empty() -> (Database, Option<TempDir>) {
    if let Ok(server) = std::env::var(POSTGRES) {
        return (make_database(&server).await, None);
    }
    let folder = tempfile::tempdir().expect("a folder");
    (Database::Sqlite(path(folder.path())), Some(folder))
}

/// Connects to a database as it is.
pub(super) async fn connect(database: &Database) -> Connection {
    match database {
        Database::Sqlite(path) => {
            let options = SqliteConnectOptions::new()
                .filename(path)
                .create_if_missing(true);
            let connection = SqliteConnection::connect_with(&options).await;
            Connection::Sqlite(connection.expect("it can be opened"))
        }
        Database::Postgres(url) => {
            let connection = PgConnection::connect(url.expose_secret()).await;
            Connection::Postgres(connection.expect("it can be opened"))
        }
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join("lampboard.db")
}

/// Opens a store on a file in a folder.
pub(super) async fn open(
    folder: &Path,
    on_commit: impl Fn(News) + Send + Sync + 'static,
) -> Result<Store> {
    open_on(&Database::Sqlite(path(folder)), on_commit).await
}

/// Opens a store.
pub(super) async fn open_on(
    database: &Database,
    on_commit: impl Fn(News) + Send + Sync + 'static,
) -> Result<Store> {
    let clock = Clock::new(|| at(0));
    Store::open(
        database,
        Schema::Migrate,
        clock,
        Retention::default(),
        Arc::new(on_commit),
    )
    .await
}

/// Makes a database of a name that no other test has.
#[expect(clippy::disallowed_methods, reason = "the name is made here")]
pub(super) async fn make_database(server: &str) -> Database {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let name = format!("test_{}_{number}", std::process::id());
    let mut connection = PgConnection::connect(server).await.expect("a server");
    let made = connection
        .execute(AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .await;
    made.expect("a new database");
    connection.close().await.expect("it can be closed");
    let mut url = url::Url::parse(server).expect("the address of a server");
    url.set_path(&name);
    Database::Postgres(String::from(url).into())
}

/// What an installation of `acme` was at a second.
pub(super) fn synced(
    installation: i64,
    state: InstallationState,
    second: i64,
    ids: &[i64],
) -> InstallationSync {
    let seen = |id: &i64| Repository {
        id: RepositoryId(*id),
        facts: RepositoryFacts {
            name: format!("acme/repository-{id}"),
            update_time: at(second),
            ..repository().facts
        },
        installation: InstallationId(installation),
    };
    InstallationSync {
        installation: Installation {
            id: InstallationId(installation),
            facts: InstallationFacts {
                update_time: at(second),
                state,
                account: "acme".to_owned(),
                account_id: 77,
                all_repositories: false,
                missing_permissions: Vec::new(),
                url: String::new(),
            },
        },
        repositories: ids.iter().map(seen).collect(),
        backfill_since: None,
    }
}

/// Prepares a report and records it.
pub(super) async fn record(store: &Store, report: Report) -> Result<Recorded> {
    store.record(store.prepare(report).await?).await
}

/// Reports one build of `acme/api`.
pub(super) fn of_build(id: BuildId, facts: BuildFacts) -> Report {
    Report {
        repositories: vec![repository()],
        builds: vec![(id, facts)],
        ..Report::default()
    }
}

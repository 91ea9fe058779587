//! A store on a file of its own.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

use super::super::{BuildPage, InstallationSync, News, PreparedReport, Store};
use crate::{
    Clock, Result,
    fixtures::{at, repository},
    model::{
        Build, BuildFacts, BuildId, Change, Filter, Installation, InstallationFacts,
        InstallationId, InstallationState, Job, Recorded, Report, Repository, RepositoryFacts,
        RepositoryId,
    },
};

/// A store, and what it told of its commits.
pub(super) struct Fixture {
    pub(super) store: Store,
    pub(super) folder: TempDir,
    news: Arc<Mutex<Vec<News>>>,
}

impl Fixture {
    pub(super) async fn open() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let news = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&news);
        let store = open(&folder, move |news| {
            told.lock().expect("no panic").push(news);
        })
        .await;
        Self {
            store: store.expect("the store opens"),
            folder,
            news,
        }
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
        let options = SqliteConnectOptions::new().filename(path(&self.folder));
        let connection = SqliteConnection::connect_with(&options).await;
        let mut connection = connection.expect("it can be opened");
        let done = sqlx::query(sql).execute(&mut connection).await;
        done.expect("it can be done");
        connection.close().await.expect("it can be closed");
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
        let page = BuildPage {
            filter,
            after: None,
            size: 10_000,
        };
        self.store.builds(page).await.expect("they can be listed")
    }
}

fn path(folder: &TempDir) -> PathBuf {
    folder.path().join("lampboard.db")
}

/// Opens a store in a folder.
pub(super) async fn open(
    folder: &TempDir,
    on_commit: impl Fn(News) + Send + Sync + 'static,
) -> Result<Store> {
    let clock = Clock::new(|| at(0));
    Store::open(&path(folder), clock, Arc::new(on_commit)).await
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
    store.record(PreparedReport::new(report).await?).await
}

/// Reports one build of `acme/api`.
pub(super) fn of_build(id: BuildId, facts: BuildFacts) -> Report {
    Report {
        repositories: vec![repository()],
        builds: vec![(id, facts)],
        ..Report::default()
    }
}

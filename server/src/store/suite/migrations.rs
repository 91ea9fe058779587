//! Migrations, over a database that an earlier version has filled.

use sqlx::{Connection as _, SqliteConnection, migrate::Migrator, sqlite::SqliteConnectOptions};

use super::{
    super::{GapQuery, RepositoryQuery, db::query, open::migrations},
    fixture, rows,
};
use crate::{
    fixtures::{at, build_id},
    model::{GapKind, InstallationId, InstallationState, Missing},
};

/// What the first version wrote: two repositories, of which one was lost; a run
/// without its first attempt; and a build that seems to have ended before its
/// second job did.
const FILL: &str = "
    INSERT INTO installation (id, account, state) VALUES (5, 'acme', 'active');
    INSERT INTO repository VALUES (7, 'acme/api', 5, 'main', FALSE, FALSE, 1000000),
                                  (8, 'acme/web', 0, 'main', FALSE, FALSE, 1000000);
    INSERT INTO build
    SELECT 1, attempt, 7, 3, 'CI', '', 1, 'completed', 'failure', 'push', 'main', '', '', '', '', '',
           'ada', 'ada', '', '', 0, 0, 60000000, 60000000, NULL,
           CASE attempt WHEN 3 THEN 20000000 END,
           CASE attempt WHEN 3 THEN 20000000 ELSE 60000000 END,
           attempt = 3, attempt = 3
    FROM (SELECT 2 AS attempt UNION SELECT 3);
    INSERT INTO job VALUES
        (1, 3, 7, 11, 'one', 'completed', 'success', '[]', '', '', 0, NULL, 20000000, '[]'),
        (1, 3, 7, 12, 'two', 'in_progress', NULL, '[]', '', '', 0, NULL, NULL, '[]');
    INSERT INTO delivery VALUES ('a', 'workflow_run', '', 1000000, 7, 5, '', 1, 0, x'00', NULL)";

#[tokio::test]
async fn what_the_first_version_wrote_is_understood() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("lampboard.db"))
        .create_if_missing(true);
    let mut old = SqliteConnection::connect_with(&options).await.unwrap();
    let first = migrations().iter().take(1).cloned().collect();
    Migrator::with_migrations(first)
        .run(&mut old)
        .await
        .unwrap();
    sqlx::raw_sql(FILL).execute(&mut old).await.unwrap();
    old.close().await.unwrap();

    let store = fixture::open(folder.path(), |_| ()).await.unwrap();
    let seen = async |installation| {
        let query = RepositoryQuery {
            installation,
            names: &[],
        };
        let seen = store.repositories(query).await.unwrap();
        seen.iter().map(|it| it.id.0).collect::<Vec<_>>()
    };
    assert_eq!(seen(Some(InstallationId(5))).await, [7]);
    assert_eq!(seen(None).await, [7, 8], "nobody knows who sees 8");
    let lost = fixture::synced(5, InstallationState::Active, 0, &[]);
    store.sync_installation(lost).await.unwrap();
    assert_eq!(seen(None).await, [8], "its link with 5 was known");
    let back = fixture::synced(5, InstallationState::Active, 1, &[7]);
    store.sync_installation(back).await.unwrap();

    let latest = store.build(build_id(1, 3)).await.unwrap().unwrap().record;
    let end = latest.end_time().map(jiff::Timestamp::as_microsecond);
    assert_eq!((end, latest.missing_attempts), (Some(60_000_000), 1));
    let stored = query("SELECT end_time FROM build WHERE run_attempt = 3");
    let stored: Vec<(Option<i64>,)> = rows::fetch(&store, stored).await;
    assert_eq!(stored, [(end,)]);
    let asked = GapQuery {
        kind: GapKind::Attempt,
        repositories: Vec::new(),
        installations: Vec::new(),
        limit: 10,
    };
    let gaps = store.gaps(asked, at(0)).await.unwrap();
    let missing = Missing::Build(GapKind::Attempt, build_id(1, 1));
    assert_eq!(gaps[0].missing, missing);
    assert_eq!(gaps.len(), 1);
    assert!(store.last_delivery_time().await.unwrap().is_some());
}

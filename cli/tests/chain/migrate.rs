//! Versions that meet the database of another one, and a kill while it is migrated.

use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::support::{
    board::Board,
    process::{Process, kill_when, lampboard, run},
    schema::{OLD_BUILDS, OldDatabase, latest},
};

const BUILDS: &str = "SELECT COUNT(*) FROM build";
/// A column that the second migration makes before it comes to builds.
const HALF_WAY: &str = "SELECT COUNT(account_id) FROM installation";

fn command(old: &OldDatabase, role: &str) -> std::process::Command {
    let settings = old.settings();
    let settings: Vec<_> = settings.iter().map(|(name, it)| (*name, &**it)).collect();
    lampboard(&[role], &settings)
}

async fn serve(old: &OldDatabase) -> Process {
    let process = Process::start(command(old, "serve"), old.folder.path()).await;
    process.wait_until_ready().await;
    process
}

#[tokio::test]
async fn migrate_brings_the_database_up_and_ends() {
    let old = OldDatabase::of_the_first_schema().await;
    let (status, output) = run(command(&old, "migrate")).await;
    assert!(status.success(), "{output}");
    let said = format!("brought the database from schema 1 to {}\n", latest());
    assert!(output.contains(&said), "{output}");
    assert_eq!(old.schema().await, latest());
    assert_eq!(old.number(BUILDS).await, Some(OLD_BUILDS));

    let (status, output) = run(command(&old, "migrate")).await;
    assert!(status.success(), "{output}");
    assert!(output.contains("nothing to do"), "{output}");
}

#[tokio::test]
async fn an_older_version_refuses_and_says_what_to_do() {
    let old = OldDatabase::of_the_first_schema().await;
    old.execute(
        "INSERT INTO _sqlx_migrations
         SELECT 9000, 'later', installed_on, success, checksum, 0 FROM _sqlx_migrations",
    )
    .await;
    for role in ["migrate", "serve"] {
        let (status, output) = run(command(&old, role)).await;
        assert_eq!(status.code(), Some(1), "{output}");
        let known = format!("knows schemas up to {}", latest());
        for words in ["to schema 9000", &known, "run the newer Lampboard"] {
            assert!(output.contains(words), "{words:?} is not in {output}");
        }
        assert!(!output.contains("previously applied"), "{output}");
    }
    assert_eq!(old.number(HALF_WAY).await, None, "it was left alone");
    assert_eq!(old.number(BUILDS).await, Some(OLD_BUILDS));
}

#[tokio::test]
async fn a_kill_while_it_migrates_leaves_the_old_schema_and_the_next_start_goes_on() {
    let old = OldDatabase::of_the_first_schema().await;
    match old.url() {
        Some(url) => kill_in_front_of_a_lock(&old, url).await,
        None => kill_while_it_writes(&old).await,
    }
    let server = serve(&old).await;
    assert_eq!(old.schema().await, latest());
    assert_eq!(old.number(BUILDS).await, Some(OLD_BUILDS));
    assert_eq!(old.number(HALF_WAY).await, Some(0));
    let mut board = Board::connect(server.address()).await;
    assert!(board.build("7-1-1").await.is_some());
}

/// Makes the second migration write to every build, and come to no end with the last one.
const HOLD_UP: &str = "
    INSERT INTO job SELECT run_id, 1, 7, run_id, 'test', 'in_progress', NULL, '[]', '', '', 0, NULL,
                           NULL, '[]' FROM build;
    CREATE TRIGGER held_up AFTER UPDATE ON build WHEN new.run_id = 40000
    BEGIN SELECT COUNT(*) FROM build a, build b, build c; END;";

/// Kills it once the log holds what is not committed: more than memory is there for.
async fn kill_while_it_writes(old: &OldDatabase) {
    old.execute(HOLD_UP).await;
    let log = old.path().with_extension("db-wal");
    let writes = async || std::fs::metadata(&log).is_ok_and(|log| log.len() > 1 << 20);
    kill_when(command(old, "migrate"), writes).await;
    assert_eq!(old.schema().await, 1);
    assert_eq!(old.number(HALF_WAY).await, None, "half of it is there");
    let verdict = "SELECT COUNT(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'";
    assert_eq!(old.number(verdict).await, Some(1));
    old.execute("DROP TRIGGER held_up").await;
}

/// Kills it while it waits for a table that somebody reads, a part of its work done.
async fn kill_in_front_of_a_lock(old: &OldDatabase, url: &str) {
    let mut reader = PgConnection::connect(url).await.unwrap();
    reader
        .execute("BEGIN; LOCK TABLE build IN ACCESS SHARE MODE")
        .await
        .unwrap();
    let waits = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()
                 AND wait_event_type = 'Lock' AND wait_event = 'relation'";
    let waiting = async || old.number(waits).await == Some(1);
    kill_when(command(old, "migrate"), waiting).await;
    assert_eq!(old.schema().await, 1);
    // Its session does not know yet that nobody is there any more: whoever migrates next
    // waits for it.
    reader.execute("COMMIT").await.unwrap();
}

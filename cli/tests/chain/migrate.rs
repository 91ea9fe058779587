//! Versions that meet the database of another one, and a kill while it is migrated.

use http::StatusCode;
use sqlx::{Connection as _, Executor as _, PgConnection};
use tonic::Code;

use crate::support::{
    board::Board,
    github::OneWorkflow,
    lampboard::{Lampboard, Mode},
    process::{Process, kill_when, lampboard, run},
    schema::{OLD_BUILDS, OldDatabase, latest},
    webhook::Client,
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

/// What a newer version leaves, of which this one knows nothing.
const LATER: &str = "INSERT INTO _sqlx_migrations
    SELECT 9000, 'later', installed_on, success, checksum, 0
    FROM _sqlx_migrations WHERE version = 1";
const OUTDATED: &str = "a newer lampboard brought the database to another schema";

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_runs_while_a_newer_version_migrates_says_so_and_does_nothing_more() {
    let mut lampboard = Lampboard::start(Mode::TwoProcesses).await;
    let Some(url) = lampboard.database_url() else {
        // Nobody else gets at a file.
        return;
    };
    let mut newer = PgConnection::connect(url).await.unwrap();
    let mut github = OneWorkflow::new();
    let hook = lampboard.hook();
    let answer = hook.deliver_event(&github.next_run().1).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);
    let mut board = lampboard.board().await;
    let mut stream = board.watch().await;

    newer.execute(LATER).await.unwrap();
    let answer = hook.deliver_event(&github.next_run().1).await.unwrap();
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    let answer = Client::new(lampboard.server.address());
    let answer = answer.try_get("/readyz").await.unwrap();
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    let why = String::from_utf8_lossy(&answer.body);
    assert!(why.contains(OUTDATED), "{why}");
    let refused = board.try_builds().await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    assert!(refused.message().contains(OUTDATED), "{refused}");
    // It ends, to begin anew elsewhere.
    while let Ok(Some(_)) = stream.message().await {}
    assert!(lampboard.server.is_running());
}

//! Dumps of a database of a server, by the tools that come with it.

use std::{path::Path, process::Command};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

/// Where the tools are. `.ci/with-postgres` says so.
const TOOLS: &str = "LAMPBOARD_TEST_POSTGRES_BIN";

async fn run(tool: &str, arguments: &[&str]) {
    let tools = std::env::var(TOOLS).expect("the folder of pg_dump");
    let mut command = Command::new(Path::new(&tools).join(tool));
    command.args(arguments);
    let run = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = run.await.unwrap();
    assert!(output.status.success(), "{tool}: {output:?}");
}

/// Dumps a database into a file.
pub(crate) async fn dump(url: &str, file: &Path) {
    let file = file.to_str().unwrap();
    run(
        "pg_dump",
        &["--format=custom", "--file", file, "--dbname", url],
    )
    .await;
}

/// Restores a dump into a new database.
pub(crate) async fn restore(file: &Path, url: &str) {
    let file = file.to_str().unwrap();
    run(
        "pg_restore",
        &["--exit-on-error", "--no-owner", "--dbname", url, file],
    )
    .await;
}

/// Every table with the number of its rows, and a hash of all that is in them.
#[expect(
    clippy::disallowed_methods,
    reason = "the names are those of our tables"
)]
pub(crate) async fn contents(url: &str) -> Vec<(String, i64, Option<String>)> {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let tables = "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = 'public'
                  ORDER BY 1";
    let tables: Vec<String> = sqlx::query_scalar(tables)
        .fetch_all(&mut connection)
        .await
        .unwrap();
    let mut contents = Vec::new();
    for table in tables {
        let query = AssertSqlSafe(format!(
            "SELECT COUNT(*), MD5(STRING_AGG(CAST(it AS TEXT), '|' ORDER BY CAST(it AS TEXT)))
             FROM \"{table}\" it"
        ));
        let (count, hash) = sqlx::query_as(query)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        contents.push((table, count, hash));
    }
    contents
}

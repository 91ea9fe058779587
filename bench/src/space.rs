//! Measures how much disk builds, jobs and payloads take, in `SQLite`.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Result, ensure};
use http::StatusCode;
use jiff::Timestamp;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::database::Address;
use crate::delivery::prepare;
use crate::fill::{Content, Filled, WithJobs, fill};
use crate::load::{self, Pace, Target};
use crate::server::{Server, free_port};
use crate::subject::{SECRET, lampboard};
use crate::table::number;

const BUILDS: usize = 100_000;
const DELIVERIES: usize = 5000;

/// Bytes by table, its indices included, and what of them is in indices.
pub(crate) struct Space {
    filled: Filled,
    /// What builds take, jobs and rollups included.
    tables: Vec<(String, i64, i64)>,
    /// What is kept of deliveries.
    deliveries: i64,
}

/// Fills a file, and another one through the webhook, and looks into both.
pub(crate) async fn measure(binary: &Path, work: &Path, now: Timestamp) -> Result<Space> {
    let folder = tempfile::tempdir_in(work)?;
    let file = folder.path().join("filled.db");
    let content = Content {
        builds: BUILDS,
        with_jobs: WithJobs::All,
        seed: 1,
        now,
    };
    let filled = fill(Address::File(file.clone()).database(), content).await?;
    let mut tables = sizes(&file).await?;
    tables.retain(|(table, ..)| !table.contains("delivery"));
    Ok(Space {
        filled,
        tables,
        deliveries: deliveries(binary, folder.path(), now).await?,
    })
}

async fn deliveries(binary: &Path, folder: &Path, now: Timestamp) -> Result<i64> {
    let file = folder.join("delivered.db");
    let port = free_port()?;
    let address = Address::File(file.clone());
    let command = lampboard::serve(binary, port, folder, Some(&address));
    let mut server = Server::start(vec![command], folder.join("log"))?;
    let ready = Target::new(port, "/readyz", None)?;
    server.ready(&ready, StatusCode::OK).await?;
    let target = Target::new(port, "/api/webhook/github-actions", None)?;
    let deliveries = prepare(DELIVERIES, SECRET, now, 1);
    load::run(&target, deliveries.into(), 32, Pace::Closed).await?;
    server.stop().await?;
    let sizes = sizes(&file).await?;
    let of_deliveries = sizes.iter().filter(|(table, ..)| table == "delivery");
    Ok(of_deliveries.map(|(_, bytes, _)| bytes).sum())
}

/// Whole pages, half empty ones included.
async fn sizes(file: &Path) -> Result<Vec<(String, i64, i64)>> {
    let options = SqliteConnectOptions::new().filename(file);
    let mut database: SqliteConnection = options.connect().await?;
    let sizes: Vec<(String, i64, i64)> = sqlx::query_as(
        "SELECT s.tbl_name, SUM(d.pgsize), SUM(CASE WHEN s.type = 'index' THEN d.pgsize ELSE 0 END)
         FROM dbstat d JOIN sqlite_schema s ON s.name = d.name
         WHERE d.aggregate = TRUE GROUP BY s.tbl_name ORDER BY 2 DESC",
    )
    .fetch_all(&mut database)
    .await?;
    database.close().await?;
    ensure!(!sizes.is_empty(), "{} is empty", file.display());
    Ok(sizes)
}

impl Space {
    pub(crate) fn per_build(&self) -> f64 {
        each(self.tables.iter().map(|(_, bytes, _)| bytes).sum(), BUILDS)
    }

    pub(crate) fn per_payload(&self) -> f64 {
        each(self.deliveries, DELIVERIES)
    }

    /// As a table.
    pub(crate) fn table(&self) -> String {
        let mut text =
            String::from("| table | bytes a build | of them in indices |\n|---|---|---|\n");
        for (table, bytes, indices) in &self.tables {
            if each(*bytes, BUILDS) >= 1.0 {
                let (bytes, indices) = (each(*bytes, BUILDS), each(*indices, BUILDS));
                let (bytes, indices) = (number(bytes), number(indices));
                let _ = writeln!(text, "| {table} | {bytes} | {indices} |");
            }
        }
        text + &format!(
            "| all | {} | |\n| delivery, a payload | {} | |\n\nOf {} builds with {} jobs in \
             SQLite, whole pages counted; and of {DELIVERIES} deliveries of 19 KB.\n",
            number(self.per_build()),
            number(self.per_payload()),
            self.filled.builds,
            self.filled.jobs,
        )
    }
}

fn each(bytes: i64, count: usize) -> f64 {
    let float = |number| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    float(bytes) / float(i64::try_from(count).unwrap_or(i64::MAX))
}

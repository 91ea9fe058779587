//! The command line.

use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use clap::{Parser, Subcommand};
use jiff::Timestamp;

use crate::database::Address;
use crate::fill::WithJobs;
use crate::subject::Kind;

/// Fills databases and measures Lampboard: where the figures in the documentation come from.
///
/// Everything happens on this machine, on free ports of 127.0.0.1.
#[derive(Parser)]
#[command(name = "lampboard-bench")]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What is to be done.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Measures how deliveries are taken in, and writes the figures into the README.
    ///
    /// Each round starts a server with a new database, sends it signed deliveries,
    /// looks whether all that it acknowledged is there, and stops it.
    Ingest(IngestArgs),
    /// Fills a database with builds of the shapes that real ones have.
    Fill(FillArgs),
    /// Measures how long answers take on a database that was filled.
    Read(ReadArgs),
    /// Measures how long it takes until a thousand watchers are told of a build.
    Watch(PartArgs),
    /// Measures how long it takes until an alert is in its provider's hands.
    Alerts(PartArgs),
    /// Looks what Lampboard and Alertmanager do where things go wrong, and writes it into
    /// docs/PROMISES.md.
    Alertmanager(AlertmanagerArgs),
    /// Measures how much disk builds and payloads take.
    Space(PartArgs),
}

/// How a part of the page is measured.
#[derive(clap::Args)]
pub(crate) struct PartArgs {
    /// The Lampboard to measure [default: target/release/lampboard].
    #[arg(long, value_name = "FILE")]
    pub(crate) binary: Option<PathBuf>,

    /// Where databases go; on a disk, not in memory [default: target/bench].
    #[arg(long, value_name = "FOLDER")]
    pub(crate) work: Option<PathBuf>,
}

/// How Lampboard is set beside Alertmanager.
#[derive(clap::Args)]
pub(crate) struct AlertmanagerArgs {
    /// The Alertmanager to set it beside [default: prometheus-alertmanager].
    #[arg(long, value_name = "FILE")]
    pub(crate) alertmanager: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) part: PartArgs,
}

/// How answers are measured.
#[derive(clap::Args)]
pub(crate) struct ReadArgs {
    /// The database, as in `fill`.
    #[arg(long, value_name = "ADDRESS", value_parser = Address::parse)]
    pub(crate) database: Address,

    /// How many builds are in it: what the table calls it.
    #[arg(long, value_parser = between(1, 100_000_000))]
    pub(crate) builds: usize,

    /// How many questions of a kind are asked.
    #[arg(long, default_value_t = 300, value_parser = between(1, 10_000))]
    pub(crate) questions: usize,

    /// For how many seconds a kind is asked at most.
    #[arg(long, default_value_t = 6, value_name = "SECONDS")]
    pub(crate) limit: u64,

    /// A folder with `fastapi_reference`, which is asked what it knows to answer, on
    /// the same builds of a file.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) references: Option<PathBuf>,

    /// Only kinds whose names hold this text; nothing is kept for the page.
    #[arg(long, value_name = "TEXT")]
    pub(crate) only: Option<String>,

    /// The Lampboard to measure [default: target/release/lampboard].
    #[arg(long, value_name = "FILE")]
    pub(crate) binary: Option<PathBuf>,
}

/// How a database is filled.
#[derive(clap::Args)]
pub(crate) struct FillArgs {
    /// The database: `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/NAME`. No
    /// server may run on the file.
    #[arg(long, value_name = "ADDRESS", value_parser = Address::parse)]
    pub(crate) database: Address,

    /// How many builds, spread over a year.
    #[arg(long, value_parser = between(1, 100_000_000))]
    pub(crate) builds: usize,

    /// Of which builds the jobs are told, too.
    #[arg(long, value_enum, default_value_t = WithJobs::Recent)]
    pub(crate) jobs: WithJobs,

    /// The same seed and end make the same builds.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,

    /// When the last build begins [default: now].
    #[arg(long, value_name = "TIME")]
    pub(crate) end: Option<Timestamp>,
}

/// How taking in is measured.
#[derive(clap::Args)]
pub(crate) struct IngestArgs {
    /// A folder with reference implementations (`fastapi_reference`,
    /// `probot_reference`) to run turn about with Lampboard.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) references: Option<PathBuf>,

    /// A `PostgreSQL` on this machine whose user may make databases: measures on it,
    /// too.
    #[arg(
        long,
        value_name = "URL",
        env = "LAMPBOARD_TEST_POSTGRES_URL",
        hide_env_values = true
    )]
    pub(crate) postgres: Option<String>,

    /// How often each server is measured; the table has the medians.
    #[arg(long, default_value_t = 3, value_parser = between(1, 20))]
    pub(crate) rounds: usize,

    /// How many deliveries a round sends as fast as they are answered.
    #[arg(long, default_value_t = 10_000, value_parser = between(100, 50_000))]
    pub(crate) deliveries: usize,

    /// How many keep-alive connections send them, one delivery at a time each.
    #[arg(long, default_value_t = 32, value_parser = between(1, 256))]
    pub(crate) connections: usize,

    /// Measures only this server and leaves the README alone; may be repeated.
    #[arg(long, value_name = "SERVER")]
    pub(crate) only: Vec<Kind>,

    /// The Lampboard to measure [default: target/release/lampboard].
    #[arg(long, value_name = "FILE")]
    pub(crate) binary: Option<PathBuf>,

    /// Where databases and prepared references go; on a disk, not in memory
    /// [default: target/bench].
    #[arg(long, value_name = "FOLDER")]
    pub(crate) work: Option<PathBuf>,
}

fn between(least: u64, most: u64) -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(least..=most)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn refuses_loads_without_bound() {
        assert!(
            Args::try_parse_from(["lampboard-bench", "ingest", "--deliveries", "50001"]).is_err()
        );
        assert!(
            Args::try_parse_from(["lampboard-bench", "ingest", "--deliveries", "50000"]).is_ok()
        );
    }
}

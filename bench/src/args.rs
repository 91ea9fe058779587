//! The command line.

use std::path::PathBuf;

use clap::Parser;
use clap::builder::RangedU64ValueParser;

use crate::subject::Kind;

/// Measures how Lampboard takes deliveries in, and writes the figures into the README.
///
/// Everything happens on this machine: each round starts a server on a free
/// port of 127.0.0.1 with a new database, sends it signed deliveries, looks
/// whether all that it acknowledged is there, and stops it.
#[derive(Parser)]
#[command(name = "lampboard-bench")]
pub(crate) struct Args {
    /// A folder with reference implementations (`fastapi_reference`,
    /// `probot_reference`) to run turn about with Lampboard.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) references: Option<PathBuf>,

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
        assert!(Args::try_parse_from(["lampboard-bench", "--deliveries", "50001"]).is_err());
        assert!(Args::try_parse_from(["lampboard-bench", "--deliveries", "50000"]).is_ok());
    }
}

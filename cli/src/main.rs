//! The one binary: its subcommands are the roles that Lampboard's parts can run in.

mod args;
mod commands;
mod listen;
mod log;
mod said;
mod shutdown;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{AlertsCommand, Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    log::init(&cli.log);
    match run(cli.command) {
        Ok(code) => code,
        Err(error) => {
            tracing::error!("{}", said::said(&error));
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(args) => commands::serve::run(*args).await?,
        Command::Server(args) => commands::server::run(*args).await?,
        Command::GithubApp(args) => commands::github_app::run(args).await?,
        Command::Migrate(args) => commands::migrate::run(args).await?,
        Command::Backup(args) => return commands::backup::run(args).await,
        Command::Backfill(args) => return commands::backfill::run(args).await,
        Command::Alerts(AlertsCommand::Test(args)) => {
            return commands::alerts_test::run(args).await;
        }
        Command::Doctor(args) => return commands::doctor::run(args).await,
        Command::Demo(args) => commands::demo::run(args).await?,
    }
    Ok(ExitCode::SUCCESS)
}

//! Fills databases and measures Lampboard, beside reference implementations where
//! there are some, and writes the figures into the documentation.

mod alertmanager;
mod alerts;
mod args;
mod database;
mod delivery;
mod fill;
mod history;
mod ingest;
mod load;
mod machine;
mod page;
mod postgres;
mod procfs;
mod read;
mod references;
mod round;
mod server;
mod space;
mod statistics;
mod stored;
mod subject;
mod table;
mod watch;
mod yardstick;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::Parser as _;
use jiff::Timestamp;
use tokio::runtime::Builder;

use crate::args::{AlertmanagerArgs, Args, Command, FillArgs, PartArgs, ReadArgs};
use crate::fill::{Content, fill, per_second};
use crate::page::Page;
use crate::subject::Program;
use crate::table::number;

fn main() -> Result<()> {
    let now = now();
    match Args::parse().command {
        // One thread, so that the driver leaves the other cores to the server.
        Command::Ingest(args) => {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(ingest::run(args, now))
        }
        Command::Fill(args) => {
            let runtime = Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(fill_one(&args, now))
        }
        Command::Read(args) => {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(read_one(&args))
        }
        Command::Watch(args) => {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(watch_one(&args, now))
        }
        Command::Alerts(args) => {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(alerts_one(&args, now))
        }
        Command::Alertmanager(args) => {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(alertmanager_one(&args, now))
        }
        Command::Space(args) => {
            let runtime = Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(space_one(&args, now))
        }
    }
}

async fn fill_one(args: &FillArgs, now: Timestamp) -> Result<()> {
    let content = Content {
        builds: args.builds,
        with_jobs: args.jobs,
        seed: args.seed,
        now: args.end.unwrap_or(now),
    };
    let filled = fill(args.database.database(), content).await?;
    println!(
        "{} builds and {} jobs in {:.1} s, {:.0} builds a second; {:.1} CPU-seconds",
        filled.builds,
        filled.jobs,
        filled.elapsed.as_secs_f64(),
        per_second(filled.builds, filled.elapsed),
        filled.cpu.as_secs_f64(),
    );
    Ok(())
}

async fn read_one(args: &ReadArgs) -> Result<()> {
    let repository = repository();
    let page = Page::open(&repository)?;
    let work = work_folder(None, &repository)?;
    let mut reference = None;
    if let Some(folder) = &args.references {
        let references = references::set_up(folder, &work)?.into_iter();
        let mut fastapi = references.filter(|(program, _)| *program == Program::Fastapi);
        reference = fastapi.next().map(|(_, home)| home);
    }
    let reading = read::read(&read::Plan {
        binary: &binary(args.binary.as_ref())?,
        address: &args.database,
        builds: args.builds,
        effort: read::Effort {
            questions: args.questions,
            limit: Duration::from_secs(args.limit),
        },
        only: args.only.as_deref(),
        reference: reference.as_deref(),
        work: &work,
    })
    .await?;
    if args.only.is_none() {
        page.read(reading)?;
    }
    Ok(())
}

async fn watch_one(args: &PartArgs, now: Timestamp) -> Result<()> {
    let page = Page::open(&repository())?;
    let work = work_folder(args.work.as_ref(), &repository())?;
    let watched = watch::watch(&binary(args.binary.as_ref())?, &work, now).await?;
    println!("{}", watched.table());
    page.put("watch", &watched.table())?;
    let seen = format!("{} ms", number(watched.each.p99));
    page.see(vec![("watch", seen)])
}

async fn alerts_one(args: &PartArgs, now: Timestamp) -> Result<()> {
    let page = Page::open(&repository())?;
    let work = work_folder(args.work.as_ref(), &repository())?;
    let handed = alerts::measure(&binary(args.binary.as_ref())?, &work, now).await?;
    let table = handed.table(&machine::circumstances(&repository(), &work)?);
    println!("{table}");
    page.put("alerts", &table)?;
    page.see(vec![("alerts", handed.seen())])
}

async fn alertmanager_one(args: &AlertmanagerArgs, now: Timestamp) -> Result<()> {
    let page = Page::open(&repository())?;
    let work = work_folder(args.part.work.as_ref(), &repository())?;
    let lampboard = binary(args.part.binary.as_ref())?;
    let other = args.alertmanager.clone();
    let other = other.unwrap_or_else(alertmanager::usual);
    let compared = alertmanager::compare(&lampboard, &other, &work, now).await?;
    let table = compared.table(&machine::circumstances(&repository(), &work)?);
    println!("{table}");
    page.put_into_promises("alertmanager", &table)
}

async fn space_one(args: &PartArgs, now: Timestamp) -> Result<()> {
    let page = Page::open(&repository())?;
    let work = work_folder(args.work.as_ref(), &repository())?;
    let space = space::measure(&binary(args.binary.as_ref())?, &work, now).await?;
    println!("{}", space.table());
    page.put("space", &space.table())?;
    page.see(vec![
        ("disk", format!("{} B", number(space.per_build()))),
        ("payload", format!("{} B", number(space.per_payload()))),
    ])
}

/// Where databases and prepared references go.
fn work_folder(given: Option<&PathBuf>, repository: &Path) -> Result<PathBuf> {
    let default = || repository.join("target/bench");
    let work = given.cloned().unwrap_or_else(default);
    fs::create_dir_all(&work)?;
    ensure!(
        !server::in_memory(&work)?,
        "{} is in memory, where durability costs nothing: name another --work",
        work.display()
    );
    Ok(work.canonicalize()?)
}

/// The Lampboard that is measured.
fn binary(given: Option<&PathBuf>) -> Result<PathBuf> {
    let default = || repository().join("target/release/lampboard");
    let binary = given.cloned().unwrap_or_else(default);
    ensure!(
        binary.is_file(),
        "there is no {}: build it with `make build`",
        binary.display()
    );
    Ok(binary.canonicalize()?)
}

#[expect(clippy::disallowed_methods, reason = "where the one clock is read")]
fn now() -> Timestamp {
    Timestamp::now()
}

fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

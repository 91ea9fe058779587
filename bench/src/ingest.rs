//! Measures how deliveries are taken in, beside reference implementations where there
//! are some.

use std::path::Path;

use anyhow::{Result, ensure};
use jiff::Timestamp;

use crate::args::IngestArgs;
use crate::page::Page;
use crate::postgres::Postgres;
use crate::round::Plan;
use crate::subject::{Kind, Program, Subject};
use crate::table::{Circumstances, Results};
use crate::{binary, machine, references, repository, round, work_folder, yardstick};

/// Measures, and writes the figures into README and page unless only some are
/// measured.
pub(crate) async fn run(args: IngestArgs, now: Timestamp) -> Result<()> {
    let repository = repository();
    let page = Page::open(&repository)?;
    let whole = args.only.is_empty();
    ensure!(
        !(whole && cfg!(debug_assertions)),
        "figures for the README need `cargo run --release -p lampboard-bench`"
    );
    let work = work_folder(args.work.as_ref(), &repository)?;
    let postgres = if let Some(url) = &args.postgres {
        Some(Postgres::find(url).await?)
    } else {
        eprintln!("without --postgres nothing is measured on PostgreSQL");
        None
    };
    let subjects = subjects(&args, &work, postgres.is_some())?;
    let plan = Plan::new(args.deliveries, args.connections, now);

    let results = measure(&subjects, &plan, args.rounds, &work, postgres.as_ref()).await?;
    let how = results.explain(&Circumstances {
        commit: machine::commit(&repository),
        machine: machine::machine(&work)?,
        load: plan.size(),
    });
    let on_files = format!("{}\n{how}", results.table(&Kind::ON_FILES));
    let on_postgres = format!("{}\n{how}", results.table(&Kind::ON_POSTGRES));
    println!("{on_files}\n{on_postgres}");
    if whole {
        page.put_into_readme("ingest", &on_files)?;
        page.put("ingest", &on_files)?;
        page.put("steps", &results.steps())?;
        if results.has(&Kind::ON_POSTGRES) {
            page.put("ingest-postgres", &on_postgres)?;
        }
        page.see(results.seen())?;
    }
    Ok(())
}

async fn measure(
    subjects: &[Subject],
    plan: &Plan,
    rounds: usize,
    work: &Path,
    postgres: Option<&Postgres>,
) -> Result<Results> {
    let mut results = Results::new(subjects.iter().map(|subject| subject.kind));
    for round in 1..=rounds {
        let bare = yardstick::bare_cost(plan.deliveries(), work).await?;
        results.bare_costs.push(bare);
        for (subject, (_, figures)) in subjects.iter().zip(&mut results.figures) {
            let found = round::measure(subject, plan, work, postgres).await?;
            let place = if subject.kind.on_postgres() {
                " on PostgreSQL"
            } else {
                ""
            };
            eprintln!(
                "round {round} of {rounds}: {}{place} took {:.0} deliveries a second",
                subject.kind.title(),
                found.rate
            );
            figures.push(found);
        }
    }
    Ok(results)
}

fn subjects(args: &IngestArgs, work: &Path, postgres: bool) -> Result<Vec<Subject>> {
    let ours = binary(args.binary.as_ref())?;
    let mut homes = vec![(Program::Lampboard, ours)];
    if let Some(folder) = &args.references {
        homes.extend(references::set_up(folder, work)?);
    }
    let kinds = Kind::ON_FILES.iter().chain(&Kind::ON_POSTGRES);
    let wanted = kinds.filter(|kind| {
        (postgres || !kind.on_postgres()) && (args.only.is_empty() || args.only.contains(kind))
    });
    let subjects: Vec<Subject> = wanted
        .filter_map(|kind| {
            let (_, home) = homes
                .iter()
                .find(|(program, _)| *program == kind.program())?;
            Some(Subject {
                kind: *kind,
                home: home.clone(),
            })
        })
        .collect();
    ensure!(!subjects.is_empty(), "there is nothing to measure");
    Ok(subjects)
}

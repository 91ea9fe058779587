//! Measures how deliveries are taken in, beside reference implementations where there
//! are some.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;

use crate::args::IngestArgs;
use crate::round::Plan;
use crate::subject::{Kind, Subject};
use crate::table::{Circumstances, Results};
use crate::{binary, machine, readme, references, repository, round, server, yardstick};

/// Measures, and writes the figures into the README unless only some are measured.
pub(crate) async fn run(args: IngestArgs, now: Timestamp) -> Result<()> {
    let repository = repository();
    let readme = repository.join("README.md");
    let writes_readme = args.only.is_empty();
    if writes_readme {
        ensure!(
            !cfg!(debug_assertions),
            "figures for the README need `cargo run --release -p lampboard-bench`"
        );
        // Rather now than after minutes of measuring.
        readme::splice(&read(&readme)?, "")?;
    }
    let work = work_folder(&args, &repository)?;
    let subjects = subjects(&args, &work)?;
    let plan = Plan::new(args.deliveries, args.connections, now);

    let results = measure(&subjects, &plan, args.rounds, &work).await?;
    let figures = results.render(&Circumstances {
        date: now.strftime("%Y-%m-%d").to_string(),
        commit: machine::commit(&repository),
        machine: machine::machine(),
        load: plan.size(),
    });
    println!("{figures}");
    if writes_readme {
        fs::write(&readme, readme::splice(&read(&readme)?, &figures)?)?;
    }
    Ok(())
}

async fn measure(subjects: &[Subject], plan: &Plan, rounds: usize, work: &Path) -> Result<Results> {
    let mut results = Results::new(subjects.iter().map(|subject| subject.kind));
    for round in 1..=rounds {
        results
            .bare_costs
            .push(yardstick::bare_cost(plan.deliveries())?);
        for (subject, (_, figures)) in subjects.iter().zip(&mut results.figures) {
            let found = round::measure(subject, plan, work).await?;
            eprintln!(
                "round {round} of {rounds}: {} took {:.0} deliveries a second",
                subject.kind.title(),
                found.rate
            );
            figures.push(found);
        }
    }
    Ok(results)
}

fn subjects(args: &IngestArgs, work: &Path) -> Result<Vec<Subject>> {
    let wanted = |kind: Kind| args.only.is_empty() || args.only.contains(&kind);
    let mut subjects = Vec::new();
    if wanted(Kind::Lampboard) {
        subjects.push(Subject {
            kind: Kind::Lampboard,
            home: binary(args.binary.as_ref())?,
        });
    }
    if let Some(folder) = &args.references {
        let references = references::set_up(folder, work)?;
        subjects.extend(references.into_iter().filter(|found| wanted(found.kind)));
    }
    ensure!(!subjects.is_empty(), "there is nothing to measure");
    Ok(subjects)
}

fn work_folder(args: &IngestArgs, repository: &Path) -> Result<PathBuf> {
    let default = || repository.join("target/bench");
    let work = args.work.clone().unwrap_or_else(default);
    fs::create_dir_all(&work)?;
    ensure!(
        !server::in_memory(&work)?,
        "{} is in memory, where durability costs nothing: name another --work",
        work.display()
    );
    Ok(work.canonicalize()?)
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

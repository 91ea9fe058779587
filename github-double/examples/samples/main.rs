//! Writes a sample of everything that the simulated GitHub says: `samples FOLDER`.
//!
//! `schemas/check.js` compares them with GitHub's own descriptions.

mod answers;
mod client;
mod story;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use lampboard_github_double::{Change, Double, Options};

use client::Outcome;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let folder = std::env::args_os().nth(1).ok_or("usage: samples FOLDER")?;
    let folder = PathBuf::from(folder);
    let double = Double::start(Options::frozen(7, "2026-03-02T09:00:00Z".parse()?)).await?;
    let (cast, changes) = double.github(story::tell);
    write_events(&folder.join("events"), &changes)?;
    answers::write(&double, &cast, folder.join("answers")).await?;
    double.stop().await;
    Ok(())
}

fn write_events(folder: &Path, changes: &[Change]) -> Outcome<()> {
    fs::create_dir_all(folder)?;
    let mut counts: HashMap<String, u32> = HashMap::new();
    for event in changes.iter().map(Change::event) {
        let words = [&*event.name, &*event.action];
        let name = words
            .into_iter()
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(".");
        let count = counts.entry(name.clone()).or_default();
        *count += 1;
        fs::write(folder.join(format!("{name}~{count}.json")), &event.body)?;
    }
    Ok(())
}

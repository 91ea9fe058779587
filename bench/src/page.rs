//! Puts figures into the README, docs/PERFORMANCE.md and docs/PROMISES.md, between markers, and
//! keeps them for the table that sets them against what is promised.

mod goals;
mod reads;
mod splice;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::read::Reading;
use splice::splice;

/// The page, and what was measured for it so far.
pub(crate) struct Page {
    repository: PathBuf,
    /// Outlives a run: parts of the page are measured one by one.
    kept: PathBuf,
}

#[derive(Default, Serialize, Deserialize)]
struct Kept {
    /// By goal.
    seen: BTreeMap<String, String>,
    /// By database and size.
    readings: BTreeMap<String, Reading>,
}

impl Page {
    /// Fails now rather than after minutes of measuring.
    pub(crate) fn open(repository: &Path) -> Result<Self> {
        let page = Self {
            repository: repository.to_owned(),
            kept: repository.join("target/bench/results.json"),
        };
        splice(&read(&page.file())?, "goals", "")?;
        Ok(page)
    }

    /// Replaces a part of the page.
    pub(crate) fn put(&self, part: &str, figures: &str) -> Result<()> {
        replace(&self.file(), part, figures)
    }

    /// Replaces a part of the README.
    pub(crate) fn put_into_readme(&self, part: &str, figures: &str) -> Result<()> {
        replace(&self.repository.join("README.md"), part, figures)
    }

    /// Replaces a part of what is promised of alerts.
    pub(crate) fn put_into_promises(&self, part: &str, figures: &str) -> Result<()> {
        replace(&self.repository.join("docs/PROMISES.md"), part, figures)
    }

    /// Keeps what was seen of goals, and sets all that is known against them.
    pub(crate) fn see(&self, seen: Vec<(&'static str, String)>) -> Result<()> {
        let mut kept = self.kept()?;
        let seen = seen.into_iter().map(|(id, text)| (id.to_owned(), text));
        kept.seen.extend(seen);
        self.keep(&kept)?;
        self.put("goals", &goals::table(&kept.seen))
    }

    /// Keeps how a database answered.
    pub(crate) fn read(&self, reading: Reading) -> Result<()> {
        let mut kept = self.kept()?;
        let name = format!("{} {:09}", reading.database, reading.builds);
        kept.readings.insert(name, reading);
        self.keep(&kept)?;
        // SQLite first, as it is where most begin.
        let mut readings: Vec<&Reading> = kept.readings.values().collect();
        readings.sort_by_key(|reading| reading.database != "SQLite");
        let table = reads::table(&readings);
        println!("{table}");
        self.put("reads", &table)?;
        self.see(reads::seen(&readings))
    }

    fn file(&self) -> PathBuf {
        self.repository.join("docs/PERFORMANCE.md")
    }

    fn kept(&self) -> Result<Kept> {
        match fs::read(&self.kept) {
            Ok(text) => serde_json::from_slice(&text)
                .with_context(|| format!("delete {} and measure anew", self.kept.display())),
            Err(_) => Ok(Kept::default()),
        }
    }

    fn keep(&self, kept: &Kept) -> Result<()> {
        if let Some(folder) = self.kept.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(fs::write(&self.kept, serde_json::to_vec_pretty(kept)?)?)
    }
}

fn replace(file: &Path, part: &str, figures: &str) -> Result<()> {
    let text = splice(&read(file)?, part, figures)?;
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

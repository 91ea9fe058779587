//! Where and of what the figures were taken.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::procfs::{memory_kib, processor};
use crate::table::number;

/// How often the disk is asked to flush.
const FLUSHES: usize = 200;

/// Its processor, cores and memory, and how long its disk takes to keep something.
pub(crate) fn machine(folder: &Path) -> Result<String> {
    let processor = processor().unwrap_or_else(|| "unknown processor".to_owned());
    let cores = available_parallelism().map_or(1, usize::from);
    let memory = memory_kib().unwrap_or_default() >> 20;
    let flush = number(flush_time(folder)?.as_secs_f64() * 1000.0);
    Ok(format!(
        "{processor}, {cores} cores, {memory} GiB of memory, a disk that takes {flush} ms to keep \
         4 KiB for good (fdatasync, median)"
    ))
}

/// A sentence of where and of what figures were taken.
pub(crate) fn circumstances(repository: &Path, folder: &Path) -> Result<String> {
    let commit = commit(repository);
    let commit = commit.as_deref().unwrap_or("unknown");
    let machine = machine(folder)?;
    Ok(format!(
        "Measured at commit {commit}; {machine}, shared with the load driver."
    ))
}

fn flush_time(folder: &Path) -> Result<Duration> {
    let mut file = tempfile::tempfile_in(folder)?;
    let mut times = Vec::with_capacity(FLUSHES);
    for _ in 0..FLUSHES {
        file.write_all(&[1; 4096])?;
        let started = Instant::now();
        file.sync_data()?;
        times.push(started.elapsed());
    }
    times.sort_unstable();
    Ok(times[FLUSHES / 2])
}

/// The commit that is checked out, and whether files differ from it. The
/// README and the pages do not count: the figures of the last time are in them.
pub(crate) fn commit(repository: &Path) -> Option<String> {
    let name = git(repository, &["rev-parse", "--short", "HEAD"])?;
    let unchanged = [
        "diff",
        "--quiet",
        "HEAD",
        "--",
        ".",
        ":!README.md",
        ":!docs/PERFORMANCE.md",
        ":!docs/PROMISES.md",
    ];
    Some(match git(repository, &unchanged) {
        Some(_) => name,
        None => format!("{name}, with changes"),
    })
}

/// What it prints, unless it fails.
fn git(repository: &Path, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new("git");
    let output = command.args(arguments).current_dir(repository).output();
    let output = output.ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn marks_all_changes_but_those_of_the_readme() {
        let folder = tempfile::tempdir().unwrap();
        let repository = folder.path();
        let write = |name: &str, text: &str| fs::write(repository.join(name), text).unwrap();
        write("README.md", "1");
        write("code", "1");
        assert_eq!(commit(repository), None);
        let git = |arguments: &[&str]| {
            let who = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
            git(repository, &[&who, arguments].concat()).unwrap()
        };
        git(&["init", "--quiet"]);
        git(&["add", "."]);
        git(&["commit", "--quiet", "--message", "1"]);
        let head = git(&["rev-parse", "--short", "HEAD"]);

        write("README.md", "2");
        assert_eq!(commit(repository), Some(head.clone()));
        write("code", "2");
        assert_eq!(commit(repository), Some(format!("{head}, with changes")));
    }
}

//! Where and of what the figures were taken.

use std::path::Path;
use std::process::Command;
use std::thread::available_parallelism;

use crate::procfs::processor;

/// The processor and how many cores of it there are.
pub(crate) fn machine() -> String {
    let processor = processor().unwrap_or_else(|| "unknown processor".to_owned());
    let cores = available_parallelism().map_or(1, usize::from);
    format!("{processor}, {cores} cores")
}

/// The commit that is checked out, marked when files differ from it.
pub(crate) fn commit(repository: &Path) -> Option<String> {
    let output = Command::new("git")
        .args(["describe", "--always", "--dirty", "--exclude=*"])
        .current_dir(repository)
        .output()
        .ok()?;
    let name = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !name.is_empty()).then_some(name)
}

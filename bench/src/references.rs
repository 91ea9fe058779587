//! Sets reference implementations up in a folder of our own, from one that may
//! be read-only.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::subject::Program;

/// What a reference needs before it can run.
struct Needs {
    /// The file that names its packages.
    listed_in: &'static str,
    /// The commands that fetch them.
    commands: &'static [(&'static str, &'static [&'static str])],
}

const FASTAPI: Needs = Needs {
    listed_in: "requirements.txt",
    commands: &[
        ("python3", &["-m", "venv", "venv"]),
        (
            "venv/bin/pip",
            &["install", "--quiet", "--requirement", "requirements.txt"],
        ),
    ],
};

const PROBOT: Needs = Needs {
    listed_in: "package-lock.json",
    commands: &[("npm", &["ci"])],
};

/// Sets up those that `folder` has.
pub(crate) fn set_up(folder: &Path, work: &Path) -> Result<Vec<(Program, PathBuf)>> {
    let known = [
        (Program::Fastapi, "fastapi_reference", FASTAPI),
        (Program::Probot, "probot_reference", PROBOT),
    ];
    let mut subjects = Vec::new();
    for (program, name, needs) in known {
        let source = folder.join(name);
        if source.is_dir() {
            let home = work.join(name);
            install(&needs, &source, &home).with_context(|| format!("cannot set up {name}"))?;
            subjects.push((program, home));
        }
    }
    ensure!(
        !subjects.is_empty(),
        "there is no reference that the benchmark knows in {}",
        folder.display()
    );
    Ok(subjects)
}

/// Copies the sources, and fetches what they need unless that was done before.
fn install(needs: &Needs, source: &Path, home: &Path) -> Result<()> {
    copy_files(source, home)?;
    let wanted = fs::read(home.join(needs.listed_in))?;
    let stamp = home.join("installed");
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    for (program, arguments) in needs.commands {
        run(program, arguments, home)?;
    }
    Ok(fs::write(stamp, wanted)?)
}

/// The references have no folders but those of their packages.
fn copy_files(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            // Written anew rather than copied: a copy would be read-only too.
            fs::write(to.join(entry.file_name()), fs::read(entry.path())?)?;
        }
    }
    Ok(())
}

fn run(program: &str, arguments: &[&str], folder: &Path) -> Result<()> {
    eprintln!("in {}: {program} {}", folder.display(), arguments.join(" "));
    // A path in it means one in `folder`, which is not where we are.
    let in_folder = folder.join(program);
    let mut command = if in_folder.is_file() {
        Command::new(in_folder)
    } else {
        Command::new(program)
    };
    let status = command.args(arguments).current_dir(folder).status()?;
    ensure!(status.success(), "`{program}` ended with {status}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOUCH: Needs = Needs {
        listed_in: "needs",
        commands: &[("sh", &["-c", "echo fetched >> log"])],
    };

    #[test]
    fn fetches_again_only_what_changed() {
        let folder = tempfile::tempdir().unwrap();
        let (source, home) = (folder.path().join("source"), folder.path().join("home"));
        fs::create_dir(&source).unwrap();
        let install_version = |version: &str| {
            fs::write(source.join("needs"), version).unwrap();
            install(&TOUCH, &source, &home).unwrap();
            fs::read_to_string(home.join("log")).unwrap()
        };
        assert_eq!(install_version("1"), "fetched\n");
        assert_eq!(install_version("1"), "fetched\n");
        assert_eq!(install_version("2"), "fetched\nfetched\n");
    }

    #[test]
    fn a_folder_without_references_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(set_up(folder.path(), folder.path()).is_err());
    }
}

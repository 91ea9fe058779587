//! Builds the UI with npm into `OUT_DIR`, or writes a placeholder where that cannot be.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

/// What the built UI depends on; tests and linters are not part of it.
const SOURCES: [&str; 8] = [
    "src",
    "public",
    "build",
    "index.html",
    "package.json",
    "package-lock.json",
    "svelte.config.js",
    "vite.config.ts",
];

const PLACEHOLDER: &str = "<!doctype html>\n<html lang=\"en\">\n<title>Lampboard</title>\n\
    <h1>Lampboard was built without its web UI</h1>\n\
    <p>The API works. For the UI, build again with npm installed and LAMPBOARD_WEB unset.</p>\n\
    </html>\n";

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=LAMPBOARD_WEB");

    let web = PathBuf::from(env::var("OUT_DIR")?).join("web");
    match why_not() {
        Some(reason) => {
            println!("cargo::warning=the web UI is left out: {reason}");
            placeholder(&web)
        }
        None => build(&web),
    }
}

/// The reason for which the UI cannot or should not be built.
fn why_not() -> Option<&'static str> {
    if env::var_os("LAMPBOARD_WEB").is_some_and(|value| value == "skip") {
        return Some("LAMPBOARD_WEB is skip");
    }
    let npm = npm().arg("--version").stdout(Stdio::null()).status();
    npm.is_err().then_some("npm is not installed")
}

fn placeholder(web: &Path) -> Outcome<()> {
    if web.exists() {
        fs::remove_dir_all(web)?;
    }
    fs::create_dir_all(web)?;
    Ok(fs::write(web.join("index.html"), PLACEHOLDER)?)
}

fn build(web: &Path) -> Outcome<()> {
    install()?;
    run(npm()
        .args(["run", "--silent", "build", "--"])
        .arg("--emptyOutDir")
        .arg("--logLevel=warn")
        .arg("--outDir")
        .arg(web))
}

fn install() -> Outcome<()> {
    // A debug and a release build may get here at the same time, and npm starts
    // by removing everything.
    let lock = fs::File::open("package-lock.json")?;
    lock.lock()?;
    if installed()? {
        return Ok(());
    }
    run(npm()
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .args(omitted()))
}

/// Whether `node_modules` is at least as new as the lock. npm writes the hidden lock last.
fn installed() -> Outcome<bool> {
    let hidden = Path::new("node_modules/.package-lock.json");
    Ok(hidden.exists() && modified(hidden)? >= modified(Path::new("package-lock.json"))?)
}

fn modified(path: &Path) -> Outcome<SystemTime> {
    Ok(fs::metadata(path)?.modified()?)
}

/// Leaves the linters and tests out, unless a developer has them already.
fn omitted() -> &'static [&'static str] {
    if Path::new("node_modules/vitest").exists() {
        &[]
    } else {
        &["--omit=dev"]
    }
}

fn npm() -> Command {
    Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" })
}

fn run(command: &mut Command) -> Outcome<()> {
    // Cargo reads this process's standard output; npm's belongs to the log.
    let status = command.stdout(Stdio::null()).status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{command:?} ended with {status}").into())
    }
}

//! docs/CONFIGURATION.md is made from `--help`, and stays what `--help` says.

use std::{fmt::Write as _, fs, path::Path, process::Command};

const ROLES: [&str; 9] = [
    "serve",
    "server",
    "github-app",
    "migrate",
    "backup",
    "backfill",
    "alerts test",
    "doctor",
    "demo",
];

#[test]
fn the_page_is_what_help_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/CONFIGURATION.md");
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &page).expect("docs can be written");
    }
    let committed = fs::read_to_string(&path).expect("docs/CONFIGURATION.md is there");
    assert!(
        committed == page,
        "docs/CONFIGURATION.md is not what --help says: \
         UPDATE_DOCS=1 cargo test --workspace --test configuration"
    );
}

fn page() -> String {
    let mut page = String::from(
        "# Configuration\n\n\
         Settings are flags or environment variables; a flag wins. There is no configuration file.\n\
         This page is made from `--help` (see `cli/tests/configuration.rs`).\n",
    );
    for role in ROLES {
        let help = help(role);
        write!(page, "\n## lampboard {role}\n\n```text\n{help}\n```\n").expect("a string grows");
    }
    page
}

/// What a role says of itself, at a width that does not depend on the terminal.
fn help(role: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_lampboard"))
        .args(role.split(' '))
        .arg("--help")
        .env_clear()
        .output()
        .expect("the binary runs");
    assert!(output.status.success(), "{role} --help failed");
    let text = String::from_utf8(output.stdout).expect("help is text");
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n")
}

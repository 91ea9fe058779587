//! Sets Lampboard beside Alertmanager where things go wrong: the same cases, the same channel.

mod case;
mod tool;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use tokio::task::JoinSet;

use case::Case;
use tool::Tool;

const MISSING: &str = "Alertmanager is not there: `apt-get install prometheus-alertmanager`, or \
                       name the binary of one of its releases by `--alertmanager FILE` (`make \
                       bench-alertmanager ALERTMANAGER=FILE`)";

/// What both did, by case.
pub(crate) struct Compared {
    version: String,
    seen: BTreeMap<Case, [String; 2]>,
}

/// Plays all cases at once, each with new processes on a new folder: they mostly wait.
pub(crate) async fn compare(
    lampboard: &Path,
    alertmanager: &Path,
    work: &Path,
    now: Timestamp,
) -> Result<Compared> {
    let version = version(alertmanager)?;
    let tools = [
        Tool::Lampboard(lampboard.to_owned()),
        Tool::Alertmanager(alertmanager.to_owned()),
    ];
    let mut playing = JoinSet::new();
    for case in Case::ALL {
        for (column, tool) in tools.iter().cloned().enumerate() {
            let work = work.to_owned();
            playing.spawn(async move {
                let what = format!("{case:?}, {tool:?}");
                let seen = case.play(tool, &work, now).await;
                anyhow::Ok((case, column, seen.context(what)?))
            });
        }
    }
    let mut seen = BTreeMap::<Case, [String; 2]>::new();
    while let Some(played) = playing.join_next().await {
        let (case, column, words) = played??;
        if let Some(cell) = seen.entry(case).or_default().get_mut(column) {
            *cell = words;
        }
    }
    Ok(Compared { version, seen })
}

/// The program to set Lampboard beside, unless it is named.
pub(crate) fn usual() -> PathBuf {
    PathBuf::from("prometheus-alertmanager")
}

fn version(alertmanager: &Path) -> Result<String> {
    let said = Command::new(alertmanager).arg("--version").output();
    let said = said.context(MISSING)?;
    // Older ones say it where errors go.
    let said = [said.stdout, said.stderr].concat();
    version_in(&String::from_utf8_lossy(&said)).context("it does not say its version")
}

/// Such as `0.25.0` of `alertmanager, version 0.25.0 (branch: ...)`.
fn version_in(said: &str) -> Option<String> {
    let (_, rest) = said.split_once("version ")?;
    rest.split_whitespace().next().map(str::to_owned)
}

impl Compared {
    /// As a table. `about` says where and of what it was taken.
    pub(crate) fn table(&self, about: &str) -> String {
        let version = &self.version;
        let mut text = format!("| case | Lampboard | Alertmanager {version} |\n|---|---|---|\n");
        for (case, [lampboard, alertmanager]) in &self.seen {
            let title = case.title();
            let _ = writeln!(text, "| {title} | {lampboard} | {alertmanager} |");
        }
        let _ = writeln!(
            text,
            "\n{about} Each case has processes, data and a channel of its own, which speaks as \
             Slack's incoming webhooks do. Alertmanager gathers for 1 s (`group_wait`), sends of a \
             group every 5 s (`group_interval`) and repeats after 4 h. Lampboard is told by \
             GitHub's webhooks, Alertmanager by its API. Times are since the first try."
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read() {
        let said = "alertmanager, version 0.25.0 (branch: debian/sid, revision: 0.25.0-1+b4)\n";
        assert_eq!(version_in(said).as_deref(), Some("0.25.0"));
        assert_eq!(version_in("no such option"), None);
    }

    #[test]
    fn who_is_missing_is_told_how_to_come() {
        let error = version(Path::new("/nowhere/alertmanager")).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("apt-get install prometheus-alertmanager")
        );
    }

    #[test]
    fn cases_stand_in_their_order() {
        let cells = |case: Case| (case, ["a".to_owned(), format!("{case:?}")]);
        let compared = Compared {
            version: "0.25.0".to_owned(),
            seen: Case::ALL.into_iter().rev().map(cells).collect(),
        };
        let table = compared.table("Seen.");
        let place = |case: Case| table.find(&format!("| a | {case:?} |")).unwrap();
        assert!(Case::ALL.is_sorted_by_key(|&case| place(case)));
        assert!(table.starts_with("| case | Lampboard | Alertmanager 0.25.0 |\n"));
    }
}

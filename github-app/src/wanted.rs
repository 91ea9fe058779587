//! What Lampboard wants of its App at GitHub: the permissions and events of
//! `app-manifest.json`, and where an App has less or more of them.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

static WANTED: LazyLock<Wanted> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../app-manifest.json")).expect("a test reads it")
});

/// The part of the manifest that an App can differ from.
#[derive(Debug, Deserialize)]
struct Wanted {
    default_permissions: BTreeMap<String, String>,
    default_events: Vec<String>,
}

/// The permissions, like `actions: read`, that are not granted, or less of them.
pub(crate) fn missing_permissions(granted: &BTreeMap<String, String>) -> Vec<String> {
    let wanted = WANTED.default_permissions.iter();
    wanted
        .filter(|(name, level)| rank(granted.get(*name)) < rank(Some(level)))
        .map(|(name, level)| format!("{name}: {level}"))
        .collect()
}

/// The permissions, like `contents: write`, that are granted for nothing.
pub(crate) fn unneeded_permissions(granted: &BTreeMap<String, String>) -> Vec<String> {
    let wanted = &WANTED.default_permissions;
    granted
        .iter()
        .filter(|(name, level)| rank(wanted.get(*name)) < rank(Some(level)))
        .map(|(name, level)| format!("{name}: {level}"))
        .collect()
}

/// The events that are not subscribed to.
pub(crate) fn missing_events(subscribed: &[String]) -> Vec<String> {
    without(&WANTED.default_events, subscribed)
}

/// The events that are subscribed to for nothing.
pub(crate) fn unneeded_events(subscribed: &[String]) -> Vec<String> {
    without(subscribed, &WANTED.default_events)
}

fn without(all: &[String], some: &[String]) -> Vec<String> {
    let others = all.iter().filter(|event| !some.contains(event));
    others.cloned().collect()
}

/// Who may write may read; and reading is part of whatever GitHub will think of.
fn rank(level: Option<&String>) -> u8 {
    match level.map(String::as_str) {
        None | Some("none") => 0,
        Some("write") => 2,
        Some("admin") => 3,
        Some(_) => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let pairs = pairs.iter();
        pairs
            .map(|(name, level)| ((*name).to_owned(), (*level).to_owned()))
            .collect()
    }

    fn events(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn what_the_manifest_asks_for_is_neither_too_little_nor_too_much() {
        let asked = granted(&[("actions", "read"), ("metadata", "read")]);
        assert!(missing_permissions(&asked).is_empty());
        assert!(unneeded_permissions(&asked).is_empty());
        let asked = events(&["repository", "workflow_job", "workflow_run"]);
        assert!(missing_events(&asked).is_empty());
        assert!(unneeded_events(&asked).is_empty());
    }

    #[test]
    fn names_what_is_missing_and_what_is_not_needed() {
        let other = granted(&[
            ("actions", "write"),
            ("metadata", "none"),
            ("contents", "read"),
        ]);
        assert_eq!(missing_permissions(&other), ["metadata: read"]);
        assert_eq!(
            unneeded_permissions(&other),
            ["actions: write", "contents: read"]
        );
        let other = granted(&[("actions", "watch"), ("metadata", "admin")]);
        assert!(missing_permissions(&other).is_empty());
        assert_eq!(unneeded_permissions(&other), ["metadata: admin"]);
        let other = events(&["workflow_run", "push"]);
        assert_eq!(missing_events(&other), ["workflow_job", "repository"]);
        assert_eq!(unneeded_events(&other), ["push"]);
    }
}

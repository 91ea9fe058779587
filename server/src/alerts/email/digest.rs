//! The message about many alerts: all named, as far as they fit.

use std::collections::BTreeMap;

use maud::html;

use super::{
    clean::clean,
    letter::{Group, Letter, State},
    wording::count,
};
use crate::{
    alerts::{links::Links, provider::Line},
    model::AlertKind,
};

/// How many bytes of HTML the names may take, so that the whole stays below 30 KB.
const ROOM: usize = 22_000;

/// What the HTML around one line takes, at most.
const AROUND: usize = 12;

/// Writes many alerts, by organisation.
pub(super) fn letter(alerts: &[Line], links: &Links) -> Letter {
    let mut sorted: Vec<_> = alerts.iter().collect();
    sorted.sort();
    let (groups, left_out) = groups(&sorted);
    let number = count(alerts.len(), "CI alert", "CI alerts");
    let tally = tally(alerts);
    let more = left_out.map(|number| {
        let names = count(number, "more is", "more are");
        format!("{names} not named here: the list in Lampboard has all.")
    });
    Letter {
        subject: format!("{number}: {tally}"),
        state: State::Summary,
        headline: number.to_uppercase(),
        about: tally,
        facts: Vec::new(),
        groups,
        next: more
            .into_iter()
            .chain([
                "Look for what they have in common, such as a shared action, a runner or an outage of GitHub, before you go through them one by one.".to_owned(),
            ])
            .collect(),
        links: vec![("All alerts in Lampboard", links.history())],
        notes: vec![
            "You get one message for all of these because there were many at once, or they waited for the end of quiet hours.".to_owned(),
        ],
        unsubscribe: None,
    }
}

/// How many alerts there are of each kind.
fn tally(lines: &[Line]) -> String {
    let mut kinds: BTreeMap<AlertKind, usize> = BTreeMap::new();
    for line in lines {
        *kinds.entry(line.kind).or_default() += 1;
    }
    let parts: Vec<_> = kinds
        .into_iter()
        .map(|(kind, number)| format!("{number} {}", word(kind)))
        .collect();
    parts.join(", ")
}

fn word(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::Failure => "failed",
        AlertKind::Recovery => "recovered",
        AlertKind::StaysRed => "still failing",
        AlertKind::Slow => "slow",
        AlertKind::Queued => "waiting",
    }
}

/// The lines by organisation, and how many of them did not fit.
fn groups(lines: &[&Line]) -> (Vec<Group>, Option<usize>) {
    let mut groups: Vec<Group> = Vec::new();
    let mut room = ROOM;
    for (place, line) in lines.iter().enumerate() {
        let (owner, name) = line
            .repository
            .split_once('/')
            .unwrap_or(("", &line.repository));
        let owner = clean(owner, 60);
        let text = format!(
            "{}: {} on {} {}",
            clean(name, 100),
            clean(&line.workflow, 60),
            clean(&line.branch, 60),
            word(line.kind)
        );
        // A heading counts with each line, which is too much, but never too little.
        let size = html! { (owner) (text) }.into_string().len() + AROUND;
        match room.checked_sub(size) {
            Some(left) => room = left,
            None => return (groups, Some(lines.len() - place)),
        }
        match groups.last_mut() {
            Some(group) if group.name == owner => group.lines.push(text),
            _ => groups.push(Group {
                name: owner,
                lines: vec![text],
            }),
        }
    }
    (groups, None)
}

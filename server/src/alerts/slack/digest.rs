//! Many alerts as Slack shows them: by organisation, as detailed as there is room for.

use std::{collections::BTreeMap, fmt::Write as _};

use crate::{
    alerts::{
        links::Links,
        provider::Line,
        wording::{self, units},
    },
    model::AlertKind,
};

use super::{
    block::{Block, Body},
    message::REPEAT,
    text::{HEADER, SECTION, code, escaped, link},
};

/// The most bytes of all names together. With what is around them, it keeps a message under 12 KB.
const ROOM: usize = 8_500;

/// The most units of one line: several fit into a section.
const LINE: usize = 1_400;

/// How much is said of each alert.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Detail {
    /// Repository, workflow and branch, with a link to the build.
    Links,
    /// Repository, workflow and branch.
    Names,
    /// The repository, once.
    Repositories,
}

/// The alerts of a kind in an organisation.
type Groups<'a> = BTreeMap<(AlertKind, &'a str), Vec<&'a Line>>;

/// Makes what Slack is sent of many alerts.
pub(super) fn body(told: &[Line], links: &Links, possible_repeat: bool) -> Body {
    let title = title(told);
    let (text, named) = [Detail::Links, Detail::Names]
        .into_iter()
        .map(|detail| written(told, links, detail))
        .find(|(_, named)| *named == told.len())
        .unwrap_or_else(|| written(told, links, Detail::Repositories));
    let mut blocks = vec![Block::header(&title)];
    blocks.extend(sections(text));
    if named < told.len() {
        let rest = wording::count(told.len() - named, "more alert is", "more alerts are");
        let list = link(&links.history(), "the list of all that was sent");
        blocks.push(Block::section(format!("{rest} on {list}.")));
    }
    blocks.push(Block::buttons(vec![("All alerts", links.history())]));
    let repeat = if possible_repeat { REPEAT } else { "" };
    blocks.push(Block::context(format!(
        "{repeat}Lampboard tells many alerts together, so that none is lost in the crowd."
    )));
    Body::new(escaped(&title, HEADER), blocks)
}

/// Such as `35 alerts: 30 FAILED, 5 RECOVERED`.
fn title(told: &[Line]) -> String {
    let mut kinds: BTreeMap<AlertKind, usize> = BTreeMap::new();
    for line in told {
        *kinds.entry(line.kind).or_default() += 1;
    }
    let kinds: Vec<_> = kinds
        .into_iter()
        .map(|(kind, count)| format!("{count} {}", wording::word_of(kind)))
        .collect();
    let all = wording::count(told.len(), "alert", "alerts");
    format!("{all}: {}", kinds.join(", "))
}

/// Lines of text as far as there is room, and how many alerts they name.
fn written(told: &[Line], links: &Links, detail: Detail) -> (Vec<String>, usize) {
    let mut groups = Groups::new();
    for line in told {
        let organisation = line.repository.split_once('/').map_or("", |(name, _)| name);
        groups
            .entry((line.kind, organisation))
            .or_default()
            .push(line);
    }
    let mut text = Vec::new();
    let (mut room, mut named) = (ROOM, 0);
    for ((kind, organisation), alerts) in groups {
        let word = wording::word_of(kind);
        let start = format!("*{word}* in {}: ", code(organisation, 60));
        let mut row = start.clone();
        for (entry, count) in entries(&alerts, links, detail) {
            let cost = bytes(&entry) + 2 + if row == start { bytes(&start) + 2 } else { 0 };
            if cost > room {
                if detail != Detail::Repositories {
                    return (text, named);
                }
                break;
            }
            room -= cost;
            named += count;
            if row != start {
                row.push_str(", ");
            }
            row.push_str(&entry);
            if units(&row) > LINE {
                text.push(std::mem::replace(&mut row, start.clone()));
            }
        }
        if row != start {
            text.push(row);
        }
    }
    (text, named)
}

/// What is said of the alerts of a group, and of how many each entry is.
fn entries<'a>(
    alerts: &'a [&Line],
    links: &'a Links,
    detail: Detail,
) -> Box<dyn Iterator<Item = (String, usize)> + 'a> {
    if detail == Detail::Repositories {
        let mut repositories: BTreeMap<&str, usize> = BTreeMap::new();
        for line in alerts {
            *repositories.entry(name(line)).or_default() += 1;
        }
        return Box::new(repositories.into_iter().map(of_repository));
    }
    let mut sorted = alerts.to_vec();
    sorted.sort();
    Box::new(sorted.into_iter().map(move |line| {
        let mut entry = code(&place(line), 150);
        if detail == Detail::Links {
            let _ = write!(
                entry,
                " {}",
                link(&links.to(&["builds", &line.build]), "open")
            );
        }
        (entry, 1)
    }))
}

fn of_repository((repository, count): (&str, usize)) -> (String, usize) {
    let mut entry = code(repository, 100);
    if count > 1 {
        let _ = write!(entry, " ({count})");
    }
    (entry, count)
}

fn place(line: &Line) -> String {
    let (name, workflow) = (name(line), &line.workflow);
    if line.branch.is_empty() {
        format!("{name} {workflow}")
    } else {
        format!("{name} {workflow} on {}", line.branch)
    }
}

/// The name of the repository within its organisation.
fn name(line: &Line) -> &str {
    let repository = &line.repository;
    repository
        .split_once('/')
        .map_or(repository, |(_, name)| name)
}

/// Puts lines together into as few sections as hold them.
fn sections(lines: Vec<String>) -> Vec<Block> {
    let mut sections: Vec<String> = Vec::new();
    for line in lines {
        match sections.last_mut() {
            Some(last) if units(last) + 1 + units(&line) <= SECTION => {
                last.push('\n');
                last.push_str(&line);
            }
            _ => sections.push(line),
        }
    }
    sections.into_iter().map(Block::section).collect()
}

/// How many bytes a text is in JSON.
fn bytes(text: &str) -> usize {
    let escaped = text.bytes().filter(|byte| matches!(byte, b'"' | b'\\'));
    text.len() + escaped.count()
}

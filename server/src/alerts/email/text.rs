//! A message as text: at most 78 columns wide, but for links.

use textwrap::{Options, WordSeparator, WordSplitter};
use url::Url;

use super::letter::{Fact, Group, Letter};

const WIDTH: usize = 78;

/// How far in the values stand, behind the longest name of a fact.
const INDENT: usize = 13;

/// Writes a message as text.
pub(super) fn text(letter: &Letter) -> String {
    let mut parts = vec![wrapped(
        &format!("{}: {}", letter.headline, letter.about),
        "",
        "",
    )];
    parts.push(letter.facts.iter().map(fact).collect());
    parts.extend(letter.groups.iter().map(group));
    if !letter.next.is_empty() {
        let steps = letter.next.iter().map(|step| wrapped(step, "- ", "  "));
        parts.push(format!("What to do next:\n{}", steps.collect::<String>()));
    }
    parts.push(letter.links.iter().map(link).collect());
    parts.push(notes(letter));
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

fn fact((name, lines): &Fact) -> String {
    let blank = " ".repeat(INDENT);
    let name = format!("{name:<INDENT$}");
    let starts = std::iter::once(name.as_str()).chain(std::iter::repeat(blank.as_str()));
    let wrapped_lines = lines
        .iter()
        .zip(starts)
        .map(|(line, start)| wrapped(line, start, &blank));
    wrapped_lines.collect()
}

fn link((name, url): &(&str, Url)) -> String {
    format!("{name}:\n{url}\n")
}

fn group(group: &Group) -> String {
    let lines = group.lines.iter().map(|line| wrapped(line, "  ", "    "));
    format!(
        "{} ({})\n{}",
        group.name,
        group.lines.len(),
        lines.collect::<String>()
    )
}

/// Below the line by which mail programs know that the rest is not the message.
fn notes(letter: &Letter) -> String {
    let notes: String = letter
        .notes
        .iter()
        .map(|note| wrapped(note, "", ""))
        .collect();
    let unsubscribe = letter
        .unsubscribe
        .as_ref()
        .map(|url| format!("No more of these to this address:\n{url}\n"));
    format!("-- \n{notes}{}", unsubscribe.unwrap_or_default())
}

fn wrapped(text: &str, first: &str, others: &str) -> String {
    let options = Options::new(WIDTH)
        .initial_indent(first)
        .subsequent_indent(others)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation);
    let mut text = textwrap::fill(text, options);
    text.push('\n');
    text
}

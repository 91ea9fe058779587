//! What was found, as text and as JSON.

use std::fmt::Write as _;

use lampboard_github_app::doctor::{Finding, Level};

use crate::commands::exit::End;

/// An array with an object a finding.
pub(super) fn json(findings: &[Finding]) -> anyhow::Result<String> {
    let mut text = serde_json::to_string_pretty(findings)?;
    text.push('\n');
    Ok(text)
}

/// A line a finding, its fix below it, and a summary.
pub(super) fn text(findings: &[Finding]) -> String {
    let width = findings.iter().map(|it| it.subject.chars().count()).max();
    let width = width.unwrap_or_default();
    let mut text = String::new();
    for finding in findings {
        let word = word(finding.level);
        let subject = plain(&finding.subject);
        let message = plain(&finding.message);
        writeln!(text, "{word:<4}  {subject:<width$}  {message}").expect("a string grows");
        if let Some(fix) = &finding.fix {
            writeln!(text, "{:<4}  {:<width$}  -> {}", "", "", plain(fix)).expect("a string grows");
        }
    }
    let count = |level| findings.iter().filter(|it| it.level == level).count();
    writeln!(
        text,
        "\n{} ok, {} warn, {} fail",
        count(Level::Ok),
        count(Level::Warn),
        count(Level::Fail)
    )
    .expect("a string grows");
    text
}

/// Whether anything fails.
pub(super) fn end(findings: &[Finding]) -> End {
    if findings.iter().any(|it| it.level == Level::Fail) {
        End::Failed
    } else {
        End::Done
    }
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Ok => "ok",
        Level::Warn => "warn",
        Level::Fail => "fail",
    }
}

/// What others wrote must not steer the terminal.
fn plain(text: &str) -> String {
    let is_odd = |c: char| c.is_control();
    text.replace(is_odd, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings() -> Vec<Finding> {
        vec![
            Finding::ok("clock", "it is right"),
            Finding::warn("events", "the App has push\u{1b}[2J", "take it away"),
        ]
    }

    #[test]
    fn text_has_a_line_a_finding_and_its_fix() {
        assert_eq!(
            text(&findings()),
            "ok    clock   it is right\n\
             warn  events  the App has push\u{fffd}[2J\n              -> take it away\n\n\
             1 ok, 1 warn, 0 fail\n"
        );
    }

    #[test]
    fn json_has_an_object_a_finding() {
        let value: serde_json::Value = serde_json::from_str(&json(&findings()).unwrap()).unwrap();
        assert_eq!(value[0]["level"], "ok");
        assert_eq!(value[0]["fix"], serde_json::Value::Null);
        assert_eq!(value[1]["subject"], "events");
        assert_eq!(value[1]["fix"], "take it away");
    }

    #[test]
    fn only_what_fails_is_a_failure() {
        let mut findings = findings();
        assert_eq!(end(&findings), End::Done);
        findings.push(Finding::fail("clock", "it is wrong", "set it"));
        assert_eq!(end(&findings), End::Failed);
    }
}

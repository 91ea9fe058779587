//! How long answers take, a size of the database a column.

use std::fmt::Write as _;

use crate::read::{Answers, Goal, Reading};
use crate::table::{number, thousands};

/// A table of all kinds.
pub(super) fn table(readings: &[&Reading]) -> String {
    let mut text = String::from("| p50 / p99 in ms, CPU-ms of the server |");
    for reading in readings {
        let _ = write!(text, " {} builds |", count(reading.builds));
    }
    let _ = writeln!(text, "\n|---|{}", "---|".repeat(readings.len()));
    let Some(last) = readings.last() else {
        return text;
    };
    for Answers { kind, .. } in &last.answers {
        let _ = write!(text, "| {kind} |");
        for reading in readings {
            let answers = reading.answers.iter().find(|answers| answers.kind == *kind);
            let _ = write!(text, " {} |", answers.map(cell).unwrap_or_default());
        }
        text.push('\n');
    }
    let driver = readings
        .iter()
        .map(|reading| reading.driver)
        .fold(0.0, f64::max);
    let asked = last.answers.iter().map(|answers| answers.count);
    let _ = writeln!(
        text,
        "\nOne client asks one question after the other by gRPC over loopback, each time with \
         other values out of the database; {} to {} of each kind at the last size, fewer where \
         they took long. The database is {}. The driver took up to {} cores.",
        asked.clone().min().unwrap_or_default(),
        asked.max().unwrap_or_default(),
        last.database,
        number(driver),
    );
    text
}

fn cell(answers: &Answers) -> String {
    let (p50, p99) = (number(answers.latency.p50), number(answers.latency.p99));
    format!("{p50} / {p99}, {}", number(answers.cpu))
}

/// The slowest kind of each goal, at each size.
pub(super) fn seen(readings: &[&Reading]) -> Vec<(&'static str, String)> {
    let goals = [
        ("summary", Goal::Summary),
        ("list", Goal::List),
        ("other", Goal::Other),
    ];
    let texts = goals.map(|(id, goal)| {
        let slowest = readings.iter().filter_map(|reading| {
            let slowest = slowest(reading, goal)?;
            let p99 = number(slowest.latency.p99);
            let (builds, kind) = (count(reading.builds), &slowest.kind);
            Some(format!("{builds}: {p99} ms ({kind})"))
        });
        (id, slowest.collect::<Vec<String>>().join("; "))
    });
    texts.into()
}

fn slowest(reading: &Reading, goal: Goal) -> Option<&Answers> {
    let answers = reading.answers.iter();
    answers
        .filter(|answers| answers.goal == goal)
        .max_by(|a, b| a.latency.p99.total_cmp(&b.latency.p99))
}

fn count(builds: usize) -> String {
    thousands(f64::from(u32::try_from(builds).unwrap_or(u32::MAX)))
}

//! How long answers take, a size of the database a column.

use std::fmt::Write as _;

use crate::read::{Answers, Goal, Reading};
use crate::statistics::Spread;
use crate::table::{number, thousands};

/// A table of all kinds.
pub(super) fn table(readings: &[&Reading]) -> String {
    let mut text = String::from("| p50 / p99 in ms, CPU-ms of the server |");
    for reading in readings {
        let _ = write!(
            text,
            " {}, {} builds |",
            reading.database,
            count(reading.builds)
        );
    }
    let _ = writeln!(text, "\n|---|{}", "---|".repeat(readings.len()));
    let Some(last) = readings.last() else {
        return text;
    };
    let most_referenced = readings
        .iter()
        .max_by_key(|reading| reading.reference.len());
    let of_reference = most_referenced.map_or(&[][..], |reading| &reading.reference);
    for Answers { kind, .. } in last.answers.iter().chain(of_reference) {
        let _ = write!(text, "| {kind} |");
        for reading in readings {
            let mut answers = reading.answers.iter().chain(&reading.reference);
            let answers = answers.find(|answers| answers.kind == *kind);
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
         they took long. Deep pages are the thousandth and those before it, or the last that \
         there are. The driver took up to {} cores.",
        asked.clone().min().unwrap_or_default(),
        asked.max().unwrap_or_default(),
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
            let reference = reading.reference.iter();
            let reference = reference
                .filter(|answers| answers.goal == goal)
                .map(|answers| answers.latency.p99)
                .reduce(f64::max)
                .map(|p99| format!(", FastAPI reference {} ms", number(p99)));
            let (database, reference) = (&reading.database, reference.unwrap_or_default());
            Some(format!(
                "{database}, {builds}: {p99} ms ({kind}){reference}"
            ))
        });
        (id, slowest.collect::<Vec<String>>().join("; "))
    });
    let mut texts = texts.to_vec();
    if let Some((_, text)) = texts.first_mut()
        && let Some(ratio) = growth(readings)
    {
        text.push_str(&ratio);
    }
    texts
}

/// How many times as long the largest file takes as the smallest, at the median of
/// what all kinds of summaries take at theirs.
fn growth(readings: &[&Reading]) -> Option<String> {
    let mut files = readings
        .iter()
        .filter(|reading| reading.database == "SQLite");
    let smallest = files.next()?;
    let largest = files.next_back()?;
    let median = |reading: &Reading| {
        let answers = reading.answers.iter();
        let summaries = answers.filter(|answers| answers.goal == Goal::Summary);
        Spread::of(summaries.map(|answers| answers.latency.p50).collect())
    };
    let ratio = median(largest)?.median / median(smallest)?.median;
    let (large, small) = (count(largest.builds), count(smallest.builds));
    Some(format!("; {large} at {} × of {small}", number(ratio)))
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

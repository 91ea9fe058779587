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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::Latency;

    fn answers(kind: &str, goal: Goal, p50: f64, p99: f64) -> Answers {
        Answers {
            kind: kind.to_owned(),
            goal,
            count: 300,
            latency: Latency { p50, p95: p99, p99 },
            cpu: 0.5,
            rows: 50,
        }
    }

    fn reading(builds: usize, times: f64) -> Reading {
        Reading {
            database: "SQLite".to_owned(),
            builds,
            answers: vec![
                answers("one", Goal::Summary, times, 2.0 * times),
                answers("other", Goal::Summary, 3.0 * times, 9.0 * times),
                answers("list", Goal::List, 1.0, 5.0),
            ],
            reference: vec![answers("theirs", Goal::Summary, 20.0, 40.0)],
            driver: 0.1,
            idle_kib: 1,
            peak_kib: 1,
        }
    }

    #[test]
    fn every_size_has_a_column() {
        let (small, large) = (reading(10_000, 1.0), reading(1_000_000, 1.1));
        let table = table(&[&small, &large]);
        assert!(table.contains("| SQLite, 10,000 builds | SQLite, 1,000,000 builds |"));
        assert!(table.contains("| one | 1.00 / 2.00, 0.500 | 1.10 / 2.20, 0.500 |"));
        assert!(table.contains("| theirs | 20.0 / 40.0, 0.500 |"));
    }

    #[test]
    fn the_slowest_kind_is_what_counts() {
        let (small, large) = (reading(10_000, 1.0), reading(1_000_000, 1.1));
        let seen = seen(&[&small, &large]);
        assert_eq!(
            seen[0].1,
            "SQLite, 10,000: 9.00 ms (other), FastAPI reference 40.0 ms; SQLite, 1,000,000: 9.90 ms \
             (other), FastAPI reference 40.0 ms; 1,000,000 at 1.10 × of 10,000"
        );
        assert_eq!(
            seen[1].1,
            "SQLite, 10,000: 5.00 ms (list); SQLite, 1,000,000: 5.00 ms (list)"
        );
    }
}

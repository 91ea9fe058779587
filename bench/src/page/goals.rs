//! What is promised, beside what was seen.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// By the name that `see` knows it by: what it is, what it must reach, and what it
/// is to reach one day.
const GOALS: [(&str, &str, &str, &str); 14] = [
    (
        "cpu",
        "CPU-seconds per 1,000 deliveries, SQLite, all in one",
        "1/12 of the FastAPI reference, 1/5 of Probot's",
        "1/25 and 1/11",
    ),
    ("bare", "the same, in bare costs", "–", "3"),
    ("rate", "deliveries a second, SQLite", "3,300", "10,000"),
    (
        "rate-postgres",
        "deliveries a second, PostgreSQL",
        "2,000",
        "5,000",
    ),
    (
        "latency",
        "latency at 500 a second, p99 (ms)",
        "30 ms",
        "10 ms",
    ),
    (
        "summary",
        "GetSummary of 7 days, p99 of the slowest kind",
        "10 ms at 1 million, 20 ms at 10 million",
        "2 ms, 10 million within 1.2 × of 10 thousand",
    ),
    (
        "list",
        "ListBuilds, 50 rows, p99 of the slowest kind",
        "20 ms",
        "5 ms",
    ),
    (
        "other",
        "ListBuilds by any other filter, p99",
        "250 ms",
        "100 ms",
    ),
    (
        "disk",
        "disk per build, jobs and rollups included",
        "1.5 KB",
        "700 B",
    ),
    ("payload", "disk per payload", "2 KB", "600 B"),
    ("idle", "memory idle (MiB)", "40 MB", "20 MB"),
    ("peak", "memory under full load (MiB)", "150 MB", "80 MB"),
    (
        "watch",
        "a report to 1,000 watchers, p99",
        "250 ms",
        "50 ms",
    ),
    (
        "alerts",
        "a report to its alert's provider, 10,000 an hour over 50 channels, p99 of the slowest shape",
        "2 s",
        "–",
    ),
];

/// All of them, with what is known.
pub(super) fn table(seen: &BTreeMap<String, String>) -> String {
    let mut text = String::from("| what | must | aim | seen |\n|---|---|---|---|\n");
    for (id, what, must, aim) in GOALS {
        let seen = seen.get(id).map_or("not measured", String::as_str);
        let _ = writeln!(text, "| {what} | {must} | {aim} | {seen} |");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_was_not_measured() {
        let seen = BTreeMap::from([("idle".to_owned(), "13".to_owned())]);
        let table = table(&seen);
        assert!(table.contains("| memory idle (MiB) | 40 MB | 20 MB | 13 |"));
        assert!(table.contains("| 250 ms | 50 ms | not measured |"));
    }
}

//! How times, spans and commits are put into words.

use jiff::{SignedDuration, Timestamp};

use super::clean::clean;
use crate::model::{Build, BuildFacts};

/// A span of time, to the precision that somebody cares for.
pub(super) fn span(span: SignedDuration) -> String {
    let seconds = span.as_secs().max(0);
    let (minutes, hours) = (seconds / 60, seconds / 3_600);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..600 => two(minutes, "min", seconds % 60, "s"),
        600..3_600 => format!("{minutes} min"),
        3_600..86_400 => two(hours, "h", minutes % 60, "min"),
        _ => two(hours / 24, "d", hours % 24, "h"),
    }
}

fn two(large: i64, large_unit: &str, small: i64, small_unit: &str) -> String {
    if small == 0 {
        format!("{large} {large_unit}")
    } else {
        format!("{large} {large_unit} {small} {small_unit}")
    }
}

/// A time, to the minute. Readers may be anywhere, so it is that of UTC.
pub(super) fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// A number of things.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 {
        format!("1 {one}")
    } else {
        format!("{number} {many}")
    }
}

/// A commit: the start of its name, and its title.
pub(super) fn commit(facts: &BuildFacts) -> String {
    let sha: String = facts.commit_sha.chars().take(7).collect();
    format!("{} {}", clean(&sha, 7), clean(&facts.commit_title, 150))
        .trim()
        .to_owned()
}

/// The commit of a build, and below it who wrote it and which run built it.
pub(super) fn commit_of(build: &Build) -> Vec<String> {
    let facts = &build.record.facts;
    let author = clean(&facts.commit_author, 60);
    let by = match author.as_str() {
        "" => run(build),
        author => format!("by {author}, {}", run(build)),
    };
    vec![commit(facts), by]
}

/// A run, with its attempt where that is not the first.
pub(super) fn run(build: &Build) -> String {
    let number = build.record.facts.run_number;
    match build.record.id.attempt {
        1 => format!("run {number}"),
        attempt => format!("run {number}, attempt {attempt}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_at_most_two_units() {
        for (seconds, words) in [
            (-5, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (250, "4 min 10 s"),
            (601, "10 min"),
            (2_520, "42 min"),
            (3_600, "1 h"),
            (3_905, "1 h 5 min"),
            (86_400, "1 d"),
            (270_000, "3 d 3 h"),
        ] {
            assert_eq!(span(SignedDuration::from_secs(seconds)), words);
        }
    }
}

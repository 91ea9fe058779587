//! The words of messages, which all channels share.

mod text;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::model::{AlertKind, Build, Conclusion, Message, elapsed};

pub(super) use text::{clean, clip, clip_by, units};

/// The one word that a message begins with.
pub(super) fn word(message: &Message) -> &'static str {
    match message.kind {
        AlertKind::Failure => ended(&message.build).unwrap_or("FAILED"),
        AlertKind::Recovery => "RECOVERED",
        AlertKind::StaysRed => "STILL FAILING",
        AlertKind::Slow => "SLOW",
        AlertKind::Queued => "WAITING",
    }
}

/// The word of a kind, where many alerts are told together.
pub(super) fn word_of(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::Failure => "FAILED",
        AlertKind::Recovery => "RECOVERED",
        AlertKind::StaysRed => "STILL FAILING",
        AlertKind::Slow => "SLOW",
        AlertKind::Queued => "WAITING",
    }
}

/// How a build failed.
fn ended(build: &Build) -> Option<&'static str> {
    Some(match build.record.facts.status.conclusion()? {
        Conclusion::TimedOut => "TIMED OUT",
        Conclusion::StartupFailure => "STARTUP FAILURE",
        Conclusion::Failure => "FAILED",
        _ => return None,
    })
}

/// What happened and where, such as `acme/web CI on main`, unescaped.
pub(super) fn place(build: &Build) -> String {
    let facts = &build.record.facts;
    let repository = clean(&build.repository);
    let workflow = clip(&clean(&facts.workflow), 60);
    match clean(&facts.branch_name()) {
        branch if branch.is_empty() => format!("{repository} {workflow}"),
        branch => format!("{repository} {workflow} on {branch}"),
    }
}

/// What happened and where: `FAILED acme/web CI on main`, unescaped.
pub(super) fn title(message: &Message) -> String {
    format!("{} {}", word(message), place(&message.build))
}

/// How far a build got, in the words of the UI; unescaped where GitHub has a new word.
pub(super) fn status(build: &Build) -> String {
    let status = &build.record.facts.status;
    let word = status.conclusion().map_or(status.word(), Conclusion::word);
    match word {
        "failure" => "failed".to_owned(),
        "success" => "passed".to_owned(),
        "action_required" => "action needed".to_owned(),
        "in_progress" => "running".to_owned(),
        other => clip(&clean(&other.replace('_', " ")), 40),
    }
}

/// What to do next.
pub(super) fn next_step(message: &Message) -> &'static str {
    match message.kind {
        AlertKind::Failure => after_failure(message),
        AlertKind::Recovery => "Nothing: it passes again.",
        AlertKind::StaysRed => {
            "Agree on who repairs it. If that takes long, revert to the last success."
        }
        AlertKind::Slow => {
            "Compare the times of its jobs and steps with those of an earlier build in Lampboard."
        }
        AlertKind::Queued => {
            "Look whether runners with the labels that it asks for are online, and whether a concurrency limit or an approval holds it back."
        }
    }
}

fn after_failure(message: &Message) -> &'static str {
    match message.build.record.facts.status.conclusion() {
        Some(Conclusion::TimedOut) => {
            "Look in the log for the step that hung. If it only needs longer, raise `timeout-minutes`."
        }
        Some(Conclusion::StartupFailure) => {
            "GitHub could not start it: look for an error in the workflow file, or a limit of the account."
        }
        _ if message.failed_jobs.is_empty() => {
            "Open the build to see what failed, then repair it or revert the commit."
        }
        _ => {
            "Read the log of the failing step, then repair it or revert the commit. If it failed by chance, re-run the failed jobs."
        }
    }
}

/// How long a build has been there, as of when that was told.
pub(super) fn so_far(message: &Message) -> SignedDuration {
    elapsed(message.build.record.facts.start_time, message.create_time)
}

/// How long an incident was or is red, as of when that was told.
pub(super) fn red_for(message: &Message) -> Option<SignedDuration> {
    let incident = message.incident.as_ref()?;
    let end = incident.resolve_time.unwrap_or(message.create_time);
    Some(elapsed(incident.open_time, end))
}

/// A span as the UI writes it: `9s`, `14m 02s`, `3h 12m`, `2d 4h`.
pub(super) fn span(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    match seconds {
        ..60 => format!("{seconds}s"),
        60..3600 => format!("{minutes}m {:02}s", seconds % 60),
        3600..86400 => format!("{hours}h {:02}m", minutes % 60),
        _ => format!("{days}d {}h", hours % 24),
    }
}

/// A time as everybody reads it: `2026-03-02 09:00 UTC`.
pub(super) fn time(time: Timestamp) -> String {
    let time = time.to_zoned(TimeZone::UTC).datetime();
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// The first seven digits of a commit.
pub(super) fn short_sha(build: &Build) -> &str {
    let sha = &build.record.facts.commit_sha;
    sha.get(..7).unwrap_or(sha)
}

/// `1 run` or `3 runs`.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 {
        format!("1 {one}")
    } else {
        format!("{number} {many}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_short() {
        let cases = [
            (-5, "0s"),
            (9, "9s"),
            (842, "14m 02s"),
            (3600, "1h 00m"),
            (11_520, "3h 12m"),
            (187_200, "2d 4h"),
        ];
        for (seconds, text) in cases {
            assert_eq!(span(SignedDuration::from_secs(seconds)), text);
        }
    }
}

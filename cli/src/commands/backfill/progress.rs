//! How far a backfill is: by time, for how many runs there are nobody knows before.

use jiff::Timestamp;
use lampboard_proto::v1::{Backfill, BackfillStatus};

/// Of how many parts progress is counted.
pub(super) const WHOLE: u64 = 1000;

/// Whether nothing more comes of it.
pub(super) fn is_over(backfill: &Backfill) -> bool {
    matches!(
        backfill.status(),
        BackfillStatus::Done | BackfillStatus::Failed | BackfillStatus::Cancelled
    )
}

/// How many parts of the whole time are loaded, from now backwards.
pub(super) fn parts(backfill: &Backfill) -> u64 {
    if backfill.status() == BackfillStatus::Done {
        return WHOLE;
    }
    let (Some(begin), Some(since), Some(cursor)) = (
        backfill.create_time,
        backfill.since_time,
        backfill.cursor_time,
    ) else {
        return 0;
    };
    let whole = begin.seconds - since.seconds;
    let loaded = (begin.seconds - cursor.seconds).clamp(0, whole.max(0));
    match (u64::try_from(loaded), u64::try_from(whole)) {
        (Ok(loaded), Ok(whole)) if whole > 0 => loaded * WHOLE / whole,
        _ => 0,
    }
}

/// What there is to say of it besides.
pub(super) fn words(backfill: &Backfill) -> String {
    let counts = counts(backfill.run_count, backfill.request_count);
    let problem = &backfill.problem;
    match backfill.status() {
        BackfillStatus::Queued | BackfillStatus::Unspecified => waiting(backfill, "queued"),
        BackfillStatus::Running => waiting(backfill, &counts),
        BackfillStatus::Done => format!("done, {counts}"),
        BackfillStatus::Failed => format!("failed, {counts}: {problem}"),
        BackfillStatus::Cancelled => format!("cancelled, {counts}"),
    }
}

/// How much was loaded, and for what.
pub(super) fn counts(runs: i32, requests: i32) -> String {
    let many = |count, what| match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    };
    format!("{} by {}", many(runs, "run"), many(requests, "request"))
}

fn waiting(backfill: &Backfill, what: &str) -> String {
    let until = backfill.wait_until_time;
    let until = until.and_then(|it| Timestamp::from_second(it.seconds).ok());
    let until = until.map_or_else(String::new, |it| format!(", waits until {it}"));
    let problem = match backfill.problem.as_str() {
        "" => String::new(),
        problem => format!(": {problem}"),
    };
    format!("{what}{until}{problem}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> prost_types::Timestamp {
        prost_types::Timestamp { seconds, nanos: 0 }
    }

    fn backfill(status: BackfillStatus, cursor: Option<i64>) -> Backfill {
        Backfill {
            status: status.into(),
            create_time: Some(at(10_000)),
            since_time: Some(at(6_000)),
            cursor_time: cursor.map(at),
            run_count: 412,
            request_count: 1,
            ..Backfill::default()
        }
    }

    #[test]
    fn progress_goes_by_time_and_stays_within_bounds() {
        for (cursor, expected) in [
            (None, 0),
            (Some(10_000), 0),
            (Some(9_000), 250),
            (Some(6_000), 1000),
            (Some(1_000), 1000),
            (Some(20_000), 0),
        ] {
            let running = backfill(BackfillStatus::Running, cursor);
            assert_eq!(parts(&running), expected, "{cursor:?}");
        }
        assert_eq!(parts(&backfill(BackfillStatus::Done, None)), WHOLE);
        let mut odd = backfill(BackfillStatus::Running, Some(9_000));
        odd.since_time = odd.create_time;
        assert_eq!(parts(&odd), 0);
    }

    #[test]
    fn words_tell_what_it_waits_for() {
        let mut running = backfill(BackfillStatus::Running, None);
        assert_eq!(words(&running), "412 runs by 1 request");
        running.wait_until_time = Some(at(1_772_366_400));
        running.problem = "GitHub's limit is reached".to_owned();
        assert_eq!(
            words(&running),
            "412 runs by 1 request, waits until 2026-03-01T12:00:00Z: GitHub's limit is reached"
        );
        assert_eq!(words(&backfill(BackfillStatus::Queued, None)), "queued");
    }

    #[test]
    fn words_tell_how_it_ended() {
        let mut failed = backfill(BackfillStatus::Failed, None);
        failed.problem = "it is gone".to_owned();
        assert_eq!(words(&failed), "failed, 412 runs by 1 request: it is gone");
        let done = backfill(BackfillStatus::Done, None);
        assert_eq!(words(&done), "done, 412 runs by 1 request");
        assert!(is_over(&done) && is_over(&failed));
        assert!(!is_over(&backfill(BackfillStatus::Running, None)));
    }
}

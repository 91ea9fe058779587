//! What has arrived from GitHub since there is an App, as the last page tells it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use lampboard_proto::v1::{Backfill, BackfillStatus, ListBackfillsRequest, ListBackfillsResponse};
use serde::Serialize;

use super::{Progress, Setup};

/// The server is at hand: if it takes longer, the page says so.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many backfills are shown one by one.
const SHOWN: usize = 6;

/// What has arrived.
#[derive(Debug, Serialize)]
pub(super) struct Arrival {
    /// Where the App is installed.
    pub(super) installation: Mark,
    /// How far history is.
    pub(super) history: Mark,
    /// Whether deliveries get here, or are not waited for.
    pub(super) delivery: Mark,
    /// The histories that are being loaded.
    pub(super) backfills: Vec<Loading>,
    /// Whether there is enough for the board to live.
    pub(super) ready: bool,
}

/// One line of the page.
#[derive(Debug, Serialize)]
pub(super) struct Mark {
    pub(super) done: bool,
    pub(super) text: String,
}

/// The history of one repository.
#[derive(Debug, Serialize)]
pub(super) struct Loading {
    pub(super) repository: String,
    pub(super) percent: u8,
    pub(super) text: String,
}

impl Setup {
    /// Looks what has arrived.
    pub(super) async fn arrival(&self) -> Arrival {
        let progress = (self.progress)();
        let now = self.clock.now();
        let is_polling = self.state().app.as_ref().is_some_and(|app| app.polling);
        let installation = installation(&progress);
        let delivery = delivery(&progress, is_polling, now);
        let ready = installation.done && delivery.done;
        let (history, backfills) = if let Some(listed) = self.backfills().await {
            (history(&listed, installation.done), loading(&listed))
        } else {
            let mark = waiting("The server does not tell how far it is.");
            (mark, Vec::new())
        };
        Arrival {
            installation,
            history,
            delivery,
            backfills,
            ready,
        }
    }

    async fn backfills(&self) -> Option<ListBackfillsResponse> {
        let mut client = self.system.clone();
        let listed = client.list_backfills(ListBackfillsRequest::default());
        let listed = tokio::time::timeout(PATIENCE, listed).await.ok()?;
        match listed {
            Ok(listed) => Some(listed.into_inner()),
            Err(status) => {
                tracing::warn!(%status, "the server does not list backfills");
                None
            }
        }
    }
}

fn installation(progress: &Progress) -> Mark {
    let accounts: Vec<String> = progress
        .installations
        .iter()
        .map(|it| format!("{} ({})", it.account, repositories(it.repository_count)))
        .collect();
    if accounts.is_empty() {
        return waiting("Waiting for GitHub to tell of it.");
    }
    Mark {
        done: true,
        text: format!("On {}", accounts.join(", ")),
    }
}

fn delivery(progress: &Progress, is_polling: bool, now: Timestamp) -> Mark {
    if is_polling {
        return Mark {
            done: true,
            text: "None is waited for: Lampboard asks GitHub.".to_owned(),
        };
    }
    match progress.last_webhook_time {
        Some(time) => Mark {
            done: true,
            text: format!("The last one came {}, correctly signed.", ago(now, time)),
        },
        None => waiting("None has come yet."),
    }
}

fn history(listed: &ListBackfillsResponse, is_installed: bool) -> Mark {
    if listed.backfills.is_empty() {
        return waiting(if is_installed {
            "Begins in a moment."
        } else {
            "Begins after the installation."
        });
    }
    let runs: i64 = listed
        .backfills
        .iter()
        .map(|it| i64::from(it.run_count))
        .sum();
    let open = usize::try_from(listed.open_count).unwrap_or(0);
    let text = match open {
        0 => format!("{} loaded.", counted(runs, "run", "runs")),
        _ => format!(
            "{} loaded so far, {} to go. The board is good to use meanwhile.",
            counted(runs, "run", "runs"),
            repositories(open)
        ),
    };
    Mark {
        done: open == 0,
        text,
    }
}

fn waiting(text: &str) -> Mark {
    Mark {
        done: false,
        text: text.to_owned(),
    }
}

fn loading(listed: &ListBackfillsResponse) -> Vec<Loading> {
    let under_way = listed.backfills.iter().filter(|it| {
        let status = it.status();
        status != BackfillStatus::Done && status != BackfillStatus::Cancelled
    });
    under_way.take(SHOWN).map(line).collect()
}

fn line(backfill: &Backfill) -> Loading {
    let text = match backfill.status() {
        _ if !backfill.problem.is_empty() => backfill.problem.clone(),
        BackfillStatus::Queued => "waits for its turn".to_owned(),
        _ => counted(i64::from(backfill.run_count), "run", "runs"),
    };
    Loading {
        repository: backfill.repository.clone(),
        percent: percent(backfill),
        text,
    }
}

/// How much of the time that is wanted has been walked back over.
fn percent(backfill: &Backfill) -> u8 {
    let seconds = |time: &Option<prost_types::Timestamp>| time.as_ref().map(|it| it.seconds);
    let times = (
        seconds(&backfill.create_time),
        seconds(&backfill.cursor_time),
        seconds(&backfill.since_time),
    );
    let (Some(from), Some(here), Some(to)) = times else {
        return 0;
    };
    let whole = from.saturating_sub(to).max(1);
    let walked = from.saturating_sub(here).clamp(0, whole);
    u8::try_from(i128::from(walked) * 100 / i128::from(whole)).unwrap_or(100)
}

fn repositories(count: usize) -> String {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    counted(count, "repository", "repositories")
}

fn counted(count: i64, one: &str, many: &str) -> String {
    let noun = if count == 1 { one } else { many };
    format!("{} {noun}", grouped(count))
}

/// 1234567 as 1,234,567.
fn grouped(count: i64) -> String {
    let digits = count.max(0).to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).expect("digits are ASCII"))
        .collect();
    groups.join(",")
}

fn ago(now: Timestamp, then: Timestamp) -> String {
    let seconds = now.duration_since(then).max(SignedDuration::ZERO).as_secs();
    match seconds {
        0..120 => format!("{seconds} s ago"),
        120..7200 => format!("{} min ago", seconds / 60),
        _ => format!("{} h ago", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(seconds: i64) -> prost_types::Timestamp {
        prost_types::Timestamp { seconds, nanos: 0 }
    }

    #[test]
    fn says_how_much_of_the_time_is_walked_over() {
        let mut backfill = Backfill {
            create_time: Some(time(1000)),
            since_time: Some(time(0)),
            ..Backfill::default()
        };
        assert_eq!(percent(&backfill), 0);
        for (cursor, expected) in [
            (1000, 0),
            (750, 25),
            (1, 99),
            (0, 100),
            (-5, 100),
            (2000, 0),
        ] {
            backfill.cursor_time = Some(time(cursor));
            assert_eq!(percent(&backfill), expected, "{cursor}");
        }
        backfill.since_time = Some(time(1000));
        assert_eq!(percent(&backfill), 0);
        backfill.create_time = Some(time(i64::MAX));
        backfill.since_time = Some(time(i64::MIN));
        backfill.cursor_time = Some(time(0));
        assert!(percent(&backfill) <= 100);
    }

    #[test]
    fn writes_numbers_and_times_for_people() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_204), "1,204");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(counted(1, "run", "runs"), "1 run");
        let now = Timestamp::from_second(100_000).unwrap();
        let at = |seconds: i64| Timestamp::from_second(100_000 - seconds).unwrap();
        assert_eq!(ago(now, at(3)), "3 s ago");
        assert_eq!(ago(now, at(180)), "3 min ago");
        assert_eq!(ago(now, at(7200)), "2 h ago");
        assert_eq!(ago(now, at(-5)), "0 s ago");
    }
}

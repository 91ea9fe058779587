//! What may go wrong, and what a tool makes of it.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use jiff::Timestamp;
use tokio::time::sleep;

use super::tool::{ALERTS, Running, Tool};
use crate::alerts::{Answers, Message, Receiver};

/// So long after a message was taken, whoever sent it may be expected to have noted that.
const NOTED: Duration = Duration::from_secs(2);
/// The second alert comes while it is not yet sent, but the first one is done with.
const BETWEEN: Duration = Duration::from_millis(300);
/// For how long it is looked for what may come.
const QUIET: Duration = Duration::from_secs(20);
/// What the channel asks for that wants to be left alone.
const ASKED: Duration = Duration::from_secs(30);
const MINUTE: Duration = Duration::from_mins(1);
const LOOK: Duration = Duration::from_millis(5);
/// How many tries are told one by one.
const TOLD: usize = 12;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Case {
    KilledAfter,
    StoppedAfter,
    KilledBefore,
    AskedToWait,
    Refused,
}

impl Case {
    pub(super) const ALL: [Self; 5] = [
        Self::KilledAfter,
        Self::StoppedAfter,
        Self::KilledBefore,
        Self::AskedToWait,
        Self::Refused,
    ];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::KilledAfter => {
                "`kill -9` 2 s after the message was taken; after the start the source tells of it again"
            }
            Self::StoppedAfter => "the same with `SIGTERM`",
            Self::KilledBefore => {
                "an alert is answered with 200, then `kill -9` before its message is sent; after the start the source is silent"
            }
            Self::AskedToWait => {
                "the channel answers 429 with `Retry-After: 30`, until those are over"
            }
            Self::Refused => "the channel answers 503 for a minute",
        }
    }

    /// What the tool does, in words.
    pub(super) async fn play(self, tool: Tool, work: &Path, now: Timestamp) -> Result<String> {
        let receiver = Receiver::start(match self {
            Self::AskedToWait => Answers::AskedToWait(ASKED),
            Self::Refused => Answers::Refused,
            _ => Answers::Taken,
        })
        .await?;
        let mut running = Running::start(tool, &receiver, work, now).await?;
        running.tell(0).await?;
        first(&receiver).await?;
        match self {
            Self::KilledAfter | Self::StoppedAfter => {
                sleep(NOTED).await;
                if self == Self::KilledAfter {
                    running.kill();
                } else {
                    running.stop().await?;
                }
                running.start_again().await?;
                running.tell(0).await?;
                sleep(QUIET).await;
                Ok(times(receiver.count()))
            }
            Self::KilledBefore => {
                sleep(BETWEEN).await;
                running.tell(1).await?;
                running.kill();
                ensure!(receiver.count() == 1, "it had sent the second one already");
                running.start_again().await?;
                let started = Instant::now();
                sleep(QUIET).await;
                Ok(later(&receiver.messages(), started))
            }
            Self::AskedToWait => {
                sleep(ASKED + QUIET).await;
                Ok(tries(&receiver.messages()))
            }
            Self::Refused => {
                sleep(MINUTE).await;
                Ok(tries(&receiver.messages()))
            }
        }
    }
}

/// Waits for the first message.
async fn first(receiver: &Receiver) -> Result<()> {
    let began = Instant::now();
    while receiver.count() == 0 {
        ensure!(began.elapsed() < QUIET, "no message came in time");
        sleep(LOOK).await;
    }
    Ok(())
}

fn times(count: usize) -> String {
    match count {
        1 => "sent once".to_owned(),
        2 => "**sent twice**".to_owned(),
        more => format!("**sent {more} times**"),
    }
}

/// What became of the second alert after the start.
fn later(messages: &[Message], started: Instant) -> String {
    let of_second = |message: &&Message| message.body.contains(ALERTS[1]);
    let (second, first): (Vec<_>, Vec<_>) = messages.iter().partition(of_second);
    let mut text = match second.as_slice() {
        [message] => {
            let after = message.time.saturating_duration_since(started);
            format!("sent once, {:.1} s after it was ready", after.as_secs_f64())
        }
        [] => format!("**never sent**, in {} s", QUIET.as_secs()),
        many => times(many.len()),
    };
    if first.len() > 1 {
        let _ = write!(text, "; the one before it {}", times(first.len()));
    }
    text
}

/// When it was tried, since the first time, and when it was taken.
fn tries(messages: &[Message]) -> String {
    let Some(first) = messages.first() else {
        return "never tried".to_owned();
    };
    let after = |message: &Message| {
        let seconds = message.time.duration_since(first.time).as_secs_f64();
        format!("{seconds:.1}")
    };
    let mut text = match messages.len() {
        1 => "1 try".to_owned(),
        count => format!("{count} tries"),
    };
    let told: Vec<_> = messages.iter().take(TOLD).map(after).collect();
    let _ = write!(text, ", at {} s", told.join(", "));
    if let Some(last) = messages.get(TOLD..).and_then(<[Message]>::last) {
        let _ = write!(text, " and so on until {} s", after(last));
    }
    if let Some(taken) = messages.iter().find(|message| message.taken) {
        let _ = write!(text, "; taken at {} s", after(taken));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(start: Instant, milliseconds: u64, taken: bool) -> Message {
        Message {
            channel: 0,
            body: format!("about the {}", ALERTS[1]),
            taken,
            time: start + Duration::from_millis(milliseconds),
        }
    }

    #[test]
    fn tries_are_counted_from_the_first() {
        let start = Instant::now();
        let messages = [(5, false), (5_105, false), (30_055, true)]
            .map(|(time, taken)| message(start, time, taken));
        assert_eq!(
            tries(&messages),
            "3 tries, at 0.0, 5.1, 30.1 s; taken at 30.1 s"
        );
        assert_eq!(tries(&messages[..1]), "1 try, at 0.0 s");
        let many: Vec<_> = (0..20).map(|n| message(start, n * 1000, false)).collect();
        assert!(tries(&many).starts_with("20 tries, at 0.0, 1.0, "));
        assert!(tries(&many).ends_with(", 11.0 s and so on until 19.0 s"));
    }

    #[test]
    fn only_the_second_alert_is_looked_for() {
        let start = Instant::now();
        let first = Message {
            body: ALERTS[0].to_owned(),
            ..message(start, 0, true)
        };
        assert_eq!(
            later(std::slice::from_ref(&first), start),
            "**never sent**, in 20 s"
        );
        let second = message(start, 400, true);
        let both = [first.clone(), second.clone()];
        assert_eq!(later(&both, start), "sent once, 0.4 s after it was ready");
        assert_eq!(later(&[second.clone(), second], start), "**sent twice**");
        assert_eq!(
            later(&[first.clone(), first], start),
            "**never sent**, in 20 s; the one before it **sent twice**"
        );
    }
}

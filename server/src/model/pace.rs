//! How fast a channel is told: one by one, or in a storm many at once.

use jiff::{SignedDuration, Timestamp};

/// So many alerts within a minute are a storm.
const STORM: usize = 10;
/// How many messages are sent one by one while there is a storm.
const SINGLES: usize = 10;
/// How often at most many are told at once.
const DIGEST_INTERVAL: SignedDuration = SignedDuration::from_secs(60);

/// For how long messages to a channel are counted.
pub(crate) const PACE_WINDOW: SignedDuration = SignedDuration::from_mins(10);
/// For how long alerts of a channel are counted.
pub(crate) const STORM_WINDOW: SignedDuration = SignedDuration::from_secs(60);

/// What a channel has been told lately.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Told {
    /// How many messages were sent within `PACE_WINDOW`.
    pub(crate) messages: usize,
    /// When the last of them was.
    pub(crate) last: Option<Timestamp>,
    /// When the last one of several alerts was.
    pub(crate) last_digest: Option<Timestamp>,
    /// How many alerts were raised within `STORM_WINDOW`.
    pub(crate) raised: usize,
}

/// How the next message to a channel is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Of the oldest alert.
    One,
    /// Of all that wait.
    Digest,
    /// Not before then.
    Wait(Timestamp),
}

impl Told {
    /// Says how to go on with `due` alerts that wait, of which there is at least one.
    pub(crate) fn pace(self, due: usize, now: Timestamp) -> Pace {
        let is_storm = self.raised > STORM || due > STORM;
        if !is_storm || (self.messages < SINGLES && !self.is_in_digests()) {
            return Pace::One;
        }
        let free = self
            .last
            .and_then(|last| last.checked_add(DIGEST_INTERVAL).ok());
        match free {
            Some(free) if free > now => Pace::Wait(free),
            _ => Pace::Digest,
        }
    }

    /// Whether many were told at once just now. Then it goes on so while the storm does: at one
    /// a minute, digests alone never are as many as the first messages of a storm.
    fn is_in_digests(self) -> bool {
        self.last_digest.is_some() && self.last_digest == self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::at;

    /// What became of some alerts.
    #[derive(Debug, Default, PartialEq, Eq)]
    struct Played {
        /// Messages of one, and of many.
        singles: usize,
        digests: usize,
        /// Alerts that were told.
        told: usize,
        /// The most that a message left waiting.
        backlog: usize,
    }

    /// Plays alerts that are raised at some seconds, to a channel that takes so many seconds to
    /// answer.
    fn play(raised: &[i64], answer: i64) -> Played {
        let mut played = Played::default();
        let mut sent: Vec<(i64, usize)> = Vec::new();
        let (mut waiting, mut free) = (0, 0);
        for second in 0..8000 {
            waiting += raised.iter().filter(|&&time| time == second).count();
            if waiting == 0 || second < free {
                continue;
            }
            let within = sent.iter().filter(|(time, _)| *time > second - 600);
            let within: Vec<_> = within.collect();
            let last = within.last().map(|(time, _)| at(*time));
            let digest = within.iter().rfind(|(_, size)| *size > 1);
            let state = Told {
                messages: within.len(),
                last,
                last_digest: digest.map(|(time, _)| at(*time)),
                raised: raised
                    .iter()
                    .filter(|&&t| t <= second && t > second - 60)
                    .count(),
            };
            let size = match state.pace(waiting, at(second)) {
                Pace::One => 1,
                Pace::Digest => waiting,
                Pace::Wait(time) => {
                    assert!(time > at(second));
                    continue;
                }
            };
            if size == 1 {
                played.singles += 1;
            } else {
                played.digests += 1;
            }
            played.told += size;
            waiting -= size;
            played.backlog = played.backlog.max(waiting);
            free = second + answer;
            sent.push((free, size));
        }
        played
    }

    #[test]
    fn a_storm_is_told_in_few_messages_that_name_all() {
        // 300 repositories fail within five minutes.
        let raised: Vec<i64> = (0..300).collect();
        let played = play(&raised, 0);
        assert!(
            played.singles <= 10 && played.singles + played.digests <= 16,
            "{played:?}"
        );
        assert_eq!(played.told, 300);
        // All at once.
        let played = play(&[0; 300], 0);
        assert_eq!(
            (played.singles, played.digests, played.told),
            (10, 1, 300),
            "{played:?}"
        );
    }

    #[test]
    fn a_storm_of_an_hour_is_told_in_digests_to_its_end() {
        for (each, answer) in [(3, 0), (3, 30), (1, 5), (5, 55)] {
            let raised: Vec<i64> = (0..3600 / each).map(|n| n * each).collect();
            let played = play(&raised, answer);
            assert_eq!(played.told, raised.len(), "{played:?}");
            // The last few are told when it is no storm any more.
            assert!(played.singles <= 20, "{played:?}");
            // What is raised while the first ten are sent one by one, or the last few.
            let first_ten = usize::try_from(10 * answer / each).unwrap();
            assert!(played.backlog <= first_ten.max(10), "{played:?}");
            assert!(played.digests <= 61, "{played:?}");
        }
    }

    #[test]
    fn what_comes_now_and_then_is_told_one_by_one() {
        let raised: Vec<i64> = (0..200).map(|n| n * 18).collect();
        let played = play(&raised, 0);
        assert_eq!((played.singles, played.digests), (200, 0));
        let played = play(&[5; 10], 0);
        assert_eq!((played.singles, played.digests), (10, 0));
    }
}

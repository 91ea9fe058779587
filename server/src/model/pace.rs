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
        if !is_storm || self.messages < SINGLES {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::at;

    /// Plays alerts that are raised at some seconds; gives how many messages of one and of
    /// many were sent, and how many alerts were told.
    fn play(raised: &[i64]) -> (usize, usize, usize) {
        let (mut singles, mut digests, mut told) = (0, 0, 0);
        let mut sent: Vec<i64> = Vec::new();
        let mut waiting = 0;
        for second in 0..4000 {
            waiting += raised.iter().filter(|&&time| time == second).count();
            if waiting == 0 {
                continue;
            }
            let state = Told {
                messages: sent.iter().filter(|&&time| time > second - 600).count(),
                last: sent.last().map(|&time| at(time)),
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
                singles += 1;
            } else {
                digests += 1;
            }
            told += size;
            waiting -= size;
            sent.push(second);
        }
        (singles, digests, told)
    }

    #[test]
    fn a_storm_is_told_in_few_messages_that_name_all() {
        // 300 repositories fail within five minutes.
        let raised: Vec<i64> = (0..300).collect();
        let (singles, digests, told) = play(&raised);
        assert!(
            singles <= 10 && singles + digests <= 16,
            "{singles} and {digests}"
        );
        assert_eq!(told, 300);
        // All at once.
        let (singles, digests, told) = play(&[0; 300]);
        assert_eq!((singles, digests, told), (10, 1, 300));
    }

    #[test]
    fn what_comes_now_and_then_is_told_one_by_one() {
        let raised: Vec<i64> = (0..200).map(|n| n * 18).collect();
        assert_eq!(play(&raised), (200, 0, 200));
        assert_eq!(play(&[5; 10]), (10, 0, 10));
    }
}

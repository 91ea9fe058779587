//! When which channel gets an alert: at the same rate, in four shapes.

use std::time::Duration;

use lampboard_github_double::Conclusion;

/// Half of them Slack's, half webhooks.
pub(crate) const CHANNELS: usize = 50;
/// Over all channels.
pub(crate) const AN_HOUR: u32 = 10_000;
/// More within a minute to one channel are told in a digest.
const AT_ONCE: usize = 10;

/// How alerts are spread over time and channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One after the other, each to the next channel.
    Evenly,
    /// One to every channel at once.
    ToAll,
    /// As many to one webhook at once as no digest gathers.
    ToOneWebhook,
    /// The same to one channel of Slack, which takes one a second.
    ToOneSlack,
}

/// One alert that is to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Planned {
    /// How long after the start.
    pub(crate) due: Duration,
    pub(crate) channel: usize,
    pub(crate) branch: String,
    pub(crate) conclusion: Conclusion,
}

impl Shape {
    pub(crate) const ALL: [Self; 4] = [
        Self::Evenly,
        Self::ToAll,
        Self::ToOneWebhook,
        Self::ToOneSlack,
    ];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Evenly => "one after the other",
            Self::ToAll => "50 at once, one to each channel",
            Self::ToOneWebhook => "10 at once to one webhook",
            Self::ToOneSlack => "10 at once to one Slack channel",
        }
    }

    /// A minute or so of alerts.
    pub(crate) fn plan(self) -> Vec<Planned> {
        (0..self.count())
            .map(|number| self.planned(number))
            .collect()
    }

    fn count(self) -> usize {
        match self {
            Self::Evenly | Self::ToAll => 4 * CHANNELS,
            Self::ToOneWebhook | Self::ToOneSlack => 10 * AT_ONCE,
        }
    }

    fn planned(self, number: usize) -> Planned {
        let (burst, within) = (number / self.burst(), number % self.burst());
        let channel = match self {
            Self::Evenly => number % CHANNELS,
            Self::ToAll => within,
            // Another one each time: even ones are Slack's.
            Self::ToOneWebhook => 2 * burst + 1,
            Self::ToOneSlack => 2 * burst,
        };
        let (branch, fails) = match self {
            // It breaks and recovers by turns.
            Self::Evenly | Self::ToAll => {
                ("main".to_owned(), (number / CHANNELS).is_multiple_of(2))
            }
            // No order among those that come at once, so that each says something new.
            Self::ToOneWebhook | Self::ToOneSlack => (format!("feature/{within}"), true),
        };
        Planned {
            due: due_after(burst * self.burst()),
            channel,
            branch,
            conclusion: if fails {
                Conclusion::Failure
            } else {
                Conclusion::Success
            },
        }
    }

    /// How many come at once.
    fn burst(self) -> usize {
        match self {
            Self::Evenly => 1,
            Self::ToAll => CHANNELS,
            Self::ToOneWebhook | Self::ToOneSlack => AT_ONCE,
        }
    }
}

fn due_after(number: usize) -> Duration {
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    Duration::from_hours(1) * number / AN_HOUR
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn all_come_at_the_same_rate() {
        for shape in Shape::ALL {
            let plan = shape.plan();
            let last = plan.last().unwrap().due;
            let whole = due_after(plan.len());
            assert!(last < whole, "{shape:?}");
            assert!(whole <= last + Duration::from_secs(18), "{shape:?}");
        }
        assert_eq!(due_after(10_000), Duration::from_hours(1));
    }

    #[test]
    fn no_channel_gets_so_many_that_a_digest_gathers_them() {
        for shape in Shape::ALL {
            let plan = shape.plan();
            for first in &plan {
                let of_minute = plan.iter().filter(|it| {
                    let after = it.due.checked_sub(first.due);
                    it.channel == first.channel
                        && after.is_some_and(|after| after < Duration::from_mins(1))
                });
                assert!(of_minute.count() <= AT_ONCE, "{shape:?}");
            }
        }
    }

    #[test]
    fn what_comes_at_once_is_of_different_branches() {
        for shape in Shape::ALL {
            let plan = shape.plan();
            let places: HashSet<_> = plan
                .iter()
                .map(|it| (it.due, it.channel, &it.branch))
                .collect();
            assert_eq!(places.len(), plan.len(), "{shape:?}");
        }
    }

    #[test]
    fn a_recovery_follows_its_failure() {
        let mut red = HashSet::new();
        for planned in Shape::ToAll.plan() {
            let place = (planned.channel, planned.branch);
            match planned.conclusion {
                Conclusion::Failure => assert!(red.insert(place)),
                _ => assert!(red.remove(&place)),
            }
        }
        assert!(red.is_empty());
    }
}

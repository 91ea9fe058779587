//! For how long what is known: the settings, and the times that follow from them.

use jiff::{SignedDuration, Timestamp};
use tokio::time::Duration;

use crate::{Error, Result};

/// For how long rows of deliveries are kept at least: longer than GitHub keeps its
/// log of them, from which it delivers again (3 days; its own servers 7).
const DELIVERIES: Duration = Duration::from_hours(8 * 24);

/// For how long what is kept. None means for as long as there is room.
#[derive(Clone, Copy, Debug, Default)]
pub struct Retention {
    /// The bodies of deliveries, from their receipt on.
    pub payloads: Option<Duration>,
    /// Jobs and steps, from the end of the last attempt of their run on.
    pub jobs: Option<Duration>,
    /// Builds, from the end of the last attempt of their run on.
    pub builds: Option<Duration>,
    /// Everything of repositories that no installation sees any more.
    pub uninstalled: Option<Duration>,
}

impl Retention {
    /// Fails if some of it makes no sense together.
    pub fn check(&self) -> Result<()> {
        match (self.jobs, self.builds) {
            (Some(jobs), Some(builds)) if jobs > builds => Err(Error::Config(
                "LAMPBOARD_RETENTION_JOBS is longer than LAMPBOARD_RETENTION_BUILDS, but jobs are \
                 deleted with their builds: make it as long or shorter, or set it to off, which \
                 means for as long as the builds"
                    .to_owned(),
            )),
            _ => Ok(()),
        }
    }

    /// What is kept as of now.
    pub(crate) fn at(&self, now: Timestamp) -> Horizons {
        // Before there were times, nothing happened.
        let before = |span: Duration| {
            let span = SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX);
            now.checked_sub(span).ok()
        };
        Horizons {
            payloads: self.payloads.and_then(before),
            deliveries: self
                .payloads
                .and_then(|payloads| before(payloads.max(DELIVERIES))),
            jobs: self.jobs.and_then(before),
            builds: self.builds.and_then(before),
            uninstalled: self.uninstalled.and_then(before),
            given_up: before(DELIVERIES),
        }
    }
}

/// Up to which time what is deleted. None means nothing is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Horizons {
    pub(crate) payloads: Option<Timestamp>,
    /// The rows of deliveries: by them a delivery that comes again is known.
    pub(crate) deliveries: Option<Timestamp>,
    pub(crate) jobs: Option<Timestamp>,
    pub(crate) builds: Option<Timestamp>,
    pub(crate) uninstalled: Option<Timestamp>,
    /// Deliveries that were given up.
    pub(crate) given_up: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::at;

    fn days(count: u64) -> Duration {
        Duration::from_hours(24 * count)
    }

    #[test]
    fn jobs_do_not_outlive_their_builds() {
        let kept = |jobs, builds| Retention {
            jobs,
            builds,
            ..Retention::default()
        };
        for (jobs, builds) in [(1, 1), (1, 2)] {
            assert!(kept(Some(days(jobs)), Some(days(builds))).check().is_ok());
        }
        assert!(kept(None, Some(days(1))).check().is_ok());
        assert!(kept(Some(days(1)), None).check().is_ok());
        let error = kept(Some(days(2)), Some(days(1))).check().unwrap_err();
        assert!(error.to_string().contains("LAMPBOARD_RETENTION_JOBS"));
    }

    #[test]
    fn a_delivery_is_known_for_longer_than_github_delivers_it_again() {
        let of = |payloads| {
            let retention = Retention {
                payloads,
                ..Retention::default()
            };
            retention.at(at(0)).deliveries
        };
        let before = |count: i64| Some(at(-24 * 3600 * count));
        assert_eq!(of(Some(days(1))), before(8));
        assert_eq!(of(Some(days(20))), before(20));
        assert_eq!(of(None), None);
        assert_eq!(of(Some(Duration::MAX)), None);
    }
}

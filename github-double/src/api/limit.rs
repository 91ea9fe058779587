//! The primary rate limit: so many requests an hour for each caller.

use std::collections::HashMap;

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// How long a window lasts.
const WINDOW: SignedDuration = SignedDuration::from_hours(1);

/// Whose requests are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Bucket {
    App(u64),
    Installation(u64),
    User(u64),
    /// Everybody without credentials: all are on this machine.
    Anonymous,
}

impl Bucket {
    /// How GitHub names the caller when it has had enough.
    pub(super) fn name(self) -> String {
        match self {
            Self::App(id) => format!("integration ID {id}"),
            Self::Installation(id) => format!("installation ID {id}"),
            Self::User(id) => format!("user ID {id}"),
            Self::Anonymous => "127.0.0.1".to_owned(),
        }
    }
}

/// What is left to a caller, as the `x-ratelimit-*` headers tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Budget {
    pub(super) limit: u64,
    pub(super) used: u64,
    pub(super) remaining: u64,
    pub(super) reset: i64,
}

/// Every caller's window.
#[derive(Debug, Default)]
pub(crate) struct Limits(HashMap<Bucket, Window>);

#[derive(Clone, Copy, Debug)]
struct Window {
    reset: Timestamp,
    used: u64,
    /// What is answered past the limit: 403 or 429.
    status: StatusCode,
}

impl Limits {
    /// Whether one more request is within `limit`; else the status to refuse it with.
    pub(super) fn admit(
        &mut self,
        bucket: Bucket,
        limit: u64,
        now: Timestamp,
    ) -> Result<(), StatusCode> {
        let window = self.window(bucket, now);
        if window.used < limit {
            Ok(())
        } else {
            Err(window.status)
        }
    }

    /// Counts a request.
    pub(super) fn spend(&mut self, bucket: Bucket, now: Timestamp) {
        self.window(bucket, now).used += 1;
    }

    pub(super) fn budget(&mut self, bucket: Bucket, limit: u64, now: Timestamp) -> Budget {
        let window = self.window(bucket, now);
        let used = window.used.min(limit);
        Budget {
            limit,
            used,
            remaining: limit - used,
            reset: window.reset.as_second(),
        }
    }

    /// Leaves a caller no more than `remaining` until `reset`, and then refuses with `status`.
    pub(super) fn squeeze(
        &mut self,
        bucket: Bucket,
        used: u64,
        reset: Timestamp,
        status: StatusCode,
    ) {
        let window = Window {
            reset,
            used,
            status,
        };
        self.0.insert(bucket, window);
    }

    fn window(&mut self, bucket: Bucket, now: Timestamp) -> &mut Window {
        let fresh = Window {
            reset: now + WINDOW,
            used: 0,
            status: StatusCode::FORBIDDEN,
        };
        let window = self.0.entry(bucket).or_insert(fresh);
        if window.reset <= now {
            *window = fresh;
        }
        window
    }
}

/// What GitHub allows an installation in an hour: more with many repositories.
pub(super) fn installation_limit(repositories: usize) -> u64 {
    let beyond = (repositories as u64).saturating_sub(20);
    (5_000 + 50 * beyond).min(12_500)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: u64 = 3;
    const BUCKET: Bucket = Bucket::Installation(7);

    #[test]
    fn a_window_opens_with_the_first_request_and_closes_after_an_hour() {
        let (mut limits, begin) = (Limits::default(), Timestamp::UNIX_EPOCH);
        for _ in 0..LIMIT {
            assert_eq!(limits.admit(BUCKET, LIMIT, begin), Ok(()));
            limits.spend(BUCKET, begin);
        }
        let nearly = begin + SignedDuration::from_secs(3_599);
        assert_eq!(
            limits.admit(BUCKET, LIMIT, nearly),
            Err(StatusCode::FORBIDDEN)
        );
        let budget = limits.budget(BUCKET, LIMIT, nearly);
        assert_eq!((budget.used, budget.remaining, budget.reset), (3, 0, 3_600));
        assert_eq!(limits.admit(BUCKET, LIMIT, begin + WINDOW), Ok(()));
        let budget = limits.budget(BUCKET, LIMIT, begin + WINDOW);
        assert_eq!((budget.remaining, budget.reset), (3, 7_200));
    }

    #[test]
    fn callers_do_not_spend_what_is_anothers() {
        let (mut limits, now) = (Limits::default(), Timestamp::UNIX_EPOCH);
        limits.spend(BUCKET, now);
        let other = limits.budget(Bucket::Installation(8), LIMIT, now);
        assert_eq!(other.remaining, 3);
    }

    #[test]
    fn a_squeezed_caller_is_refused_until_its_reset() {
        let (mut limits, now) = (Limits::default(), Timestamp::UNIX_EPOCH);
        let reset = now + SignedDuration::from_mins(5);
        let status = StatusCode::TOO_MANY_REQUESTS;
        limits.squeeze(BUCKET, LIMIT, reset, status);
        assert_eq!(limits.admit(BUCKET, LIMIT, now), Err(status));
        assert_eq!(limits.admit(BUCKET, LIMIT, reset), Ok(()));
    }

    #[test]
    fn installations_with_many_repositories_may_ask_more() {
        let limits = [1, 20, 21, 170, 500].map(installation_limit);
        assert_eq!(limits, [5_000, 5_000, 5_050, 12_500, 12_500]);
    }
}

//! The secondary limit that counts points in a minute.

use std::collections::HashMap;

use http::Method;
use jiff::Timestamp;

use super::limit::Bucket;

/// Whose points at which endpoint are counted together.
pub(super) type Endpoint = (Bucket, Method, String);

/// The points that were spent in the minute that each endpoint was last asked in.
#[derive(Debug, Default)]
pub(crate) struct Points(HashMap<Endpoint, Minute>);

#[derive(Clone, Copy, Debug)]
struct Minute {
    number: i64,
    spent: u64,
}

impl Points {
    /// Whether these points are within the most that a minute has; spent they are either way.
    pub(super) fn spend(
        &mut self,
        endpoint: Endpoint,
        points: u64,
        most: u64,
        now: Timestamp,
    ) -> bool {
        let number = now.as_second().div_euclid(60);
        let fresh = Minute { number, spent: 0 };
        let minute = self.0.entry(endpoint).or_insert(fresh);
        if minute.number != number {
            *minute = fresh;
        }
        minute.spent += points;
        minute.spent <= most
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn each_minute_and_endpoint_has_its_own_points() {
        let (mut points, now) = (Points::default(), Timestamp::UNIX_EPOCH);
        let endpoint = |path: &str| (Bucket::User(1), Method::POST, path.to_owned());
        assert!(points.spend(endpoint("/a"), 5, 10, now));
        assert!(points.spend(endpoint("/a"), 5, 10, now));
        assert!(!points.spend(endpoint("/a"), 5, 10, now));
        assert!(points.spend(endpoint("/b"), 5, 10, now));
        let next = now + SignedDuration::from_secs(60);
        assert!(points.spend(endpoint("/a"), 5, 10, next));
    }
}

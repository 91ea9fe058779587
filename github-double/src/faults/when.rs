//! When a fault strikes.

use fastrand::Rng;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::glob;

/// What a fault strikes: all that it does not say must be so, is as it may.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct When {
    /// The method of the request, such as `GET`.
    pub method: Option<String>,
    /// Its path, without `/api/v3`, where `*` stands for anything but slashes and `**` for anything.
    pub path: Option<String>,
    /// The installation that it is made for, or that the event is sent to.
    pub installation: Option<u64>,
    /// The event, such as `workflow_run` or `workflow_run.completed`.
    pub event: Option<String>,
    /// Only the one of this number among all that are as above; counts from 1.
    pub nth: Option<u64>,
    /// So many of them at most.
    pub count: Option<u64>,
    /// Each with this probability.
    pub probability: Option<f64>,
    /// From this time on.
    pub from: Option<Timestamp>,
    /// Until before this time.
    pub until: Option<Timestamp>,
}

/// What a fault may strike.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject<'a> {
    Request {
        method: &'a str,
        path: &'a str,
        installation: Option<u64>,
    },
    Event {
        event: &'a str,
        action: &'a str,
        installation: Option<u64>,
    },
}

impl When {
    /// Requests of a method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Requests whose path is of a pattern.
    #[must_use]
    pub fn path(mut self, pattern: &str) -> Self {
        self.path = Some(pattern.to_owned());
        self
    }

    /// What concerns an installation.
    #[must_use]
    pub fn installation(mut self, id: u64) -> Self {
        self.installation = Some(id);
        self
    }

    /// Events of a name, or of a name and an action with a dot between them.
    #[must_use]
    pub fn event(mut self, event: &str) -> Self {
        self.event = Some(event.to_owned());
        self
    }

    /// Only the one of this number; counts from 1.
    #[must_use]
    pub fn nth(mut self, number: u64) -> Self {
        self.nth = Some(number);
        self
    }

    /// So many at most.
    #[must_use]
    pub fn count(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }

    /// Each with a probability.
    #[must_use]
    pub fn probability(mut self, probability: f64) -> Self {
        self.probability = Some(probability);
        self
    }

    /// From one time until before another.
    #[must_use]
    pub fn between(mut self, from: Timestamp, until: Timestamp) -> Self {
        (self.from, self.until) = (Some(from), Some(until));
        self
    }

    pub(super) fn concerns(&self, subject: Subject<'_>, now: Timestamp) -> bool {
        self.is_time(now)
            && match subject {
                Subject::Request {
                    method,
                    path,
                    installation,
                } => {
                    self.event.is_none()
                        && wanted(self.method.as_deref(), |wanted| {
                            wanted.eq_ignore_ascii_case(method)
                        })
                        && wanted(self.path.as_deref(), |pattern| glob::matches(pattern, path))
                        && wanted(self.installation, |wanted| installation == Some(wanted))
                }
                Subject::Event {
                    event,
                    action,
                    installation,
                } => {
                    self.method.is_none()
                        && self.path.is_none()
                        && wanted(self.event.as_deref(), |wanted| {
                            is_event(wanted, event, action)
                        })
                        && wanted(self.installation, |wanted| installation == Some(wanted))
                }
            }
    }

    /// Whether it strikes what it concerns: that is the `seen`th, and `struck` were struck before.
    pub(super) fn chooses(&self, seen: u64, struck: u64, rng: &mut Rng) -> bool {
        wanted(self.nth, |nth| nth == seen)
            && wanted(self.count, |count| struck < count)
            && wanted(self.probability, |probability| rng.f64() < probability)
    }

    fn is_time(&self, now: Timestamp) -> bool {
        wanted(self.from, |from| from <= now) && wanted(self.until, |until| now < until)
    }
}

fn wanted<T>(wish: Option<T>, holds: impl FnOnce(T) -> bool) -> bool {
    wish.is_none_or(holds)
}

fn is_event(wanted: &str, event: &str, action: &str) -> bool {
    match wanted.split_once('.') {
        Some((name, wanted_action)) => name == event && wanted_action == action,
        None => wanted == event,
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn requests_are_told_apart() {
        let when = When::default()
            .method("get")
            .path("/repos/**")
            .installation(7);
        let table = [
            ("GET", "/repos/acme/api", Some(7), true),
            ("POST", "/repos/acme/api", Some(7), false),
            ("GET", "/app", Some(7), false),
            ("GET", "/repos/acme/api", Some(8), false),
            ("GET", "/repos/acme/api", None, false),
        ];
        for (method, path, installation, expected) in table {
            let subject = Subject::Request {
                method,
                path,
                installation,
            };
            assert_eq!(when.concerns(subject, NOW), expected, "{subject:?}");
        }
    }

    #[test]
    fn events_are_told_apart() {
        let subject = |event, action| Subject::Event {
            event,
            action,
            installation: None,
        };
        let when = When::default().event("workflow_run.completed");
        assert!(when.concerns(subject("workflow_run", "completed"), NOW));
        assert!(!when.concerns(subject("workflow_run", "requested"), NOW));
        let when = When::default().event("workflow_run");
        assert!(when.concerns(subject("workflow_run", "requested"), NOW));
        assert!(!when.concerns(subject("workflow_job", "completed"), NOW));
        let of_requests = When::default().path("**");
        assert!(!of_requests.concerns(subject("ping", ""), NOW));
    }

    #[test]
    fn a_window_holds_its_beginning_and_not_its_end() {
        let end = NOW + SignedDuration::from_secs(2);
        let when = When::default().between(NOW + SignedDuration::from_secs(1), end);
        let subject = Subject::Request {
            method: "GET",
            path: "/app",
            installation: None,
        };
        let within = |second| when.concerns(subject, NOW + SignedDuration::from_secs(second));
        assert_eq!([0, 1, 2].map(within), [false, true, false]);
    }

    #[test]
    fn numbers_and_counts_bound_how_often() {
        let mut rng = Rng::with_seed(1);
        let third = When::default().nth(3);
        let chosen = [1, 2, 3, 4].map(|seen| third.chooses(seen, 0, &mut rng));
        assert_eq!(chosen, [false, false, true, false]);
        let twice = When::default().count(2);
        let chosen = [0, 1, 2].map(|struck| twice.chooses(9, struck, &mut rng));
        assert_eq!(chosen, [true, true, false]);
        assert!(!When::default().probability(0.0).chooses(1, 0, &mut rng));
        assert!(When::default().probability(1.0).chooses(1, 0, &mut rng));
    }
}

//! Faults that the simulated GitHub has on purpose: which, when, and how often.

mod api;
mod glob;
mod hook;
mod kind;
mod when;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fastrand::Rng;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::github::change::Change;

pub(crate) use api::{ApiFaults, FaultAnswer};
pub use hook::{Dropped, HookFaults, Signing};
pub use kind::{BadSignature, EtagLie, FaultKind, RetryAfter};
pub(crate) use when::Subject;
pub use when::When;

/// The faults that are switched on. Clones share them.
#[derive(Clone, Debug)]
pub struct Faults(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    rng: Rng,
    count: u64,
    rules: Vec<Rule>,
}

/// What goes wrong, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// What goes wrong.
    #[serde(flatten)]
    pub kind: FaultKind,
    /// When; always, unless it says more.
    #[serde(default)]
    pub when: When,
}

/// A fault that is switched on, and how often it struck.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rule {
    /// Names it, so that it can be switched off.
    pub id: u64,
    /// The fault.
    #[serde(flatten)]
    pub fault: Fault,
    /// How often it could have struck.
    pub seen: u64,
    /// How often it did.
    pub struck: u64,
}

impl Faults {
    /// No faults; those that strike with a probability depend on the seed alone.
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            rng: Rng::with_seed(seed),
            count: 0,
            rules: Vec::new(),
        })))
    }

    /// Switches a fault on. Those that strike at once strike in the order they were added.
    pub fn add(&self, fault: Fault) -> u64 {
        let mut inner = self.lock();
        inner.count += 1;
        let id = inner.count;
        inner.rules.push(Rule {
            id,
            fault,
            seen: 0,
            struck: 0,
        });
        id
    }

    /// Switches a fault off; whether it was on.
    pub fn remove(&self, id: u64) -> bool {
        let mut inner = self.lock();
        let before = inner.rules.len();
        inner.rules.retain(|rule| rule.id != id);
        inner.rules.len() < before
    }

    /// Switches all off.
    pub fn clear(&self) {
        self.lock().rules.clear();
    }

    /// All that are on, oldest first.
    pub fn list(&self) -> Vec<Rule> {
        self.lock().rules.clone()
    }

    /// What goes wrong with a request.
    pub(crate) fn of_request(&self, subject: Subject<'_>, now: Timestamp) -> ApiFaults {
        let kinds = self.strike(subject, now, |kind| !kind.is_of_hooks());
        ApiFaults::of(&kinds)
    }

    /// What goes wrong with a delivery of what an App is told.
    pub(crate) fn of_delivery(&self, change: &Change, now: Timestamp) -> HookFaults {
        let subject = Subject::Event {
            event: change.event_name(),
            action: change.action(),
            installation: change.installation.map(|id| id.0),
        };
        let kinds = self.strike(subject, now, FaultKind::is_of_hooks);
        HookFaults::of(&kinds)
    }

    fn strike(
        &self,
        subject: Subject<'_>,
        now: Timestamp,
        concerns: impl Fn(&FaultKind) -> bool,
    ) -> Vec<FaultKind> {
        let Inner { rng, rules, .. } = &mut *self.lock();
        let concerned = rules.iter_mut().filter(|rule| concerns(&rule.fault.kind));
        concerned
            .filter_map(|rule| rule.strike(subject, now, rng))
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A rule is counted or not; neither makes the others wrong.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rule {
    fn strike(&mut self, subject: Subject<'_>, now: Timestamp, rng: &mut Rng) -> Option<FaultKind> {
        let when = &self.fault.when;
        if !when.concerns(subject, now) {
            return None;
        }
        self.seen += 1;
        if !when.chooses(self.seen, self.struck, rng) {
            return None;
        }
        self.struck += 1;
        Some(self.fault.kind.clone())
    }
}

impl From<FaultKind> for Fault {
    fn from(kind: FaultKind) -> Self {
        let when = When::default();
        Self { kind, when }
    }
}

impl FaultKind {
    /// The fault of this kind at certain times only.
    pub fn when(self, when: When) -> Fault {
        Fault { kind: self, when }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::github::GitHub;

    #[test]
    fn faults_stack_in_the_order_they_were_added() {
        let faults = Faults::new(1);
        faults.add(FaultKind::Slow { millis: 10 }.into());
        faults.add(FaultKind::ClockSkew { seconds: 90 }.into());
        faults.add(FaultKind::Slow { millis: 5 }.into());
        let of = faults.of_request(request("GET", "/app"), Timestamp::UNIX_EPOCH);
        assert_eq!(of.delay.as_millis(), 15);
        assert_eq!(of.skew.as_secs(), 90);
    }

    #[test]
    fn the_same_seed_strikes_the_same_requests() {
        let struck = |seed| {
            let faults = Faults::new(seed);
            let when = When::default().probability(0.3);
            faults.add(FaultKind::Slow { millis: 1 }.when(when));
            let strikes = |_| {
                let of = faults.of_request(request("GET", "/app"), Timestamp::UNIX_EPOCH);
                !of.delay.is_zero()
            };
            (0..1_000).map(strikes).collect::<Vec<_>>()
        };
        assert_eq!(struck(7), struck(7));
        assert_ne!(struck(7), struck(8));
        let share = struck(7).iter().filter(|struck| **struck).count();
        assert!((250..350).contains(&share), "{share}");
    }

    #[test]
    fn hooks_and_requests_do_not_use_up_each_others_faults() {
        let faults = Faults::new(1);
        let once = When::default().count(1);
        let dropped = FaultKind::HookDrop {
            status_code: 502,
            status: "Bad Gateway".to_owned(),
        };
        let id = faults.add(dropped.when(once));
        faults.of_request(request("GET", "/app"), Timestamp::UNIX_EPOCH);
        let deliver = || faults.of_delivery(&ping(), Timestamp::UNIX_EPOCH);
        assert!(deliver().drop.is_some());
        assert!(deliver().drop.is_none());
        assert_eq!((faults.list()[0].seen, faults.list()[0].struck), (2, 1));
        assert!(faults.remove(id));
        assert!(!faults.remove(id));
    }

    fn ping() -> Change {
        let mut github = GitHub::new("acme", 1, Timestamp::UNIX_EPOCH);
        let app = github.apps().next().unwrap().id;
        github.ping(app);
        github.take_changes().remove(0)
    }

    fn request<'a>(method: &'a str, path: &'a str) -> Subject<'a> {
        Subject::Request {
            method,
            path,
            installation: None,
        }
    }
}

//! One request at a time for the App, and one for each installation.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use http::StatusCode;
use jiff::Timestamp;

use super::{
    Budget, Error, Purpose,
    limiter::{Allowance, RateHeaders},
    observe,
    token::InstallationToken,
};

/// As whom GitHub is asked. Each has limits of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Identity {
    /// The App itself, by its key.
    App,
    /// One of its installations, by a token.
    Installation(i64),
}

impl Identity {
    pub(super) fn installation_id(self) -> Option<i64> {
        match self {
            Self::App => None,
            Self::Installation(id) => Some(id),
        }
    }
}

/// Where the requests of one identity go one after another.
pub(super) struct Lane {
    pub(super) identity: Identity,
    /// Held by whoever makes a request, together with the token that it takes; the
    /// App needs none.
    pub(super) turn: tokio::sync::Mutex<Option<InstallationToken>>,
    /// Set while the token, if there is one, is not to be used again.
    is_token_void: AtomicBool,
    allowance: Mutex<Allowance>,
}

/// The lanes of all identities that were asked as.
#[derive(Default)]
pub(super) struct Lanes(Mutex<HashMap<Identity, Arc<Lane>>>);

impl Lanes {
    pub(super) fn of(&self, identity: Identity) -> Arc<Lane> {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes.entry(identity).or_insert_with(|| {
            Arc::new(Lane {
                identity,
                turn: tokio::sync::Mutex::default(),
                is_token_void: AtomicBool::default(),
                allowance: Mutex::default(),
            })
        });
        Arc::clone(lane)
    }

    pub(super) fn budgets(&self, now: Timestamp) -> Vec<Budget> {
        let lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lanes: Vec<_> = lanes.values().cloned().collect();
        lanes.sort_by_key(|lane| lane.identity);
        lanes
            .iter()
            .map(|lane| {
                let installation_id = lane.identity.installation_id();
                lane.allowance().budget(installation_id, now)
            })
            .collect()
    }
}

impl Lane {
    /// Has the token made anew, without waiting for a turn.
    pub(super) fn forget_token(&self) {
        self.is_token_void.store(true, Ordering::Relaxed);
    }

    /// Takes the token out of a turn, if it is to be used again.
    pub(super) fn take_token(
        &self,
        turn: &mut Option<InstallationToken>,
        now: Timestamp,
    ) -> Option<InstallationToken> {
        let is_void = self.is_token_void.swap(false, Ordering::Relaxed);
        turn.take().filter(|token| !is_void && token.is_good(now))
    }

    /// Whether a request may be made.
    pub(super) fn check(&self, purpose: Purpose, now: Timestamp) -> Result<(), Error> {
        let checked = self.allowance().check(purpose, now);
        checked.map_err(|until| Error::Limited { until })
    }

    /// Takes notice of a request that got no answer.
    pub(super) fn note_failure(&self, purpose: Purpose, now: Timestamp) {
        self.allowance().note_failure(purpose, now);
    }

    /// Takes notice of an answer, which may be that it was too much.
    pub(super) fn note(
        &self,
        purpose: Purpose,
        status: StatusCode,
        headers: &RateHeaders,
        message: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut allowance = self.allowance();
        let noted = allowance.note(purpose, status, headers, message, now);
        observe::remaining(&allowance.budget(self.identity.installation_id(), now));
        noted.map_err(|until| Error::Limited { until })
    }

    fn allowance(&self) -> MutexGuard<'_, Allowance> {
        self.allowance
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

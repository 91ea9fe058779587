//! When which repository is to be listed: often while something happens there,
//! seldom while nothing does or webhooks tell of it anyhow.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, HashMap},
};

use jiff::{SignedDuration, Timestamp};
use lampboard_proto::v1::Repository;

use crate::{
    catalog::Catalog,
    github::ETag,
    time::{after, before},
};

/// How long nothing has to change for a repository to count as idle, and how
/// often an idle one is listed.
const IDLE_AFTER: SignedDuration = SignedDuration::from_mins(30);
const IDLE_INTERVAL: SignedDuration = SignedDuration::from_mins(10);
/// For how long a webhook says that webhooks flow.
const FLOW: SignedDuration = SignedDuration::from_mins(10);
/// How long a repository is put off that can not be listed.
const MIN_PUT_OFF: SignedDuration = SignedDuration::from_mins(1);
const MAX_PUT_OFF: SignedDuration = SignedDuration::from_hours(6);
/// How often all runs that may still be re-run are compared.
const SWEEP_INTERVAL: SignedDuration = SignedDuration::from_hours(24);

/// What is remembered of each repository.
#[derive(Debug, Default)]
pub(super) struct Due(HashMap<i64, Listing>);

/// What is remembered of one repository.
#[derive(Debug)]
pub(super) struct Listing {
    /// When it is due; the beginning of time if it never was listed.
    next: Timestamp,
    /// When something last changed in its list.
    last_change: Option<Timestamp>,
    /// Its newest page.
    pub(super) newest: Option<ETag>,
    /// Its runs in progress.
    pub(super) running: Option<ETag>,
    next_sweep: Timestamp,
    /// Whether it was listed to where it was known before, the last time.
    pub(super) is_whole: bool,
    /// How long it is put off when it can not be listed.
    put_off: SignedDuration,
}

impl Due {
    /// What is due, what has waited longest first, and of that the liveliest.
    /// Repositories that are gone are forgotten, new ones are due.
    pub(super) fn take(&mut self, catalog: &Catalog, now: Timestamp) -> Vec<Repository> {
        let mut repositories = catalog.repositories();
        let known: std::collections::HashSet<i64> = repositories.iter().map(|it| it.id).collect();
        self.0.retain(|id, _| known.contains(id));
        repositories.retain(|it| self.of(it.id, now).next <= now);
        repositories.sort_by_cached_key(|it| {
            let waits_since = self.of(it.id, now).next;
            (waits_since, Reverse(catalog.activity(it.id)), it.id)
        });
        repositories
    }

    /// Forgets the repositories of installations: another process has listed them since.
    pub(super) fn forget(&mut self, catalog: &Catalog, installations: &BTreeSet<i64>) {
        for repository in catalog.repositories() {
            if installations.contains(&repository.installation_id) {
                self.0.remove(&repository.id);
            }
        }
    }

    /// What is remembered of a repository.
    pub(super) fn of(&mut self, repository_id: i64, now: Timestamp) -> &mut Listing {
        self.0.entry(repository_id).or_insert_with(|| Listing {
            next: Timestamp::MIN,
            last_change: None,
            newest: None,
            running: None,
            // Some time after the start, spread by a number that is as good as drawn.
            next_sweep: after(now, SignedDuration::from_mins(60 + repository_id % 180)),
            is_whole: false,
            put_off: SignedDuration::ZERO,
        })
    }

    /// Makes a repository due.
    pub(super) fn hurry(&mut self, repository_id: i64) {
        if let Some(listing) = self.0.get_mut(&repository_id) {
            listing.next = Timestamp::MIN;
        }
    }
}

impl Listing {
    /// Takes notice of a list, and decides when it is due again.
    pub(super) fn listed(
        &mut self,
        changed: bool,
        now: Timestamp,
        last_webhook: Option<Timestamp>,
    ) {
        if changed {
            self.last_change = Some(now);
        }
        self.put_off = SignedDuration::ZERO;
        let within =
            |time: Option<Timestamp>, span| time.is_some_and(|time| before(now, span) < time);
        let is_active = within(self.last_change, IDLE_AFTER) && !within(last_webhook, FLOW);
        // An active one is due in the next round, whenever that is.
        self.next = if is_active {
            now
        } else {
            after(now, IDLE_INTERVAL)
        };
    }

    /// Takes notice that it could not be listed: it is left alone for a while, and
    /// each time for twice as long.
    pub(super) fn failed(&mut self, now: Timestamp) {
        let longer = self.put_off.saturating_mul(2);
        self.put_off = longer.clamp(MIN_PUT_OFF, MAX_PUT_OFF);
        self.next = after(now, self.put_off);
    }

    /// Whether all of its runs are to be compared.
    pub(super) fn is_sweep_due(&self, now: Timestamp) -> bool {
        self.next_sweep <= now
    }

    /// Takes notice that they were.
    pub(super) fn swept(&mut self, now: Timestamp) {
        self.next_sweep = after(now, SWEEP_INTERVAL);
    }
}

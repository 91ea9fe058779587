//! When which repository is to be listed: often while something happens there,
//! seldom while nothing does or webhooks tell of it anyhow.

use std::{cmp::Reverse, collections::HashMap};

use jiff::{SignedDuration, Timestamp};
use lampboard_proto::v1::Repository;

use crate::{catalog::Catalog, github::ETag};

/// How long nothing has to change for a repository to count as idle, and how
/// often an idle one is listed.
const IDLE_AFTER: SignedDuration = SignedDuration::from_mins(30);
const IDLE_INTERVAL: SignedDuration = SignedDuration::from_mins(10);
/// For how long a webhook says that webhooks flow.
const FLOW: SignedDuration = SignedDuration::from_mins(10);
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
}

impl Due {
    /// What is due, the liveliest first. Repositories that are gone are forgotten,
    /// new ones are due.
    pub(super) fn take(&mut self, catalog: &Catalog, now: Timestamp) -> Vec<Repository> {
        let mut repositories = catalog.repositories();
        let known: std::collections::HashSet<i64> = repositories.iter().map(|it| it.id).collect();
        self.0.retain(|id, _| known.contains(id));
        repositories.retain(|it| self.of(it.id, now).next <= now);
        repositories.sort_by_cached_key(|it| (Reverse(catalog.activity(it.id)), it.id));
        repositories
    }

    /// What is remembered of a repository.
    pub(super) fn of(&mut self, repository_id: i64, now: Timestamp) -> &mut Listing {
        self.0.entry(repository_id).or_insert_with(|| Listing {
            next: Timestamp::MIN,
            last_change: None,
            newest: None,
            running: None,
            // Spread over the day by a number that is as good as drawn.
            next_sweep: now
                + SWEEP_INTERVAL * i32::try_from(repository_id % 24 + 1).unwrap_or(1) / 24,
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
        let within = |time: Option<Timestamp>, span| time.is_some_and(|time| now - span < time);
        let is_active = within(self.last_change, IDLE_AFTER) && !within(last_webhook, FLOW);
        // An active one is due in the next round, whenever that is.
        self.next = if is_active { now } else { now + IDLE_INTERVAL };
    }

    /// Whether all of its runs are to be compared, which puts that off for a day.
    pub(super) fn take_sweep(&mut self, now: Timestamp) -> bool {
        let is_due = self.next_sweep <= now;
        if is_due {
            self.next_sweep = now + SWEEP_INTERVAL;
        }
        is_due
    }
}

//! What is asked of GitHub and for what, as the outside sees it.

use jiff::Timestamp;

/// What a request is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Somebody, or something that just happened, waits for it. May use all that
    /// GitHub allows.
    Live,
    /// Finds what was missed. Leaves the last tenth of the limit alone, and with
    /// backfill together takes at most 20 % of it in any hour.
    Reconcile,
    /// Brings in what was before. Comes after reconciling: it stops when the two
    /// have taken 15 %.
    Backfill,
}

impl Purpose {
    /// Each purpose, once.
    pub const ALL: [Self; 3] = [Self::Live, Self::Reconcile, Self::Backfill];
}

/// How many requests of the last hour counted against the limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    /// For live work.
    pub live: u64,
    /// For reconciling.
    pub reconcile: u64,
    /// For backfilling.
    pub backfill: u64,
}

impl Spent {
    pub(super) fn of(&mut self, purpose: Purpose) -> &mut u64 {
        match purpose {
            Purpose::Live => &mut self.live,
            Purpose::Reconcile => &mut self.reconcile,
            Purpose::Backfill => &mut self.backfill,
        }
    }
}

/// What an installation, or the App itself, may still ask of GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// The installation; none for what the App asks in its own name.
    pub installation_id: Option<i64>,
    /// The requests of an hour; none if GitHub told no limit.
    pub limit: Option<u64>,
    /// What is left of them.
    pub remaining: Option<u64>,
    /// When all of them are there again.
    pub reset_time: Option<Timestamp>,
    /// Until when GitHub is asked nothing at all.
    pub limited_until: Option<Timestamp>,
    /// What was asked in the last hour.
    pub spent: Spent,
}

//! Leases of installations: which app asks GitHub for which.

use jiff::{SignedDuration, Timestamp};

use super::InstallationId;

/// What belongs to the GitHub App as a whole is leased as if it were an
/// installation.
pub(crate) const WHOLE_APP: InstallationId = InstallationId(0);

/// For how long an installation is held after its holder last called.
pub(crate) const HOLD: SignedDuration = SignedDuration::from_secs(30);
/// How much less of it a holder is told, as servers' clocks may be apart by so
/// much.
const APART: SignedDuration = SignedDuration::from_secs(5);

/// For how long a holder is told that it holds.
pub(crate) fn told_hold() -> SignedDuration {
    HOLD - APART
}

/// What an app says when it asks for installations to hold.
#[derive(Clone, Debug)]
pub(crate) struct HoldRequest {
    /// Names the app.
    pub(crate) holder: String,
    /// The installations that GitHub has to be asked about.
    pub(crate) asked: Vec<InstallationId>,
    /// Whether it takes all or none.
    pub(crate) undivided: bool,
    /// Whether it is about to stop.
    pub(crate) leave: bool,
}

/// Who holds an installation, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InstallationLease {
    /// The installation.
    pub(crate) installation: InstallationId,
    /// Who holds it, or did last.
    pub(crate) holder: String,
    /// Counts its holders.
    pub(crate) number: i64,
    /// Until when it is held.
    pub(crate) until_time: Timestamp,
    /// When GitHub last had to be asked about it.
    pub(crate) ask_time: Option<Timestamp>,
}

impl InstallationLease {
    /// Whether somebody holds it.
    pub(crate) fn is_held(&self, now: Timestamp) -> bool {
        now < self.until_time
    }

    fn is_held_by(&self, holder: &str, now: Timestamp) -> bool {
        self.is_held(now) && self.holder == holder
    }

    /// Gives it to a holder, or lets him keep it. While the number stays, nobody else
    /// had it.
    fn give(mut self, holder: &str, now: Timestamp) -> Self {
        if self.holder != holder {
            self.number += 1;
            holder.clone_into(&mut self.holder);
        }
        self.until_time = now.saturating_add(HOLD).unwrap_or(Timestamp::MAX);
        self
    }
}

/// Picks what a holder is to have from now on of all leases, the App as a whole
/// first: what it has already, then what is free, up to its share of `apps`. What
/// it has beyond that is not taken from it, only not renewed: others wait until it
/// is over.
pub(crate) fn share_of(
    request: &HoldRequest,
    mut leases: Vec<InstallationLease>,
    apps: usize,
    now: Timestamp,
) -> Vec<InstallationLease> {
    let holder = &request.holder;
    let all = leases.len();
    leases.retain(|it| !it.is_held(now) || it.is_held_by(holder, now));
    leases.sort_by_key(|it| (!it.is_held(now), it.installation.0));
    let share = if !request.undivided {
        all.div_ceil(apps.max(1))
    } else if leases.iter().any(|it| it.installation == WHOLE_APP) {
        all
    } else {
        0
    };
    leases.truncate(share);
    leases.into_iter().map(|it| it.give(holder, now)).collect()
}

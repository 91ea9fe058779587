//! What one identity may still ask of GitHub. It never waits: it says until when.

mod budget;
mod headers;
mod spent;

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};

pub use self::budget::{Budget, Purpose, Spent};
pub(super) use self::headers::RateHeaders;
use self::spent::LastHour;

/// What is kept for live work of what GitHub allows: one part of this many.
const RESERVE: u64 = 10;
/// What reconciling and backfilling may use of what GitHub allows, in percent, in
/// any hour. Backfill stops earlier, so that what is between the two is always
/// there for reconciling; live work is not held to either.
const RECONCILE_SHARE: u64 = 20;
const BACKFILL_SHARE: u64 = 15;

/// How long to wait when GitHub says that it was too much but not until when;
/// twice as long each time that it says so again.
const UNTOLD_WAIT: SignedDuration = SignedDuration::from_mins(1);
const MAX_UNTOLD_WAIT: SignedDuration = SignedDuration::from_hours(1);
/// GitHub's own waits are kept within reason.
const MIN_WAIT: SignedDuration = SignedDuration::from_secs(1);
const MAX_WAIT: SignedDuration = SignedDuration::from_hours(24);

/// What one identity may still ask, as far as GitHub has told.
#[derive(Debug, Default)]
pub(super) struct Allowance {
    window: Option<Window>,
    blocked_until: Option<Timestamp>,
    /// How often in a row GitHub has not said how long to wait.
    strikes: u32,
    last_hour: LastHour,
}

/// What GitHub says of its hour.
#[derive(Debug, Clone, Copy)]
struct Window {
    limit: u64,
    remaining: u64,
    reset: Option<Timestamp>,
}

impl Allowance {
    /// Whether a request may be made, and if not, when it may.
    pub(super) fn check(&mut self, purpose: Purpose, now: Timestamp) -> Result<(), Timestamp> {
        self.end_what_is_over(now);
        if let Some(until) = self.blocked_until {
            return Err(until);
        }
        let Some(window) = self.window else {
            return Ok(());
        };
        let kept = match purpose {
            Purpose::Live => 0,
            Purpose::Reconcile | Purpose::Backfill => window.limit / RESERVE,
        };
        if let (true, Some(reset)) = (window.remaining <= kept, window.reset) {
            // One far off is a mistake, and not to be kept to.
            return Err(reset.min(now.saturating_add(MAX_WAIT).unwrap_or(reset)));
        }
        let share = match purpose {
            Purpose::Live => return Ok(()),
            Purpose::Reconcile => RECONCILE_SHARE,
            Purpose::Backfill => BACKFILL_SHARE,
        };
        let cap = (window.limit.saturating_mul(share) / 100).max(1);
        self.last_hour.background_below(cap).map_or(Ok(()), Err)
    }

    /// Takes notice of a request that got no answer; GitHub may have counted it.
    pub(super) fn note_failure(&mut self, purpose: Purpose, now: Timestamp) {
        self.last_hour.add(purpose, now);
    }

    /// Takes notice of an answer. If it says that it was too much, until when.
    pub(super) fn note(
        &mut self,
        purpose: Purpose,
        status: StatusCode,
        headers: &RateHeaders,
        message: &str,
        now: Timestamp,
    ) -> Result<(), Timestamp> {
        // What did not change is given away.
        if status != StatusCode::NOT_MODIFIED {
            self.last_hour.add(purpose, now);
        }
        self.take_window(status, headers);
        if !is_too_much(status, headers, message) {
            if status.is_success() || status == StatusCode::NOT_MODIFIED {
                self.strikes = 0;
            }
            return Ok(());
        }
        let until = self.wait_asked(headers, now);
        self.blocked_until = self.blocked_until.max(Some(until));
        Err(until)
    }

    /// What it has come to.
    pub(super) fn budget(&mut self, installation_id: Option<i64>, now: Timestamp) -> Budget {
        self.end_what_is_over(now);
        let window = self.window;
        let used_up = window.filter(|window| window.remaining == 0);
        Budget {
            installation_id,
            limit: window.map(|window| window.limit),
            remaining: window.map(|window| window.remaining),
            reset_time: window.and_then(|window| window.reset),
            limited_until: self
                .blocked_until
                .max(used_up.and_then(|window| window.reset)),
            spent: self.last_hour.spent(),
        }
    }

    fn end_what_is_over(&mut self, now: Timestamp) {
        self.last_hour.forget(now);
        self.blocked_until = self.blocked_until.filter(|until| now < *until);
        if let Some(window) = &mut self.window
            && window.reset.is_some_and(|reset| reset <= now)
        {
            window.remaining = window.limit;
            window.reset = None;
        }
    }

    fn take_window(&mut self, status: StatusCode, headers: &RateHeaders) {
        if !headers.is_core {
            return;
        }
        match (headers.limit, headers.remaining) {
            (Some(limit), Some(remaining)) => {
                self.window = Some(Window {
                    limit,
                    remaining,
                    reset: headers.reset,
                });
            }
            // A server of one's own need not have limits; an error need not tell them.
            _ if status.is_success() || status == StatusCode::NOT_MODIFIED => self.window = None,
            _ => {}
        }
    }

    fn wait_asked(&mut self, headers: &RateHeaders, now: Timestamp) -> Timestamp {
        let reset = headers.reset.filter(|_| headers.remaining == Some(0));
        let until = headers.retry_at.max(reset).unwrap_or_else(|| {
            let factor = 1 << self.strikes.min(6);
            self.strikes += 1;
            now + (UNTOLD_WAIT * factor).min(MAX_UNTOLD_WAIT)
        });
        until.clamp(now + MIN_WAIT, now + MAX_WAIT)
    }
}

/// Tells a limit from a missing permission and from an outage.
fn is_too_much(status: StatusCode, headers: &RateHeaders, message: &str) -> bool {
    match status {
        StatusCode::TOO_MANY_REQUESTS => true,
        StatusCode::FORBIDDEN => {
            headers.retry_at.is_some()
                || headers.remaining == Some(0)
                || message.to_lowercase().contains("rate limit")
                || message.to_lowercase().contains("abuse")
        }
        StatusCode::SERVICE_UNAVAILABLE => headers.retry_at.is_some(),
        _ => false,
    }
}

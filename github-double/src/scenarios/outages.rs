//! What goes wrong between GitHub and the product: S3 to S6, S8 to S10 and S21.

use jiff::SignedDuration;

use super::stage::Stage;
use crate::faults::{FaultKind, RetryAfter, When};
use crate::github::id::InstallationId;

/// S3: webhooks change places with others; all of `window` that are in line at a time may.
pub fn disorder(stage: &Stage, window: u32) {
    add(stage, FaultKind::HookReorder { window }, When::default());
}

/// S4: each webhook comes so many times more.
pub fn repeat(stage: &Stage, times: u32) {
    add(stage, FaultKind::HookDuplicate { times }, When::default());
}

/// S5 and S6: nobody hears webhooks from now on, for a while.
pub fn deafen(stage: &Stage, time: SignedDuration) {
    let now = stage.double.clock().now();
    let when = When::default().between(now, now + time);
    add(stage, unheard(), when);
}

/// S8: tokens that are made from now on live a few seconds only.
pub fn hurry_tokens(stage: &Stage, seconds: i64) {
    let when = When::default().method("POST").path("**/access_tokens");
    add(stage, FaultKind::TokenTtl { seconds }, when);
}

/// S9: an installation has nothing left of its limit after its next request.
pub fn exhaust(stage: &Stage, installation: InstallationId, reset_in: SignedDuration) {
    let limit = FaultKind::PrimaryLimit {
        remaining: 1,
        reset_in: reset_in.as_secs(),
        status: 403,
    };
    let when = When::default().installation(installation.0).count(1);
    add(stage, limit, when.path("/repo**"));
}

/// S10: the next requests for runs meet the secondary limit.
pub fn throttle(stage: &Stage, requests: u64, retry_after: RetryAfter) {
    let limit = FaultKind::SecondaryLimit {
        status: 403,
        retry_after,
    };
    add(
        stage,
        limit,
        When::default().path("**/actions/runs**").count(requests),
    );
}

/// S21: webhooks get lost, come twice and change places, each as likely as is said.
pub fn disturb(stage: &Stage, losses: f64, duplicates: f64, window: u32) {
    add(stage, unheard(), When::default().probability(losses));
    let duplicate = FaultKind::HookDuplicate { times: 1 };
    add(stage, duplicate, When::default().probability(duplicates));
    disorder(stage, window);
}

fn unheard() -> FaultKind {
    FaultKind::HookDrop {
        status_code: 0,
        status: "failed to connect to host".to_owned(),
    }
}

fn add(stage: &Stage, kind: FaultKind, when: When) {
    stage.double.faults().add(kind.when(when));
}

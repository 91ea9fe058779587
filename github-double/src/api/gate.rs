//! What is refused whatever it asks for, and what a request costs.

use http::{Method, StatusCode, header};
use jiff::Timestamp;

use super::answer::Answered;
use super::asked::{Asked, Outcome};
use super::caller::Caller;
use super::headers;
use super::limit::{Bucket, installation_limit};
use super::misc;
use super::refusal::Refusal;
use crate::double::Double;
use crate::github::GitHub;
use crate::github::id::InstallationId;

impl Asked<'_> {
    /// Refuses what is refused whatever it asks for.
    pub(super) fn admit(
        &self,
        double: &Double,
        github: &GitHub,
        under_way: u64,
        outcome: &mut Outcome,
    ) -> Result<(), Refusal> {
        let switches = double.switches();
        if switches.requires_user_agent && !self.parts.headers.contains_key(header::USER_AGENT) {
            let message = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.";
            return Err(Refusal::new(StatusCode::FORBIDDEN, message));
        }
        outcome.envelope.version = Some(headers::version(&self.parts.headers, switches)?);
        let caller =
            double.tokens(|tokens| Caller::of(self.credentials, tokens, github, self.now))?;
        let bucket = caller.bucket();
        outcome.caller = Some(caller);
        self.squeeze(double, github, bucket);
        if self.is_free() || !double.limits_requests() {
            return Ok(());
        }
        let limit = limit_of(github, bucket);
        let admitted = double.limits(|limits| limits.admit(bucket, limit, self.now));
        admitted.map_err(|status| exceeded(status, bucket))?;
        let points = if self.parts.method == Method::GET {
            1
        } else {
            5
        };
        let of_endpoint = (bucket, self.parts.method.clone(), self.path.to_owned());
        let within = switches.concurrency.is_none_or(|most| under_way <= most)
            && switches.points_per_minute.is_none_or(|most| {
                double.points(|minutes| minutes.spend(of_endpoint, points, most, self.now))
            });
        if within {
            Ok(())
        } else {
            Err(secondary(StatusCode::FORBIDDEN))
        }
    }

    fn squeeze(&self, double: &Double, github: &GitHub, bucket: Bucket) {
        if let Some(squeeze) = self.faults.squeeze {
            let used = limit_of(github, bucket).saturating_sub(squeeze.remaining);
            let reset = self.now + squeeze.reset_in;
            double.limits(|limits| limits.squeeze(bucket, used, reset, squeeze.status));
        }
    }

    pub(super) fn account(
        &self,
        double: &Double,
        github: &GitHub,
        bucket: Bucket,
        outcome: &mut Outcome,
    ) {
        if !double.limits_requests() {
            return;
        }
        let limit = limit_of(github, bucket);
        let budget = double.limits(|limits| {
            if outcome.counted {
                limits.spend(bucket, self.now);
            }
            limits.budget(bucket, limit, self.now)
        });
        outcome.envelope.budget = Some(budget);
    }
}

/// `GET /rate_limit`
pub(super) fn rate_limit(
    double: &Double,
    github: &GitHub,
    bucket: Bucket,
    now: Timestamp,
) -> Answered {
    if !double.limits_requests() {
        let message = "Rate limiting is not enabled.";
        return Err(Refusal::new(StatusCode::NOT_FOUND, message));
    }
    let limit = limit_of(github, bucket);
    let budget = double.limits(|limits| limits.budget(bucket, limit, now));
    Ok(misc::rate_limit(budget))
}

fn limit_of(github: &GitHub, bucket: Bucket) -> u64 {
    match bucket {
        Bucket::Installation(id) => {
            installation_limit(github.repositories_of(InstallationId(id)).len())
        }
        Bucket::App(_) | Bucket::User(_) => 5_000,
        Bucket::Anonymous => 60,
    }
}

fn exceeded(status: StatusCode, bucket: Bucket) -> Refusal {
    let message = format!("API rate limit exceeded for {}.", bucket.name());
    Refusal::new(status, message)
}

/// Too much at a time, or too fast.
pub(super) fn secondary(status: StatusCode) -> Refusal {
    let message =
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
    Refusal::new(status, message)
}

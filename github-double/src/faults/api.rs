//! What goes wrong with one request.

use std::time::Duration;

use http::StatusCode;
use jiff::SignedDuration;

use super::kind::{EtagLie, FaultKind, RetryAfter};
use crate::api::tokens::TokenFormat;

/// How a request is answered, if not as it should.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ApiFaults {
    pub(crate) token_ttl: Option<SignedDuration>,
    pub(crate) token_lag: SignedDuration,
    pub(crate) token_format: Option<TokenFormat>,
    pub(crate) skew: SignedDuration,
    pub(crate) squeeze: Option<Squeeze>,
    pub(crate) answer: Option<FaultAnswer>,
    pub(crate) delay: Duration,
    pub(crate) bytes_per_second: Option<u64>,
    pub(crate) hang: bool,
    pub(crate) reset: bool,
    pub(crate) damages: Vec<FaultKind>,
    pub(crate) page_shift: u32,
    pub(crate) etag_lie: Option<EtagLie>,
}

/// What is left to a caller, and what comes after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Squeeze {
    pub(crate) remaining: u64,
    pub(crate) reset_in: SignedDuration,
    pub(crate) status: StatusCode,
}

/// An answer in place of the right one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FaultAnswer {
    Secondary(StatusCode, RetryAfter),
    Permission(String),
    Server { status: StatusCode, html: bool },
}

impl ApiFaults {
    pub(super) fn of(kinds: &[FaultKind]) -> Self {
        let mut faults = Self::default();
        for kind in kinds {
            faults.add(kind);
        }
        faults
    }

    fn add(&mut self, kind: &FaultKind) {
        match kind {
            FaultKind::TokenTtl { seconds } => {
                self.token_ttl = Some(SignedDuration::from_secs(*seconds));
            }
            FaultKind::TokenReplicationLag { millis } => {
                self.token_lag += SignedDuration::from_millis(*millis);
            }
            FaultKind::TokenFormat { format } => self.token_format = Some(*format),
            FaultKind::ClockSkew { seconds } => self.skew += SignedDuration::from_secs(*seconds),
            FaultKind::Slow { millis } => self.delay += Duration::from_millis(*millis),
            FaultKind::Drip { bytes_per_second } => self.bytes_per_second = Some(*bytes_per_second),
            FaultKind::Hang => self.hang = true,
            FaultKind::Reset => self.reset = true,
            FaultKind::PageShift { runs } => self.page_shift += runs,
            FaultKind::EtagLies { lie } => self.etag_lie = Some(*lie),
            FaultKind::Truncate
            | FaultKind::BadJson
            | FaultKind::WrongType { .. }
            | FaultKind::ExtraFields
            | FaultKind::NullField { .. }
            | FaultKind::UnknownEnum { .. } => self.damages.push(kind.clone()),
            refusal => self.refuse(refusal),
        }
    }

    /// The first fault that answers in its own way is the one that is heard.
    fn refuse(&mut self, kind: &FaultKind) {
        let answer = match kind {
            FaultKind::PrimaryLimit {
                remaining,
                reset_in,
                status,
            } => {
                self.squeeze = Some(Squeeze {
                    remaining: *remaining,
                    reset_in: SignedDuration::from_secs(*reset_in),
                    status: status_code(*status),
                });
                return;
            }
            FaultKind::SecondaryLimit {
                status,
                retry_after,
            } => FaultAnswer::Secondary(status_code(*status), *retry_after),
            FaultKind::Permission { accepted } => FaultAnswer::Permission(accepted.clone()),
            FaultKind::ServerError { status, html } => FaultAnswer::Server {
                status: status_code(*status),
                html: *html,
            },
            _ => return,
        };
        self.answer.get_or_insert(answer);
    }
}

/// A status that HTTP does not have is a mistake in the fault: 500 shows it.
fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

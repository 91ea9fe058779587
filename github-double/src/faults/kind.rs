//! What can go wrong.

use serde::{Deserialize, Serialize};

use crate::api::tokens::TokenFormat;

/// What goes wrong, with its measure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum FaultKind {
    /// Installation tokens that are made now live so long.
    TokenTtl {
        /// Seconds, in place of an hour.
        seconds: i64,
    },
    /// Installation tokens that are made now are refused so long.
    TokenReplicationLag {
        /// Milliseconds of the virtual clock.
        millis: i64,
    },
    /// Installation tokens that are made now look so.
    TokenFormat {
        /// How they look.
        format: TokenFormat,
    },
    /// GitHub's clock is ahead of, or behind, the one it shares with the product.
    ClockSkew {
        /// Seconds that it is ahead.
        seconds: i64,
    },
    /// The caller has no more than this left of its primary limit.
    PrimaryLimit {
        /// How many requests, the one that was struck not among them.
        remaining: u64,
        /// Seconds until it has all again.
        reset_in: i64,
        /// What is answered past it: 403 or 429.
        status: u16,
    },
    /// The secondary limit.
    SecondaryLimit {
        /// 403 or 429.
        status: u16,
        /// Whether and how the answer says how long to wait.
        retry_after: RetryAfter,
    },
    /// The App lacks a permission: 403, no header of a limit, and no reason to try again.
    Permission {
        /// What `x-accepted-github-permissions` says, such as `actions=read`.
        accepted: String,
    },
    /// An answer of 5xx.
    ServerError {
        /// The status.
        status: u16,
        /// Whether its body is a page of HTML, as from a proxy.
        html: bool,
    },
    /// The answer comes late, by the real clock.
    Slow {
        /// Milliseconds.
        millis: u64,
    },
    /// The body comes slowly, by the real clock.
    Drip {
        /// How many bytes come in a second.
        bytes_per_second: u64,
    },
    /// No answer ever comes.
    Hang,
    /// The connection is cut in the middle of the body.
    Reset,
    /// The body ends in the middle, though the answer is whole to HTTP.
    Truncate,
    /// The body is no JSON.
    BadJson,
    /// Something is of another type: a number where there is a string, a string where not.
    WrongType {
        /// Where, as a JSON pointer, such as `/workflow_runs/0/run_attempt`.
        pointer: String,
    },
    /// Every object has fields that nobody has heard of.
    ExtraFields,
    /// Something is null.
    NullField {
        /// Where, as a JSON pointer.
        pointer: String,
    },
    /// A word that nobody has heard of.
    UnknownEnum {
        /// Where, as a JSON pointer.
        pointer: String,
    },
    /// So many runs start right after the answer, so that what was on one page is on the next.
    PageShift {
        /// How many.
        runs: u32,
    },
    /// The answer to `If-None-Match` is wrong.
    EtagLies {
        /// In which way.
        lie: EtagLie,
    },
    /// The webhook is not posted, but logged as if it had been and this had come back.
    HookDrop {
        /// The status code; 0 if nothing came back.
        status_code: u16,
        /// The text beside it, such as `timed out`.
        status: String,
    },
    /// The webhook is posted late.
    HookDelay {
        /// Seconds of the virtual clock.
        seconds: i64,
    },
    /// The webhook changes places with others that are posted at the same time.
    HookReorder {
        /// How many places it may move.
        window: u32,
    },
    /// The webhook is posted several times, under one GUID.
    HookDuplicate {
        /// How many times more.
        times: u32,
    },
    /// The webhook is signed wrongly.
    HookBadSignature {
        /// In which way.
        how: BadSignature,
    },
    /// The webhook is posted as a form.
    HookForm,
    /// Webhooks are posted without waiting for one another.
    HookSurge {
        /// How many at a time.
        at_a_time: u32,
    },
    /// The webhook is signed with the secret that was, as right after it was changed.
    SecretRotation {
        /// The secret that was.
        old_secret: String,
    },
}

/// How an answer says when to come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfter {
    /// `Retry-After` with a number of seconds.
    Seconds(u64),
    /// `Retry-After` with a date so many seconds from now.
    Date(i64),
    /// Not at all.
    None,
}

/// How a 304 is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EtagLie {
    /// 200 with the whole body, though nothing changed.
    NeverMatches,
    /// 304, though it did.
    AlwaysMatches,
}

/// How a signature is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadSignature {
    /// It is of another secret.
    WrongSecret,
    /// Only the old one with SHA-1 is there.
    Sha1Only,
    /// There is none.
    Missing,
    /// The body has another byte than the one that was signed.
    AlteredByte,
    /// Its digits are in upper case.
    UppercaseHex,
}

impl FaultKind {
    pub(super) fn is_of_hooks(&self) -> bool {
        matches!(
            self,
            Self::HookDrop { .. }
                | Self::HookDelay { .. }
                | Self::HookReorder { .. }
                | Self::HookDuplicate { .. }
                | Self::HookBadSignature { .. }
                | Self::HookForm
                | Self::HookSurge { .. }
                | Self::SecretRotation { .. }
        )
    }
}

//! Rollups: what builds that ended add up to, by day and by what they have in common.
//!
//! A commit leaves what it added and took away (`change`); from time to time the
//! writer folds that into the rollups (`fold`). Whoever reads takes both (`read`).
//! All of it is adding up, so that no order, repetition or correction makes a
//! difference, and a recount of the builds gives the same (`recount`).

mod change;
mod content;
mod default_branch;
mod fold;
mod key;
mod layout;
mod read;
mod recount;
mod scope;

pub(super) use change::leave;
pub(super) use default_branch::change_default_branch;
pub(super) use fold::fold;
#[cfg(test)]
pub(super) use fold::statement as fold_statement;
pub(super) use read::{at_most, read};
#[cfg(test)]
pub(super) use recount::There;
pub(super) use recount::{complete, recount};
pub(super) use scope::Scope;

use jiff::Timestamp;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// Half an hour: days of nearly all time zones start and end with one.
const SLOT: i64 = 1800 * SECOND;

/// The day that holds a time.
fn day(time: Timestamp) -> i32 {
    i32::try_from(time.as_microsecond().div_euclid(DAY)).unwrap_or(i32::MAX)
}

/// When a day starts, in microseconds.
fn start_of_day(day: i32) -> i64 {
    i64::from(day) * DAY
}

//! The commands that look at a running Lampboard from beside it, through the real binary.

#![expect(
    clippy::unwrap_used,
    reason = "in a test, whatever goes wrong is a failure"
)]

mod alerts;
mod backfill;
mod doctor;
mod machine;
mod running;
mod scripted;
mod support;

//! The webhook as GitHub meets it: requests in, answers out, reports to a server
//! that the test plays.

#![expect(
    clippy::unwrap_used,
    reason = "in a test, whatever goes wrong is a failure"
)]

mod answers;
mod config;
mod examples;
mod hostile;
mod limits;
mod normalize;
mod observe;
mod payloads;
mod runtime;
mod signatures;
mod support;

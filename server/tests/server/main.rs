//! The server through its API, in process: every service, and all that one port serves.

#![expect(
    clippy::unwrap_used,
    reason = "in a test, whatever goes wrong is a failure"
)]
#![expect(
    clippy::unnecessary_wraps,
    reason = "what fills an optional field of a message is made as it is set"
)]

mod admin;
mod alerts;
mod app;
mod backfills;
mod builds;
mod discovery;
mod grpc_web;
mod hidden;
mod http;
mod ingest;
mod limits;
mod metrics;
mod repositories;
mod room;
mod signatures;
mod support;
mod system;
mod watch;

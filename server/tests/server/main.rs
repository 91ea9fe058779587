//! The server through its API, in process: every service, and all that one port serves.

mod builds;
mod discovery;
mod grpc_web;
mod http;
mod ingest;
mod limits;
mod metrics;
mod repositories;
mod support;
mod watch;

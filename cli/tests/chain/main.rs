//! The whole chain, through the real binary: a signed webhook in, the board out.

#![expect(
    clippy::unwrap_used,
    reason = "in a test, whatever goes wrong is a failure"
)]

mod alerts;
mod apps;
mod backup;
mod examples;
mod full_disk;
mod hostile;
mod kill;
mod limits;
mod live;
mod migrate;
mod order;
mod outage;
mod ports;
mod recount;
mod servers;
mod settings;
mod support;
mod tls;

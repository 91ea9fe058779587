//! Everything behind Lampboard's API: it stores builds, measures them, finds them and streams them.
//!
//! It knows nothing of GitHub but its words: what GitHub says reaches it as
//! reports, through `IngestService`.

mod alerts;
mod api;
mod clock;
mod database;
mod error;
#[cfg(test)]
mod fixtures;
mod http;
mod ids;
mod live;
mod load;
mod model;
mod port;
mod purge;
mod requests;
mod retention;
mod server;
mod store;
mod web_ui;

pub use alerts::{
    AlertConfig, MailConfig, MailConfigError, MasterKey, MasterKeyError, OlderMail, OutboundConfig,
    OutboundConfigError,
};
pub use clock::Clock;
pub use database::Database;
pub use error::{Error, Result, Violation};
pub use port::{CallLimits, Hosts, Peer, PortConfig};
pub use retention::Retention;
pub use server::{Config, Server};
pub use store::{Migrated, Schema, migrate};

//! Alerts: how what is told of builds gets to people.
//!
//! `provider` hands one parcel to one channel; what that looks like is made by `slack`,
//! `email` and `webhook` of the same `model::Message`.

#![expect(dead_code, reason = "the parts come one after the other")]

mod config;
mod email;
#[cfg(test)]
mod examples;
mod links;
mod outbound;
mod provider;
mod seal;
mod slack;
mod webhook;
mod wording;

pub use config::AlertConfig;
pub use email::{MailConfig, MailConfigError, OlderMail};
pub use outbound::{OutboundConfig, OutboundConfigError};
pub use seal::{MasterKey, MasterKeyError};

//! Alerts: how what is told of builds gets to people.
//!
//! `provider` hands one parcel to one channel; what that looks like is made by `slack`,
//! `email` and `webhook` of the same `model::Message`.

mod config;
mod dispatch;
mod email;
#[cfg(test)]
mod examples;
mod links;
mod outbound;
mod provider;
mod readers;
mod seal;
mod slack;
mod webhook;
mod wording;
mod worker;

pub use config::AlertConfig;
pub(crate) use dispatch::Dispatch;
pub(crate) use email::{Leaver, Unavailable, Unsubscribe, is_address, unsubscribe_router};
pub use email::{MailConfig, MailConfigError, OlderMail};
pub(crate) use links::compare;
pub use outbound::{OutboundConfig, OutboundConfigError};
pub(crate) use provider::{Content, Parcel, Verdict};
pub use seal::{MasterKey, MasterKeyError};
pub(crate) use seal::{last_four, redacted};
pub(crate) use webhook::SigningSecret;
pub(crate) use worker::{Worker, recipient_outcome};

//! Everything of Lampboard that knows GitHub: takes its webhooks in, and reports
//! what they say.

pub mod clock;
mod config;
mod event;
mod normalize;
mod reporter;
mod signature;
mod webhook;

use std::sync::Arc;

use axum::Router;
use lampboard_proto::transport::Transport;

pub use crate::config::{Config, Error, Limits};
use crate::{reporter::Reporter, signature::Verifier, webhook::Receiver};

/// Tells the time, so that tests can say what time it is.
pub type Clock = fn() -> jiff::Timestamp;

/// The GitHub side of Lampboard: what GitHub sends goes in, and what it means
/// goes to the server.
#[derive(Clone)]
pub struct GithubApp {
    receiver: Arc<Receiver>,
}

impl GithubApp {
    /// Makes an app that reports over `transport`. Refuses a configuration that
    /// would let unsigned deliveries in.
    pub fn new(config: Config, transport: Transport, clock: Clock) -> Result<Self, Error> {
        let Config {
            webhook_secrets,
            write_key,
            limits,
        } = config;
        let verifier = Verifier::new(&webhook_secrets)?;
        let reporter = Reporter::new(transport, &write_key)?;
        let receiver = Receiver::new(verifier, reporter, limits, clock);
        Ok(Self {
            receiver: Arc::new(receiver),
        })
    }

    /// What GitHub may reach: the webhook, and nothing else.
    pub fn router(&self) -> Router {
        webhook::router(Arc::clone(&self.receiver))
    }
}

//! What the app must be told, and how much it takes on.

use std::time::Duration;

use secrecy::SecretString;

/// What the app must be told.
#[derive(Debug)]
pub struct Config {
    /// The secrets that deliveries may be signed with: one, or several while one
    /// replaces another.
    pub webhook_secrets: Vec<SecretString>,
    /// Lets the app report to the server.
    pub write_key: SecretString,
    /// How much the app takes on.
    pub limits: Limits,
}

/// How much the app takes on, of size and of time.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The bytes of one body. GitHub delivers none above 25 MB.
    pub body_size: usize,
    /// The bytes of all bodies that are held at one time.
    pub bodies_in_flight: usize,
    /// How long a body may take to come in. GitHub's are there at once; what is
    /// left of the answer's time is the server's.
    pub body_time: Duration,
    /// How long the server may take to record one report, within the answer's time.
    pub report_time: Duration,
    /// How long all of it may take, from the headers to the answer. GitHub hangs
    /// up after 10 seconds, the way there and back included, and what it did not
    /// get an answer to counts as failed.
    pub answer_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_size: 25 * 1024 * 1024,
            bodies_in_flight: 48 * 1024 * 1024,
            body_time: Duration::from_secs(6),
            report_time: Duration::from_secs(7),
            answer_time: Duration::from_secs(8),
        }
    }
}

/// Why the app can not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Without a secret, anybody could report builds.
    #[error(
        "no webhook secret: make one with `openssl rand -hex 32` and set it both here and in the \
         webhook settings of the GitHub App"
    )]
    NoWebhookSecret,
    /// An empty secret is one that anybody knows.
    #[error("a webhook secret is empty: make one with `openssl rand -hex 32`")]
    EmptyWebhookSecret,
    /// The key travels as a header.
    #[error("the write key must be visible ASCII characters, and at least one of them")]
    UnusableWriteKey,
}

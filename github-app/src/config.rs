//! What the app must be told, and how much it takes on.

use std::time::Duration;

use secrecy::SecretString;

use crate::{
    Credentials, CredentialsError, SetupConfig, github::ConnectionError, patterns::Patterns,
};

/// What the app must be told.
#[derive(Debug)]
pub struct Config {
    /// Names this process among others that run on the same server: no two of them
    /// may have the same name at a time.
    pub holder: String,
    /// Who the app is to GitHub.
    pub identity: IdentityConfig,
    /// Lets the app report to the server.
    pub write_key: SecretString,
    /// How much the app takes on.
    pub limits: Limits,
    /// How it repairs what webhooks missed.
    pub reconcile: Reconcile,
    /// Certificates, as PEM, that GitHub's may be signed with beside those that the
    /// machine trusts.
    pub ca_certificates: Option<Vec<u8>>,
}

/// Who the app is to GitHub, or how it is to find out.
#[derive(Debug)]
pub enum IdentityConfig {
    /// Somebody who is sent webhooks, and can ask nothing: these are the secrets
    /// that they may be signed with, several while one replaces another.
    Webhooks(Vec<SecretString>),
    /// This App, with its key.
    App(Box<Credentials>),
    /// Whoever set-up made: the App whose credentials are kept, or the one that
    /// somebody will make.
    Setup(Box<SetupConfig>),
}

/// How the app repairs what webhooks missed.
#[derive(Debug, Clone)]
pub struct Reconcile {
    /// From one round to the next.
    pub interval: Duration,
    /// By how much, at most, a round is put off, so that many servers do not ask
    /// at the same second.
    pub jitter: Duration,
    /// The repositories that are looked at.
    pub repositories: Patterns,
    /// How far back the history of a new repository is loaded. Unset: not at all.
    pub history: Option<Duration>,
}

impl Default for Reconcile {
    fn default() -> Self {
        Self {
            interval: Duration::from_mins(1),
            jitter: Duration::from_secs(10),
            repositories: Patterns::default(),
            history: Some(Duration::from_hours(30 * 24)),
        }
    }
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
    /// GitHub is found by addresses.
    #[error("{0:?} is not an address like https://github.com")]
    NotAnAddress(String),
    /// What set-up kept can not be used.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// GitHub can not be spoken to as the settings say.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
}

//! Who the app is to GitHub.

use crate::{Error, config::IdentityConfig, signature::Verifier};

/// Who the app is to GitHub.
pub(crate) struct Identity {
    /// Knows what signs webhooks. None if none are sent.
    pub(crate) verifier: Option<Verifier>,
    /// The App's id, if it is known.
    pub(crate) app_id: Option<i64>,
}

impl Identity {
    /// Makes what the settings say, if they say anything.
    pub(crate) fn new(config: &IdentityConfig) -> Result<Self, Error> {
        match config {
            IdentityConfig::Webhooks(secrets) => Ok(Self {
                verifier: Some(Verifier::new(secrets)?),
                app_id: None,
            }),
        }
    }
}

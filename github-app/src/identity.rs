//! Who the app is to GitHub.

use std::sync::Arc;

use lampboard_proto::v1::AppMode;
use url::Url;

use crate::{
    Credentials, Error,
    clock::Clock,
    github::{Connection, GitHub},
    signature::Verifier,
};
use secrecy::SecretString;

/// Who the app is to GitHub.
#[derive(Default)]
pub(crate) struct Identity {
    /// Knows what signs webhooks. None if none are sent.
    pub(crate) verifier: Option<Verifier>,
    /// Asks GitHub. None if there is no key to ask with.
    pub(crate) github: Option<GitHub>,
    /// The App's id, if it is known.
    pub(crate) app_id: Option<i64>,
    /// The name in the App's address. Empty if it is not known.
    pub(crate) slug: String,
    /// The App's page. Empty if it is not known.
    pub(crate) html_url: String,
    /// Where webhooks are to come, if that is known.
    pub(crate) public_url: Option<String>,
    polling: bool,
}

impl Identity {
    /// Somebody who is sent webhooks and can ask nothing.
    pub(crate) fn of_webhooks(secrets: &[SecretString]) -> Result<Self, Error> {
        Ok(Self {
            verifier: Some(Verifier::new(secrets)?),
            ..Self::default()
        })
    }

    /// An App with its key.
    pub(crate) fn of_app(
        credentials: &Credentials,
        ca_certificates: Option<Vec<u8>>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let verifier = if credentials.polling && credentials.webhook_secrets.is_empty() {
            None
        } else {
            Some(Verifier::new(&credentials.webhook_secrets)?)
        };
        let connection = Connection {
            web_url: address(&credentials.web_url)?,
            api_url: address(&credentials.api_url)?,
            ca_certificates,
            app_id: credentials.app_id,
            client_id: credentials.client_id.clone(),
            private_key: credentials.private_key.clone(),
        };
        Ok(Self {
            verifier,
            github: Some(GitHub::new(connection, clock)?),
            app_id: Some(credentials.app_id),
            slug: credentials.slug.clone(),
            html_url: credentials.html_url.clone(),
            public_url: credentials.public_url.clone(),
            polling: credentials.polling,
        })
    }

    /// How the app learns of builds.
    pub(crate) fn mode(&self) -> AppMode {
        match (&self.github, self.polling) {
            (None, _) => AppMode::Webhooks,
            (Some(_), false) => AppMode::Connected,
            (Some(_), true) => AppMode::Polling,
        }
    }
}

fn address(text: &str) -> Result<Url, Error> {
    Url::parse(text).map_err(|_| Error::NotAnAddress(text.to_owned()))
}

//! What alerts need to know from the settings.

use url::Url;

use super::{email::MailConfig, outbound::OutboundConfig, seal::MasterKey};

/// How alerts are sent.
#[derive(Debug)]
pub struct AlertConfig {
    /// Where people open the UI, for the links in messages.
    pub public_url: Url,
    /// What secrets are sealed with, the current one first. Without one, no channel can have a
    /// secret.
    pub master_keys: Vec<MasterKey>,
    /// How e-mail is sent, if it is.
    pub mail: Option<MailConfig>,
    /// Which hosts are reached.
    pub outbound: OutboundConfig,
    /// The path of a page that shows what was sent, if there is one.
    pub outbox: Option<String>,
}

impl AlertConfig {
    /// Sends nothing that needs a secret or a mail server.
    pub fn new(public_url: Url) -> Self {
        Self {
            public_url,
            master_keys: Vec::new(),
            mail: None,
            outbound: OutboundConfig::default(),
            outbox: None,
        }
    }
}

//! All that alerts are sent with: who opens secrets, who talks to providers, who waits for work.

use std::sync::Arc;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Notify;

use super::{
    AlertConfig,
    email::{self, Mailer, Tokens},
    links::Links,
    provider::{ChannelFault, Content, Handed, Parcel, Providers, Target},
    seal::{Place, Sealer},
    slack,
    webhook::{self, SigningSecret},
};
use crate::{
    Clock, Error, Result,
    model::{ChannelAddress, ChannelSecret},
    store::Seal,
};

/// What alerts are sent with.
pub(crate) struct Dispatch {
    pub(crate) providers: Providers,
    pub(crate) links: Links,
    /// The path of a page that shows what was sent. Empty if there is none.
    pub(crate) outbox: String,
    mailer: Option<Mailer>,
    tokens: Tokens,
    sealer: Sealer,
    clock: Clock,
    /// Told when alerts were raised, or a channel was seen to.
    pub(super) wake: Notify,
}

/// What a message looks like, in each format.
pub(crate) struct Previews {
    pub(crate) slack: String,
    pub(crate) email: email::Preview,
    pub(crate) webhook: String,
}

impl Dispatch {
    /// Gets ready; connects to nothing.
    pub(crate) fn new(config: AlertConfig, clock: Clock) -> Result<Self> {
        let refused = |error: &dyn std::fmt::Display| Error::Config(error.to_string());
        let providers = Providers::new(&config).map_err(|error| refused(&error))?;
        let mut keys = config.master_keys.iter().map(super::MasterKey::bytes);
        let current = keys.next().map_or(&[][..], |key| &key[..]);
        let tokens = Tokens::new(current, keys.map(|key| &key[..]));
        let mailer = match config.mail {
            // Without a key anybody could sign what unsubscribes.
            Some(_) if config.master_keys.is_empty() => return Err(refused(&NO_KEY)),
            Some(mail) => {
                let mailer = Mailer::new(mail, tokens.clone(), clock.clone());
                Some(mailer.map_err(|error| refused(&error))?)
            }
            None => None,
        };
        Ok(Self {
            providers,
            links: Links::new(config.public_url),
            outbox: config.outbox.unwrap_or_default(),
            mailer,
            tokens,
            sealer: Sealer::new(config.master_keys),
            clock,
            wake: Notify::new(),
        })
    }

    /// Has whoever sends look at once.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// What signs the links by which readers unsubscribe.
    pub(crate) fn tokens(&self) -> Tokens {
        self.tokens.clone()
    }

    /// Whether secrets can be sealed and opened.
    pub(crate) fn has_key(&self) -> bool {
        !self.sealer.is_empty()
    }

    /// Whether e-mail can be sent.
    pub(crate) fn has_mail(&self) -> bool {
        self.mailer.is_some()
    }

    /// Makes a secret for a webhook.
    pub(crate) fn signing_secret() -> Result<SecretString> {
        SigningSecret::make().map_err(|error| Error::Config(error.to_string()))
    }

    /// Seals a secret for the channel that it will be of.
    pub(crate) fn seal(self: &Arc<Self>, secret: ChannelSecret) -> Result<Seal> {
        if self.sealer.is_empty() {
            return Err(Error::Precondition(NO_KEY));
        }
        let dispatch = Arc::clone(self);
        Ok(Box::new(move |id| {
            let failed = |error: &dyn std::fmt::Display| Error::Config(error.to_string());
            let json = serde_json::to_string(&secret).map_err(|error| failed(&error))?;
            let sealed = dispatch.sealer.seal(place(id), &SecretString::from(json));
            sealed.map_err(|error| failed(&error))
        }))
    }

    /// Opens the secret of a channel.
    pub(crate) fn open(&self, channel: &str, sealed: &[u8]) -> Result<ChannelSecret, String> {
        let opened = self.sealer.open(place(channel), sealed);
        let json = opened.map_err(|error| {
            format!("its secret can not be opened: {error}; set it again, or bring the key back")
        })?;
        serde_json::from_str(json.expose_secret())
            .map_err(|_| "its secret can not be read: set it again".to_owned())
    }

    /// How a channel is reached. `addresses` are those of an e-mail that are still to get it.
    pub(crate) fn target(
        &self,
        channel: &str,
        address: &ChannelAddress,
        sealed: Option<&[u8]>,
        addresses: Vec<String>,
    ) -> Result<Target, String> {
        if matches!(address, ChannelAddress::Email { .. }) {
            return Ok(Target::Email { addresses });
        }
        let sealed = sealed.ok_or("it has no secret: set it again")?;
        Ok(match (self.open(channel, sealed)?, address) {
            (ChannelSecret::SlackWebhook { url }, _) => Target::SlackWebhook { url: url.into() },
            (ChannelSecret::SlackBot { token }, ChannelAddress::SlackBot { slack_channel, .. }) => {
                Target::SlackBot {
                    token: token.into(),
                    slack_channel: slack_channel.clone(),
                }
            }
            (ChannelSecret::Webhook { url, secret }, _) => Target::Webhook {
                url: url.into(),
                secret: secret.into(),
            },
            (ChannelSecret::SlackBot { .. }, _) => {
                return Err("its secret is of another kind: set it again".to_owned());
            }
        })
    }

    /// Hands a parcel to a channel, once. With many readers, no further one gets it as soon as
    /// `stops` says so.
    pub(crate) async fn hand(
        &self,
        target: &Target,
        parcel: &Parcel,
        stops: &(dyn Fn() -> bool + Sync),
    ) -> Handed {
        match (target, &self.mailer) {
            (Target::Email { addresses }, Some(mailer)) => {
                mailer.hand(parcel, addresses, &self.links, stops).await
            }
            (Target::Email { .. }, None) => Handed::refused(NO_MAIL, ChannelFault::Gone),
            _ => {
                let now = self.clock.now();
                self.providers.hand(target, parcel, &self.links, now).await
            }
        }
    }

    /// Shows what a content would look like.
    pub(crate) fn previews(&self, content: Content, now: Timestamp) -> Previews {
        let parcel = Parcel {
            id: "00000000-0000-0000-0000-000000000000".to_owned(),
            channel: String::new(),
            content,
            thread: None,
            possible_repeat: false,
        };
        Previews {
            slack: slack::preview(&parcel, &self.links),
            email: email::preview(&parcel.content, &self.links),
            webhook: webhook::preview(&parcel, &self.links, now),
        }
    }
}

const NO_KEY: &str = "secrets can not be kept: set LAMPBOARD_MASTER_KEY; \
     `openssl rand -base64 32` makes one";
const NO_MAIL: &str = "e-mail is not set up: set LAMPBOARD_SMTP_URL and LAMPBOARD_MAIL_FROM";

fn place(channel: &str) -> Place<'_> {
    Place {
        table: "alert_channel",
        column: "secret",
        row: channel,
    }
}

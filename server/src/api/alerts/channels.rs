//! Channels.

use lampboard_proto::v1;
use secrecy::{ExposeSecret as _, SecretString};

use super::{
    super::{
        convert::{self, Check, SetChannel, SetTarget},
        etag, page_token,
    },
    Alerts, overlay,
    rules::{DEFAULT_PAGE, LARGEST_PAGE, named, page},
};
use crate::{
    Error, Result,
    alerts::{self, Content, Dispatch, Parcel, SigningSecret, Verdict, recipient_outcome},
    ids::Ids,
    model::{AlertChannel, ChannelAddress, ChannelContent, ChannelSecret, RecipientState},
};

/// How a channel is reached from now on.
struct Reach {
    address: ChannelAddress,
    /// What is to be sealed, unless the secret stays as it is.
    secret: Option<ChannelSecret>,
    /// What was made now and is to be told once.
    made: Option<SecretString>,
}

impl Alerts {
    pub(super) async fn create_alert_channel(
        &self,
        request: v1::CreateAlertChannelRequest,
    ) -> Result<v1::CreateAlertChannelResponse> {
        let channel = request.channel.unwrap_or_default();
        let set = Check::run(|check| convert::channel(check, channel))?;
        let reach = self.reach(&set.target, None).await?;
        let content = content(set, reach.address);
        let seal = reach
            .secret
            .map(|secret| self.dispatch.seal(secret))
            .transpose()?;
        let channel = self.store.create_alert_channel(content, seal).await?;
        let made = reach.made.map(|made| made.expose_secret().to_owned());
        Ok(v1::CreateAlertChannelResponse {
            channel: Some(convert::channel_to_proto(&channel)),
            webhook_secret: made.unwrap_or_default(),
        })
    }

    pub(super) async fn get_alert_channel(
        &self,
        request: v1::GetAlertChannelRequest,
    ) -> Result<v1::GetAlertChannelResponse> {
        let channel = self.channel(&request.id).await?;
        Ok(v1::GetAlertChannelResponse {
            channel: Some(convert::channel_to_proto(&channel)),
        })
    }

    pub(super) async fn list_alert_channels(
        &self,
        mut request: v1::ListAlertChannelsRequest,
    ) -> Result<v1::ListAlertChannelsResponse> {
        let size = page_token::page_size(request.page_size, DEFAULT_PAGE, LARGEST_PAGE)?;
        let token = std::mem::take(&mut request.page_token);
        let same = v1::ListAlertChannelsRequest {
            page_size: 0,
            ..request
        };
        let after = page_token::decode(&same, &token)?;
        let position = |it: &AlertChannel| named(&it.content.display_name, &it.id);
        let (channels, next) = page(self.store.alert_channels().await?, size, after, position);
        Ok(v1::ListAlertChannelsResponse {
            channels: channels.iter().map(convert::channel_to_proto).collect(),
            next_page_token: next
                .map(|at| page_token::encode(&same, &at))
                .unwrap_or_default(),
            outbox_path: self.dispatch.outbox.clone(),
        })
    }

    pub(super) async fn update_alert_channel(
        &self,
        request: v1::UpdateAlertChannelRequest,
    ) -> Result<v1::UpdateAlertChannelResponse> {
        let asked = request.channel.unwrap_or_default();
        let version = etag::read("channel.etag", &asked.etag)?;
        let stored = self.channel(&asked.id).await?;
        // What the mask leaves is of the channel that was read: no other one may be written.
        let version = version.or(Some(stored.version));
        let proto = convert::channel_to_proto(&stored);
        let laid = overlay::channel(proto, &asked, request.update_mask)?;
        let set = Check::run(|check| convert::channel(check, laid))?;
        let reach = self.reach(&set.target, Some(&stored)).await?;
        let content = content(set, reach.address);
        let seal = reach
            .secret
            .map(|secret| self.dispatch.seal(secret))
            .transpose()?;
        let updating = self
            .store
            .update_alert_channel(stored.id, version, content, seal);
        let channel = updating.await?;
        self.dispatch.wake();
        Ok(v1::UpdateAlertChannelResponse {
            channel: Some(convert::channel_to_proto(&channel)),
        })
    }

    pub(super) async fn delete_alert_channel(
        &self,
        request: v1::DeleteAlertChannelRequest,
    ) -> Result<v1::DeleteAlertChannelResponse> {
        let version = etag::read("etag", &request.etag)?;
        self.store.delete_alert_channel(request.id, version).await?;
        Ok(v1::DeleteAlertChannelResponse {})
    }

    pub(super) async fn test_alert_channel(
        &self,
        request: v1::TestAlertChannelRequest,
    ) -> Result<v1::TestAlertChannelResponse> {
        let channel = self.channel(&request.id).await?;
        let sealed = self.store.channel_secret(&channel.id).await?;
        let address = &channel.content.address;
        let addresses = match address {
            ChannelAddress::Email { addresses } => {
                let wants = |address: &&String| !channel.has_unsubscribed(address);
                let readers: Vec<String> = addresses.iter().filter(wants).cloned().collect();
                if readers.is_empty() {
                    return Ok(v1::TestAlertChannelResponse {
                        error: "all of its readers have unsubscribed".to_owned(),
                        ..v1::TestAlertChannelResponse::default()
                    });
                }
                readers
            }
            _ => Vec::new(),
        };
        let target = self
            .dispatch
            .target(&channel.id, address, sealed.as_deref(), addresses);
        let target = match target {
            Ok(target) => target,
            Err(error) => {
                return Ok(v1::TestAlertChannelResponse {
                    error,
                    ..v1::TestAlertChannelResponse::default()
                });
            }
        };
        let parcel = Parcel {
            // It is in no outbox.
            id: Ids::at(self.clock.now()).next()?,
            channel: channel.id.clone(),
            content: Content::Test {
                display_name: channel.content.display_name.clone(),
            },
            thread: None,
            possible_repeat: false,
        };
        let handed = self.dispatch.hand(&target, &parcel, &|| false).await;
        let recipients: Vec<_> = handed
            .recipients
            .into_iter()
            .map(recipient_outcome)
            .collect();
        let all = recipients.iter().all(|it| it.state == RecipientState::Sent);
        let accepted = handed.verdict == Verdict::Sent && all;
        // The channel works if anybody got it: who was refused before and got it is taken in.
        if handed.verdict == Verdict::Sent {
            let took = recipients
                .iter()
                .filter(|it| it.state == RecipientState::Sent);
            let took: Vec<String> = took.map(|it| it.address.clone()).collect();
            if !took.is_empty() && !channel.left_out.is_empty() {
                self.store.take_in(channel.id.clone(), took).await?;
            }
            if channel.pause.is_some() {
                self.store.end_pause(channel.id).await?;
                self.dispatch.wake();
            }
        }
        Ok(v1::TestAlertChannelResponse {
            accepted,
            answer: handed.answer,
            error: match handed.verdict {
                Verdict::Sent => String::new(),
                Verdict::Later { error, .. } | Verdict::Refused { error, .. } => error,
            },
            recipients: recipients
                .iter()
                .map(convert::alert_recipient_to_proto)
                .collect(),
        })
    }

    async fn channel(&self, id: &str) -> Result<AlertChannel> {
        let channel = self.store.alert_channel(id).await?;
        channel.ok_or(Error::NotFound("channel"))
    }

    /// How a channel is reached that is set so, by what it has so far.
    async fn reach(&self, set: &SetTarget, stored: Option<&AlertChannel>) -> Result<Reach> {
        match set {
            SetTarget::SlackWebhook { url } => {
                let Some(url) = url else {
                    return kept(stored, "channel.slack_webhook.url");
                };
                let checked = self
                    .dispatch
                    .providers
                    .check_slack_webhook(url.expose_secret());
                checked.map_err(|error| refused("channel.slack_webhook.url", &error))?;
                Ok(Reach {
                    address: ChannelAddress::SlackWebhook {
                        redacted_url: alerts::redacted(url),
                    },
                    secret: Some(ChannelSecret::SlackWebhook { url: text(url) }),
                    made: None,
                })
            }
            SetTarget::SlackBot {
                token,
                slack_channel,
            } => Self::reach_bot(token.as_ref(), slack_channel.clone(), stored),
            SetTarget::Email { addresses } => self.reach_mail(addresses),
            SetTarget::Webhook { url, secret } => {
                self.reach_webhook((url.as_ref(), secret.as_ref()), stored)
                    .await
            }
        }
    }

    fn reach_bot(
        token: Option<&SecretString>,
        slack_channel: String,
        stored: Option<&AlertChannel>,
    ) -> Result<Reach> {
        const FIELD: &str = "channel.slack_bot.token";
        let redacted_token = match (token, stored.map(|it| &it.content.address)) {
            (Some(token), _) if !token.expose_secret().starts_with("xoxb-") => {
                return Err(refused(
                    FIELD,
                    &"must be a bot's token, which begins with xoxb-",
                ));
            }
            (Some(token), _) => alerts::last_four(token),
            (None, Some(ChannelAddress::SlackBot { redacted_token, .. })) => redacted_token.clone(),
            (None, _) => return Err(refused(FIELD, &"must not be empty")),
        };
        Ok(Reach {
            address: ChannelAddress::SlackBot {
                redacted_token,
                slack_channel,
            },
            secret: token.map(|token| ChannelSecret::SlackBot { token: text(token) }),
            made: None,
        })
    }

    fn reach_mail(&self, addresses: &[String]) -> Result<Reach> {
        if !self.dispatch.has_mail() {
            return Err(Error::Precondition(
                "e-mail is not set up: set LAMPBOARD_SMTP_URL and LAMPBOARD_MAIL_FROM",
            ));
        }
        let mut each: Vec<String> = Vec::new();
        for (place, address) in addresses.iter().enumerate() {
            if !alerts::is_address(address) {
                let field = format!("channel.email.addresses[{place}]");
                return Err(Error::invalid(
                    field,
                    "must be an address, such as ada@acme.example",
                ));
            }
            if !each.iter().any(|known| known.eq_ignore_ascii_case(address)) {
                each.push(address.clone());
            }
        }
        Ok(Reach {
            address: ChannelAddress::Email { addresses: each },
            secret: None,
            made: None,
        })
    }

    async fn reach_webhook(
        &self,
        (url, secret): (Option<&SecretString>, Option<&SecretString>),
        stored: Option<&AlertChannel>,
    ) -> Result<Reach> {
        const URL: &str = "channel.webhook.url";
        const SECRET: &str = "channel.webhook.secret";
        let is_webhook =
            |it: &&AlertChannel| matches!(it.content.address, ChannelAddress::Webhook { .. });
        let stored = stored.filter(is_webhook);
        if url.is_none() && secret.is_none() && stored.is_some() {
            return kept(stored, URL);
        }
        let before = match stored {
            Some(channel) => match self.store.channel_secret(&channel.id).await? {
                Some(sealed) => self.dispatch.open(&channel.id, &sealed).ok(),
                None => None,
            },
            None => None,
        };
        let (url_before, secret_before) = match before {
            Some(ChannelSecret::Webhook { url, secret }) => (Some(url), Some(secret)),
            _ => (None, None),
        };
        let new_url = url.map(text).or(url_before);
        let new_url = new_url.ok_or_else(|| match stored {
            Some(_) => refused(URL, &LOST),
            None => refused(URL, &"must not be empty"),
        })?;
        if url.is_some() {
            let checked = self.dispatch.providers.check_webhook(&new_url);
            checked.map_err(|error| refused(URL, &error))?;
        }
        if let Some(secret) = secret {
            let parsed = SigningSecret::parse(secret.expose_secret());
            parsed.map_err(|error| refused(SECRET, &error))?;
        }
        let mut made = None;
        let new_secret = match secret.map(text).or(secret_before) {
            Some(secret) => secret,
            // A new one would be told to nobody.
            None if stored.is_some() => return Err(refused(SECRET, &LOST)),
            None => text(made.insert(Dispatch::signing_secret()?)),
        };
        Ok(Reach {
            address: ChannelAddress::Webhook {
                redacted_url: alerts::redacted(&new_url.clone().into()),
                redacted_secret: alerts::last_four(&new_secret.clone().into()),
            },
            secret: Some(ChannelSecret::Webhook {
                url: new_url,
                secret: new_secret,
            }),
            made,
        })
    }
}

/// What is said of a secret that is not set, of a channel with one that can not be opened.
const LOST: &str = "must be set: the one that is kept can not be opened";

fn content(set: SetChannel, address: ChannelAddress) -> ChannelContent {
    ChannelContent {
        display_name: set.display_name,
        address,
        disabled: set.disabled,
        holds: set.holds,
    }
}

/// What stays as it is.
fn kept(stored: Option<&AlertChannel>, field: &str) -> Result<Reach> {
    let stored = stored.ok_or_else(|| refused(field, &"must not be empty"))?;
    Ok(Reach {
        address: stored.content.address.clone(),
        secret: None,
        made: None,
    })
}

fn refused(field: &str, problem: &dyn std::fmt::Display) -> Error {
    Error::invalid(field, problem.to_string())
}

fn text(secret: &SecretString) -> String {
    secret.expose_secret().to_owned()
}

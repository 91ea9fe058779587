//! Alert channels.

use lampboard_proto::v1::{self, alert_channel};
use secrecy::{ExposeSecret as _, SecretString};

use super::{Check, build::LONGEST_URL, rule::display_name, time::timestamp_to_proto};
use crate::{
    api::etag,
    model::{AlertChannel, ChannelAddress, ChannelContent, LeftOut},
};

const MOST_ADDRESSES: usize = 50;
const LONGEST_ADDRESS: usize = 254;
const LONGEST_ID: usize = 100;
const LONGEST_TOKEN: usize = 500;

/// What somebody sets of a channel.
pub(in crate::api) struct SetChannel {
    pub(in crate::api) display_name: String,
    pub(in crate::api) target: SetTarget,
    pub(in crate::api) disabled: bool,
    pub(in crate::api) holds: bool,
}

/// How a channel is to be reached. What is secret is unset if it stays as it is.
pub(in crate::api) enum SetTarget {
    SlackWebhook {
        url: Option<SecretString>,
    },
    SlackBot {
        token: Option<SecretString>,
        slack_channel: String,
    },
    Email {
        addresses: Vec<String>,
    },
    Webhook {
        url: Option<SecretString>,
        secret: Option<SecretString>,
    },
}

/// Reads what somebody sets of a channel.
pub(in crate::api) fn channel(check: &mut Check, channel: v1::AlertChannel) -> SetChannel {
    check.within("channel", |check| SetChannel {
        display_name: display_name(check, &channel.display_name),
        target: target(check, channel.target),
        disabled: channel.disabled,
        holds: holds(check, channel.repeat_policy),
    })
}

fn holds(check: &mut Check, policy: i32) -> bool {
    let policy = v1::AlertRepeatPolicy::try_from(policy);
    if policy.is_err() {
        check.refuse("repeat_policy", "must be repeat or hold");
    }
    policy == Ok(v1::AlertRepeatPolicy::Hold)
}

fn target(check: &mut Check, target: Option<alert_channel::Target>) -> SetTarget {
    use alert_channel::Target;
    match target {
        Some(Target::SlackWebhook(slack)) => check.within("slack_webhook", |check| {
            let url = secret(check, "url", slack.url, LONGEST_URL);
            SetTarget::SlackWebhook { url }
        }),
        Some(Target::SlackBot(slack)) => check.within("slack_bot", |check| {
            let id = check.text("slack_channel", slack.slack_channel, LONGEST_ID);
            let is_id = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
            if id.is_empty() || !id.chars().all(is_id) {
                let problem = "must be the id of a Slack channel, such as C0123456789";
                check.refuse("slack_channel", problem);
            }
            SetTarget::SlackBot {
                token: secret(check, "token", slack.token, LONGEST_TOKEN),
                slack_channel: id,
            }
        }),
        Some(Target::Email(email)) => check.within("email", |check| {
            if email.addresses.is_empty() {
                check.refuse("addresses", "must not be empty");
            }
            let addresses = email.addresses;
            let addresses = check.each("addresses", addresses, MOST_ADDRESSES, |check, text| {
                check.text("", text.trim().to_owned(), LONGEST_ADDRESS)
            });
            SetTarget::Email { addresses }
        }),
        Some(Target::Webhook(webhook)) => check.within("webhook", |check| SetTarget::Webhook {
            url: secret(check, "url", webhook.url, LONGEST_URL),
            secret: secret(check, "secret", webhook.secret, LONGEST_TOKEN),
        }),
        None => {
            check.refuse("target", "must be set");
            let addresses = Vec::new();
            SetTarget::Email { addresses }
        }
    }
}

fn secret(check: &mut Check, field: &str, text: String, most: usize) -> Option<SecretString> {
    let text = SecretString::from(text);
    let exposed = text.expose_secret();
    if exposed.chars().count() > most || exposed.contains('\0') {
        check.refuse(
            field,
            format!("must have at most {most} characters, none of them NUL"),
        );
    }
    (!exposed.is_empty()).then_some(text)
}

/// Writes a channel.
pub(in crate::api) fn channel_to_proto(channel: &AlertChannel) -> v1::AlertChannel {
    let content = &channel.content;
    v1::AlertChannel {
        id: channel.id.clone(),
        display_name: content.display_name.clone(),
        target: Some(target_to_proto(content, &channel.left_out)),
        disabled: content.disabled,
        repeat_policy: if content.holds {
            v1::AlertRepeatPolicy::Hold.into()
        } else {
            v1::AlertRepeatPolicy::Repeat.into()
        },
        pause: channel.pause.as_ref().map(|pause| v1::AlertChannelPause {
            reason: pause.reason.clone(),
            start_time: Some(timestamp_to_proto(pause.start_time)),
            end_time: pause.end_time.map(timestamp_to_proto),
        }),
        pending_count: channel.pending_count,
        create_time: Some(timestamp_to_proto(channel.create_time)),
        update_time: Some(timestamp_to_proto(channel.update_time)),
        etag: etag::write(channel.version),
    }
}

fn target_to_proto(content: &ChannelContent, left_out: &[LeftOut]) -> alert_channel::Target {
    use alert_channel::Target;
    match content.address.clone() {
        ChannelAddress::SlackWebhook { redacted_url } => {
            Target::SlackWebhook(v1::SlackWebhookTarget {
                redacted_url,
                ..Default::default()
            })
        }
        ChannelAddress::SlackBot {
            redacted_token,
            slack_channel,
        } => Target::SlackBot(v1::SlackBotTarget {
            redacted_token,
            slack_channel,
            ..Default::default()
        }),
        ChannelAddress::Email { addresses } => {
            let recipient = |address: &String| recipient_to_proto(address, left_out);
            let recipients = addresses.iter().map(recipient).collect();
            Target::Email(v1::EmailTarget {
                addresses,
                recipients,
            })
        }
        ChannelAddress::Webhook {
            redacted_url,
            redacted_secret,
        } => Target::Webhook(v1::WebhookTarget {
            redacted_url,
            redacted_secret,
            ..Default::default()
        }),
    }
}

fn recipient_to_proto(address: &str, left_out: &[LeftOut]) -> v1::EmailRecipient {
    use v1::EmailRecipientState as State;
    let out = left_out.iter().find(|out| out.address == address);
    let state = match out {
        None => State::Active,
        Some(out) if out.unsubscribed => State::Unsubscribed,
        Some(_) => State::Refused,
    };
    v1::EmailRecipient {
        address: address.to_owned(),
        state: state.into(),
        answer: out.map(|out| out.answer.clone()).unwrap_or_default(),
        update_time: out.map(|out| timestamp_to_proto(out.update_time)),
    }
}

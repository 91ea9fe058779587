//! Update masks: which fields of what is stored are replaced by those of a request.

use std::mem::discriminant;

use lampboard_proto::v1::{self, alert_channel::Target, alert_rule};
use prost_types::FieldMask;

use crate::{Error, Result};

/// The names of the triggers of a rule, of which it has one.
const TRIGGERS: [&str; 5] = ["failure", "change", "stays_red", "duration", "queue"];
/// The names of the targets of a channel, of which it has one.
const TARGETS: [&str; 4] = ["slack_webhook", "slack_bot", "email", "webhook"];

/// Lays what a request says of a rule over what is stored.
pub(super) fn rule(
    stored: v1::AlertRule,
    asked: &v1::AlertRule,
    mask: Option<FieldMask>,
) -> Result<v1::AlertRule> {
    let mut rule = stored;
    let fields = fields(mask, || rule_fields(asked));
    for field in fields {
        match field.as_str() {
            "display_name" => rule.display_name.clone_from(&asked.display_name),
            "filter" => rule.filter.clone_from(&asked.filter),
            "channel_ids" => rule.channel_ids.clone_from(&asked.channel_ids),
            "quiet_hours" => rule.quiet_hours.clone_from(&asked.quiet_hours),
            "max_per_hour" => rule.max_per_hour = asked.max_per_hour,
            "disabled" => rule.disabled = asked.disabled,
            trigger if TRIGGERS.contains(&trigger) => {
                let has_it = asked.trigger.as_ref().map(trigger_name) == Some(trigger);
                rule.trigger = asked.trigger.filter(|_| has_it);
            }
            _ => return Err(unknown(&field)),
        }
    }
    Ok(rule)
}

/// Lays what a request says of a channel over what is stored. A secret that it does not say
/// stays as it is.
pub(super) fn channel(
    stored: v1::AlertChannel,
    asked: &v1::AlertChannel,
    mask: Option<FieldMask>,
) -> Result<v1::AlertChannel> {
    let mut channel = stored;
    let fields = fields(mask, || channel_fields(asked));
    for field in fields {
        let (first, rest) = field.split_once('.').unwrap_or((&field, ""));
        match first {
            "display_name" => channel.display_name.clone_from(&asked.display_name),
            "disabled" => channel.disabled = asked.disabled,
            "repeat_policy" => channel.repeat_policy = asked.repeat_policy,
            target if TARGETS.contains(&target) => {
                let has_it = asked.target.as_ref().map(target_name) == Some(target);
                let target = asked.target.clone().filter(|_| has_it);
                channel.target = Some(lay(channel.target.take(), target, &field, rest)?);
            }
            _ => return Err(unknown(&field)),
        }
    }
    Ok(channel)
}

/// Which fields are replaced: what the mask says, or what is set.
fn fields(mask: Option<FieldMask>, set: impl FnOnce() -> Vec<&'static str>) -> Vec<String> {
    match mask {
        Some(mask) if !mask.paths.is_empty() => mask.paths,
        _ => set().into_iter().map(str::to_owned).collect(),
    }
}

fn rule_fields(asked: &v1::AlertRule) -> Vec<&'static str> {
    let set = [
        ("display_name", !asked.display_name.is_empty()),
        ("filter", asked.filter.is_some()),
        ("channel_ids", !asked.channel_ids.is_empty()),
        ("quiet_hours", asked.quiet_hours.is_some()),
        ("max_per_hour", asked.max_per_hour != 0),
        ("disabled", asked.disabled),
    ];
    let trigger = asked.trigger.as_ref().map(trigger_name);
    let set = set.into_iter().filter(|(_, is_set)| *is_set);
    set.map(|(field, _)| field).chain(trigger).collect()
}

fn channel_fields(asked: &v1::AlertChannel) -> Vec<&'static str> {
    let set = [
        ("display_name", !asked.display_name.is_empty()),
        ("disabled", asked.disabled),
        ("repeat_policy", asked.repeat_policy != 0),
    ];
    let target = asked.target.as_ref().map(target_name);
    let set = set.into_iter().filter(|(_, is_set)| *is_set);
    set.map(|(field, _)| field).chain(target).collect()
}

fn target_name(target: &Target) -> &'static str {
    match target {
        Target::SlackWebhook(_) => "slack_webhook",
        Target::SlackBot(_) => "slack_bot",
        Target::Email(_) => "email",
        Target::Webhook(_) => "webhook",
    }
}

fn trigger_name(trigger: &alert_rule::Trigger) -> &'static str {
    match trigger {
        alert_rule::Trigger::Failure(_) => "failure",
        alert_rule::Trigger::Change(_) => "change",
        alert_rule::Trigger::StaysRed(_) => "stays_red",
        alert_rule::Trigger::Duration(_) => "duration",
        alert_rule::Trigger::Queue(_) => "queue",
    }
}

/// Lays one target over another of its kind.
fn lay(stored: Option<Target>, asked: Option<Target>, field: &str, rest: &str) -> Result<Target> {
    let whole = rest.is_empty();
    if let (Some(stored), Some(asked)) = (&stored, &asked)
        && discriminant(stored) != discriminant(asked)
    {
        return Err(Error::invalid(
            "channel.target",
            "must be of the kind that the channel has: create another one instead",
        ));
    }
    match (stored, asked) {
        (Some(Target::SlackWebhook(_)), Some(Target::SlackWebhook(asked)))
            if whole || rest == "url" =>
        {
            Ok(Target::SlackWebhook(asked))
        }
        (Some(Target::SlackBot(mut bot)), Some(Target::SlackBot(asked))) => {
            match rest {
                "token" => bot.token = asked.token,
                "slack_channel" => bot.slack_channel = asked.slack_channel,
                "" => {
                    bot.token = asked.token;
                    if !asked.slack_channel.is_empty() {
                        bot.slack_channel = asked.slack_channel;
                    }
                }
                _ => return Err(unknown(field)),
            }
            Ok(Target::SlackBot(bot))
        }
        (Some(Target::Email(_)), Some(Target::Email(asked))) if whole || rest == "addresses" => {
            Ok(Target::Email(asked))
        }
        (Some(Target::Webhook(mut webhook)), Some(Target::Webhook(asked))) => {
            match rest {
                "url" => webhook.url = asked.url,
                "secret" => webhook.secret = asked.secret,
                "" => (webhook.url, webhook.secret) = (asked.url, asked.secret),
                _ => return Err(unknown(field)),
            }
            Ok(Target::Webhook(webhook))
        }
        _ => Err(unknown(field)),
    }
}

fn unknown(field: &str) -> Error {
    Error::invalid(
        "update_mask",
        format!("{field} is no field that can be changed"),
    )
}

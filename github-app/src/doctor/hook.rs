//! Where GitHub sends webhooks, in which form, and whether they are signed.

use serde_json::Value;

use super::{Finding, app::settings_page, not_told};
use crate::{
    Credentials,
    github::{GitHub, HookConfig},
    webhook,
};

/// Asks GitHub for the settings of the webhook.
pub(super) async fn examine(github: &GitHub, credentials: &Credentials) -> Vec<Finding> {
    match github.hook_config().await {
        Ok(config) => vec![
            address(&config, credentials),
            form(&config, credentials),
            certificates(&config, credentials),
            secret(&config, credentials),
        ],
        Err(error) => vec![not_told("webhook", &error)],
    }
}

fn address(config: &HookConfig, credentials: &Credentials) -> Finding {
    let subject = "webhook address";
    let url = config.url.as_deref().unwrap_or_default();
    let Some(public_url) = &credentials.public_url else {
        return Finding::warn(
            subject,
            format!("GitHub sends webhooks to {url:?}; nobody told whether that is here"),
            "set LAMPBOARD_PUBLIC_URL to where GitHub reaches Lampboard",
        );
    };
    let expected = webhook::url(public_url);
    if url == expected {
        return Finding::ok(subject, format!("GitHub sends webhooks to {url}"));
    }
    let place = settings_page(credentials);
    Finding::fail(
        subject,
        format!("GitHub sends webhooks to {url:?}, not to {expected}"),
        format!("change the webhook URL in {place}, or LAMPBOARD_PUBLIC_URL"),
    )
}

fn form(config: &HookConfig, credentials: &Credentials) -> Finding {
    let subject = "webhook content type";
    match config.content_type.as_deref() {
        Some("json") => Finding::ok(subject, "GitHub sends JSON"),
        other => Finding::fail(
            subject,
            format!(
                "GitHub sends {}, which is refused",
                other.unwrap_or("forms")
            ),
            format!(
                "set the webhook's content type to application/json in {}",
                settings_page(credentials)
            ),
        ),
    }
}

fn certificates(config: &HookConfig, credentials: &Credentials) -> Finding {
    let subject = "webhook certificate";
    let unchecked = match &config.insecure_ssl {
        Some(Value::String(text)) => text != "0",
        Some(Value::Number(number)) => number.as_i64() != Some(0),
        _ => false,
    };
    if unchecked {
        Finding::warn(
            subject,
            "GitHub sends webhooks to whoever answers, with any certificate",
            format!(
                "enable SSL verification of the webhook in {}",
                settings_page(credentials)
            ),
        )
    } else {
        Finding::ok(subject, "GitHub checks who it sends webhooks to")
    }
}

/// GitHub shows only whether there is one: whether it is ours, deliveries tell.
fn secret(config: &HookConfig, credentials: &Credentials) -> Finding {
    let subject = "webhook secret";
    let github_has_one = config.secret.as_deref().is_some_and(|it| !it.is_empty());
    let we_have_one = !credentials.webhook_secrets.is_empty();
    let fix = format!(
        "make one with `openssl rand -hex 32`, and set it both in {} and as \
         LAMPBOARD_WEBHOOK_SECRET",
        settings_page(credentials)
    );
    match (github_has_one, we_have_one) {
        (true, true) => Finding::ok(
            subject,
            "there is one at GitHub and one here; whether they are the same, deliveries tell",
        ),
        (false, true) => {
            let message = "there is one here and none at GitHub: nothing that it sends is signed";
            Finding::fail(subject, message, fix)
        }
        (true, false) => {
            let message = "there is one at GitHub and none here: no delivery can be checked";
            Finding::fail(subject, message, fix)
        }
        (false, false) => Finding::fail(subject, "there is none, so anybody could report", fix),
    }
}

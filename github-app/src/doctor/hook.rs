//! Where GitHub sends webhooks, in which form, and whether they are signed.

use secrecy::SecretString;
use serde_json::Value;

use super::{Finding, app::settings_page, not_told};
use crate::{
    Credentials,
    github::{GitHub, HookConfig},
    signature::Verifier,
    webhook,
};

const SECRET: &str = "webhook secret";

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

/// What is wrong with the secrets here, if they keep Lampboard from starting.
pub(super) fn own_secrets(secrets: &[SecretString]) -> Option<Finding> {
    let error = Verifier::new(secrets).err()?;
    let fix = "set LAMPBOARD_WEBHOOK_SECRET to the secret in the App's settings at GitHub; of \
               several, leave no place between two commas empty";
    Some(Finding::fail(SECRET, error.to_string(), fix))
}

/// GitHub shows only whether there is one: whether it is ours, deliveries tell.
fn secret(config: &HookConfig, credentials: &Credentials) -> Finding {
    if let Some(finding) = own_secrets(&credentials.webhook_secrets) {
        return finding;
    }
    let github_has_one = config.secret.as_deref().is_some_and(|it| !it.is_empty());
    if github_has_one {
        return Finding::ok(
            SECRET,
            "there is one at GitHub and one here; whether they are the same, deliveries tell",
        );
    }
    Finding::fail(
        SECRET,
        "there is one here and none at GitHub: nothing that it sends is signed",
        format!(
            "make one with `openssl rand -hex 32`, and set it both in {} and as \
             LAMPBOARD_WEBHOOK_SECRET",
            settings_page(credentials)
        ),
    )
}

//! Who Lampboard is to GitHub, from the settings or from what set-up kept.

use std::{fs, path::Path};

use anyhow::{Context as _, bail};
use lampboard_github_app::{Credentials, CredentialsFolder, IdentityConfig, SetupConfig, api_url};

use crate::args::{GithubArgs, SecretArg, WebhookArgs};

/// Settings win over what set-up kept: an App with its key; or webhooks alone, if
/// all that is known is their secret; else set-up.
pub(crate) fn from_settings(
    github: &GithubArgs,
    webhook: &WebhookArgs,
    data_dir: &Path,
    board: &str,
) -> anyhow::Result<IdentityConfig> {
    let webhook_secrets = webhook.secrets()?;
    let private_key = github.private_key()?.map(SecretArg::into_secret);
    if let Some(app_id) = github.github_app_id {
        let private_key = private_key.context(
            "LAMPBOARD_GITHUB_APP_ID is set, but no key: set LAMPBOARD_GITHUB_PRIVATE_KEY_FILE to \
             the file that GitHub gave you",
        )?;
        if webhook_secrets.is_empty() && !github.github_polling {
            bail!(
                "no webhook secret: set LAMPBOARD_WEBHOOK_SECRET to the one in the settings of the \
                 GitHub App, or, if GitHub can not reach this address, LAMPBOARD_GITHUB_POLLING=true"
            );
        }
        return Ok(IdentityConfig::App(Box::new(Credentials {
            app_id,
            slug: String::new(),
            name: String::new(),
            html_url: String::new(),
            client_id: github.github_client_id.clone(),
            client_secret: github.client_secret()?.map(SecretArg::into_secret),
            private_key,
            webhook_secrets,
            web_url: github.github_web_url.clone(),
            api_url: web_api(github)?,
            public_url: github.public_url.clone(),
            polling: github.github_polling,
        })));
    }
    if private_key.is_some() {
        bail!("a private key is set, but not whose: set LAMPBOARD_GITHUB_APP_ID");
    }
    if !webhook_secrets.is_empty() {
        return Ok(IdentityConfig::Webhooks(webhook_secrets));
    }
    Ok(IdentityConfig::Setup(Box::new(SetupConfig {
        folder: CredentialsFolder::new(data_dir),
        app: None,
        base_url: github
            .public_url
            .clone()
            .unwrap_or_else(|| board.to_owned()),
        public_url: github.public_url.clone(),
        web_url: github.github_web_url.clone(),
        api_url: github.github_api_url.clone(),
        ca_certificates: ca_certificates(github)?,
        random,
    })))
}

/// The certificates that GitHub's may be signed with, beside the usual ones.
pub(crate) fn ca_certificates(github: &GithubArgs) -> anyhow::Result<Option<Vec<u8>>> {
    let file = github.github_ca_file.as_deref();
    file.map(|file| {
        fs::read(file)
            .with_context(|| format!("can not read the certificates in {}", file.display()))
    })
    .transpose()
}

fn web_api(github: &GithubArgs) -> anyhow::Result<String> {
    match &github.github_api_url {
        Some(url) => Ok(url.clone()),
        None => api_url(&github.github_web_url).with_context(|| {
            format!(
                "LAMPBOARD_GITHUB_WEB_URL is not an address like https://github.com: {}",
                github.github_web_url
            )
        }),
    }
}

fn random(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the system gives random numbers, or nothing is safe");
}

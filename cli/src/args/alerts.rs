//! How alerts are sent.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use lampboard_server::{AlertConfig, MailConfig, MasterKey, OlderMail, OutboundConfig};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::{SecretArg, secret};

#[derive(Debug, Args)]
#[command(next_help_heading = "Alerts")]
pub(crate) struct AlertArgs {
    /// The mail server: `smtps://USER:PASSWORD@HOST` for TLS from the start, `smtp://` for
    /// STARTTLS. User name and password are left out where it wants none. `?tls=none` sends in
    /// clear text.
    #[arg(
        long,
        env = "LAMPBOARD_SMTP_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    smtp_url: Option<SecretArg>,
    /// A file that holds the URL of the mail server.
    #[arg(
        long,
        env = "LAMPBOARD_SMTP_URL_FILE",
        value_name = "FILE",
        conflicts_with = "smtp_url"
    )]
    smtp_url_file: Option<PathBuf>,
    /// Who e-mail is from, such as `Lampboard <ci@example.com>`.
    #[arg(long, env = "LAMPBOARD_MAIL_FROM", value_name = "ADDRESS")]
    mail_from: Option<String>,
    /// A file with the certificate of the authority of the mail server, as PEM, if the machine does
    /// not know it.
    #[arg(long, env = "LAMPBOARD_SMTP_CA_FILE", value_name = "FILE")]
    smtp_ca_file: Option<PathBuf>,
    /// Hosts beside Slack's own that Slack channels may be on, comma-separated.
    #[arg(
        long,
        env = "LAMPBOARD_SLACK_HOSTS",
        value_name = "HOSTS",
        value_delimiter = ','
    )]
    slack_hosts: Vec<String>,
    /// Address ranges that channels may lead to although they are private, comma-separated, such
    /// as `10.0.0.0/8`; by plain HTTP and on any port, too.
    #[arg(
        long,
        env = "LAMPBOARD_OUTBOUND_ALLOW",
        value_name = "RANGES",
        value_delimiter = ','
    )]
    outbound_allow: Vec<String>,
    /// What the secrets of channels are sealed with: 32 random bytes, in base64 or hexadecimal.
    /// Several, comma-separated, while one replaces another: the first seals. Unset, with a database
    /// in a file, one is made beside it.
    #[arg(
        long,
        env = "LAMPBOARD_MASTER_KEY",
        value_name = "KEY",
        hide_env_values = true
    )]
    master_key: Option<SecretArg>,
    /// A file that holds the master key.
    #[arg(
        long,
        env = "LAMPBOARD_MASTER_KEY_FILE",
        value_name = "FILE",
        conflicts_with = "master_key"
    )]
    master_key_file: Option<PathBuf>,
    #[command(flatten)]
    older: OlderArgs,
}

/// The names of these settings in what Lampboard grew from.
#[derive(Debug, Args)]
struct OlderArgs {
    #[arg(long, env = "SMTP_HOST", hide = true)]
    smtp_host: Option<String>,
    #[arg(long, env = "SMTP_PORT", hide = true)]
    smtp_port: Option<String>,
    #[arg(long, env = "SMTP_USERNAME", hide = true)]
    smtp_username: Option<String>,
    #[arg(long, env = "SMTP_PASSWORD", hide = true, hide_env_values = true)]
    smtp_password: Option<SecretArg>,
    #[arg(long, env = "FROM_EMAIL", hide = true)]
    from_email: Option<String>,
    #[arg(long, env = "FROM_NAME", hide = true)]
    from_name: Option<String>,
}

impl AlertArgs {
    /// How alerts are sent, with links to `public_url`. `made` gives the key where none is set.
    pub(crate) fn config(
        &self,
        public_url: &str,
        made: impl FnOnce() -> anyhow::Result<Option<SecretString>>,
    ) -> anyhow::Result<AlertConfig> {
        let filled = |texts: &[String]| {
            let texts = texts.iter().map(|text| text.trim().to_owned());
            texts.filter(|text| !text.is_empty()).collect()
        };
        Ok(AlertConfig {
            public_url: public(public_url)?,
            master_keys: self.master_keys(made)?,
            mail: self.mail()?,
            outbound: OutboundConfig {
                slack_hosts: filled(&self.slack_hosts),
                allow: filled(&self.outbound_allow),
            },
            outbox: None,
        })
    }

    fn master_keys(
        &self,
        made: impl FnOnce() -> anyhow::Result<Option<SecretString>>,
    ) -> anyhow::Result<Vec<MasterKey>> {
        let keys = secret::read(self.master_key.as_ref(), self.master_key_file.as_deref())?;
        let keys = match keys {
            Some(keys) => keys.split(),
            None => made()?.into_iter().collect(),
        };
        keys.iter()
            .map(|key| MasterKey::parse(key.expose_secret()).context("LAMPBOARD_MASTER_KEY"))
            .collect()
    }

    fn mail(&self) -> anyhow::Result<Option<MailConfig>> {
        let (mail, file) = (self.mail_server()?, self.smtp_ca_file.as_deref());
        let file = file.filter(|file| !file.as_os_str().is_empty());
        let (Some(mail), Some(file)) = (mail.clone(), file) else {
            return Ok(mail);
        };
        let pem = std::fs::read(file)
            .with_context(|| format!("LAMPBOARD_SMTP_CA_FILE: can not read {}", file.display()))?;
        Ok(Some(mail.with_ca(pem)?))
    }

    fn mail_server(&self) -> anyhow::Result<Option<MailConfig>> {
        let url = secret::read(self.smtp_url.as_ref(), self.smtp_url_file.as_deref())?;
        let from = self
            .mail_from
            .as_deref()
            .filter(|from| !from.trim().is_empty());
        let Some(url) = url else {
            let older = &self.older;
            let older = OlderMail {
                host: older.smtp_host.clone(),
                port: older.smtp_port.clone(),
                username: older.smtp_username.clone(),
                password: older.smtp_password.clone().map(SecretArg::into_secret),
                from_email: older.from_email.clone(),
                from_name: older.from_name.clone(),
            };
            return Ok(older.config()?);
        };
        let Some(from) = from else {
            bail!("LAMPBOARD_MAIL_FROM is missing: LAMPBOARD_SMTP_URL needs it");
        };
        Ok(Some(MailConfig::new(&url.into_secret(), from)?))
    }
}

/// Where people open the board, to put paths behind.
fn public(url: &str) -> anyhow::Result<Url> {
    let mut url = Url::parse(url).context("LAMPBOARD_PUBLIC_URL must be a URL")?;
    if !matches!(url.scheme(), "http" | "https") {
        bail!("LAMPBOARD_PUBLIC_URL must begin with https:// or http://");
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

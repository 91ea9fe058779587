//! The older names of the settings: `SMTP_HOST` and its like.

use secrecy::{ExposeSecret as _, SecretString};

use super::{
    address::From,
    config::{Login, MailConfig, MailConfigError, error, refused},
};

/// What the older names say, each unset or empty if it is not in use.
#[derive(Clone, Debug, Default)]
pub struct OlderMail {
    /// `SMTP_HOST`.
    pub host: Option<String>,
    /// `SMTP_PORT`: 465 for TLS from the start, every other one for STARTTLS.
    pub port: Option<String>,
    /// `SMTP_USERNAME`.
    pub username: Option<String>,
    /// `SMTP_PASSWORD`.
    pub password: Option<SecretString>,
    /// `FROM_EMAIL`.
    pub from_email: Option<String>,
    /// `FROM_NAME`.
    pub from_name: Option<String>,
}

impl OlderMail {
    /// What they mean by the newer names. Nothing if there is no `SMTP_HOST`.
    pub fn config(&self) -> Result<Option<MailConfig>, MailConfigError> {
        let Some(host) = filled(self.host.as_deref()) else {
            return Ok(None);
        };
        if host.contains(|c: char| !(c.is_ascii_alphanumeric() || "-._:".contains(c))) {
            return Err(error("SMTP_HOST", "is not the name of a host alone"));
        }
        let port = match filled(self.port.as_deref()) {
            None => 587,
            Some(text) => match text.parse() {
                Ok(port) if port > 0 => port,
                _ => return Err(error("SMTP_PORT", "is not a port, from 1 to 65535")),
            },
        };
        let address = filled(self.from_email.as_deref())
            .ok_or_else(|| error("FROM_EMAIL", "is missing: SMTP_HOST needs it"))?;
        let from = From::new(filled(self.from_name.as_deref()), address)
            .map_err(|problem| refused("FROM_EMAIL", &problem))?;
        Ok(Some(MailConfig::from_parts(
            host,
            port,
            self.login()?,
            from,
        )))
    }

    fn login(&self) -> Result<Option<Login>, MailConfigError> {
        let user = filled(self.username.as_deref());
        let password = self
            .password
            .as_ref()
            .filter(|password| !password.expose_secret().is_empty());
        match (user, password) {
            (None, None) => Ok(None),
            (Some(user), Some(password)) => Ok(Some(Login {
                user: user.to_owned(),
                password: password.clone(),
            })),
            (Some(_), None) => Err(error("SMTP_PASSWORD", "is missing: SMTP_USERNAME needs it")),
            (None, Some(_)) => Err(error("SMTP_USERNAME", "is missing: SMTP_PASSWORD needs it")),
        }
    }
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

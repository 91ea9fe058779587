//! How the mail server is reached, read from the settings.

use std::{net::IpAddr, str::FromStr as _};

use lettre::transport::smtp::{
    authentication::Credentials,
    client::{Certificate, TlsParameters},
};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::address::{From, FromError};

/// How e-mail is sent.
#[derive(Clone, Debug)]
pub struct MailConfig {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) login: Option<Login>,
    from: From,
    ca: Option<Vec<u8>>,
}

/// What keeps others from reading along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    /// TLS from the first byte on.
    Implicit,
    /// TLS by STARTTLS before anything is said.
    StartTls,
    /// Nothing, as asked for.
    None,
}

/// What the mail server knows the sender by.
#[derive(Clone, Debug)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: SecretString,
}

/// E-mail can not be sent as the settings say. No text of it holds the password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting} {problem}")]
pub struct MailConfigError {
    pub(super) setting: &'static str,
    pub(super) problem: String,
}

const URL: &str = "LAMPBOARD_SMTP_URL";
const FROM: &str = "LAMPBOARD_MAIL_FROM";

impl MailConfig {
    /// Reads `LAMPBOARD_SMTP_URL` and `LAMPBOARD_MAIL_FROM`.
    pub fn new(url: &SecretString, from: &str) -> Result<Self, MailConfigError> {
        let from = From::parse(from).map_err(|problem| refused(FROM, &problem))?;
        let url = Url::parse(url.expose_secret()).map_err(|_| {
            // What a parser says of a URL may quote it.
            error(URL, "is not a URL, such as smtp://user:password@mail.example.com (in user and password, characters such as @ : / # are written as %40 %3A %2F %23)")
        })?;
        let security = security(&url)?;
        let host = host(&url)?;
        let login = login(&url)?;
        if security == Security::None && login.is_some() && !is_loopback(&host) {
            return Err(error(
                URL,
                "would send the password in clear text: tls=none with a user name and password is for this machine only",
            ));
        }
        Ok(Self {
            port: url.port().unwrap_or(security.port()),
            host,
            security,
            login,
            from,
            ca: None,
        })
    }

    pub(super) fn from_parts(host: &str, port: u16, login: Option<Login>, from: From) -> Self {
        Self {
            host: host.to_owned(),
            port,
            security: match port {
                465 => Security::Implicit,
                _ => Security::StartTls,
            },
            login,
            from,
            ca: None,
        }
    }

    /// Who messages are from.
    pub(super) fn from(&self) -> &From {
        &self.from
    }

    /// Trusts one more authority, beside those of the machine: its certificate as PEM.
    pub fn with_ca(mut self, pem: Vec<u8>) -> Result<Self, MailConfigError> {
        let setting = "LAMPBOARD_SMTP_CA_FILE";
        let unreadable = || error(setting, "holds no certificate in PEM format");
        let has_one = String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----");
        if !has_one || Certificate::from_pem(&pem).is_err() {
            return Err(unreadable());
        }
        self.ca = Some(pem);
        // Whether rustls takes it shows only when all is put together.
        self.tls().map_err(|_| unreadable())?;
        Ok(self)
    }

    /// Whom TLS trusts: the authorities of the machine, and the one added.
    pub(super) fn tls(&self) -> Result<TlsParameters, MailConfigError> {
        let mut tls = TlsParameters::builder(self.host.clone());
        if let Some(pem) = &self.ca {
            let certificate = Certificate::from_pem(pem)
                .map_err(|problem| error(URL, &format!("can not be used: {problem}")))?;
            tls = tls.add_root_certificate(certificate);
        }
        tls.build_rustls()
            .map_err(|problem| error(URL, &format!("can not be used: {problem}")))
    }
}

impl Security {
    fn port(self) -> u16 {
        match self {
            Self::Implicit => 465,
            Self::StartTls => 587,
            Self::None => 25,
        }
    }
}

impl Login {
    pub(super) fn credentials(&self) -> Credentials {
        Credentials::new(self.user.clone(), self.password.expose_secret().to_owned())
    }
}

pub(super) fn error(setting: &'static str, problem: &str) -> MailConfigError {
    MailConfigError {
        setting,
        problem: problem.to_owned(),
    }
}

pub(super) fn refused(setting: &'static str, problem: &FromError) -> MailConfigError {
    error(setting, &format!("is {problem}"))
}

fn security(url: &Url) -> Result<Security, MailConfigError> {
    if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
        return Err(error(
            URL,
            "has something behind the host and port (in user and password, / and # are written as %2F and %23)",
        ));
    }
    let mut security = match url.scheme() {
        "smtps" => Security::Implicit,
        "smtp" => Security::StartTls,
        _ => return Err(error(URL, "begins with neither smtps:// nor smtp://")),
    };
    for (name, value) in url.query_pairs() {
        security = match (&*name, &*value, security) {
            ("tls", "required", kept) => kept,
            ("tls", "none", Security::StartTls | Security::None) => Security::None,
            ("tls", "none", Security::Implicit) => {
                return Err(error(
                    URL,
                    "asks for TLS by smtps:// and for none by tls=none",
                ));
            }
            ("tls", "opportunistic", _) => {
                return Err(error(
                    URL,
                    "asks for tls=opportunistic, which anybody between here and the mail server can turn into clear text: leave it out to require STARTTLS, or write tls=none where clear text is meant",
                ));
            }
            ("tls", ..) => return Err(error(URL, "has a tls= that is neither required nor none")),
            _ => return Err(error(URL, "has a parameter other than tls=")),
        };
    }
    Ok(security)
}

fn host(url: &Url) -> Result<String, MailConfigError> {
    let host = decoded(url.host_str().unwrap_or_default())?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() || host.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(error(URL, "names no host"));
    }
    Ok(host.to_owned())
}

fn login(url: &Url) -> Result<Option<Login>, MailConfigError> {
    let user = decoded(url.username())?;
    let password = decoded(url.password().unwrap_or_default())?;
    match (user.is_empty(), password.is_empty()) {
        (true, true) => Ok(None),
        (false, false) => Ok(Some(Login {
            user,
            password: password.into(),
        })),
        (false, true) => Err(error(URL, "has a user name but no password")),
        (true, false) => Err(error(URL, "has a password but no user name")),
    }
}

fn decoded(text: &str) -> Result<String, MailConfigError> {
    percent_encoding::percent_decode_str(text)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| error(URL, "has percent signs that do not stand for UTF-8"))
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || IpAddr::from_str(host).is_ok_and(|address| address.is_loopback())
}

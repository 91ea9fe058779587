//! Who makes a request.

use http::{HeaderMap, header};
use jiff::Timestamp;

use super::jwt::{Claims, Jwt, JwtError};
use super::limit::Bucket;
use super::refusal::Refusal;
use super::tokens::{Bearer, InstallationToken, Tokens, UserToken};
use crate::github::GitHub;
use crate::github::app::App;
use crate::github::id::{AppId, InstallationId};

/// Who makes a request, believed.
#[derive(Clone, Debug)]
pub(super) enum Caller {
    Anonymous,
    App(AppId, Claims),
    Installation(InstallationToken),
    User(UserToken),
}

impl Caller {
    /// Believes the credentials of a request, or refuses it whatever it asks for.
    pub(super) fn of(
        credentials: Option<&str>,
        tokens: &Tokens,
        github: &GitHub,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        match credentials {
            None => Ok(Self::Anonymous),
            Some(token) if token.starts_with("gh") => {
                let bearer = tokens.bearer(token, now);
                Self::of_bearer(bearer.ok_or_else(Refusal::bad_credentials)?, github)
            }
            Some(token) if token.contains('.') => Self::of_jwt(token, github, now),
            Some(_) => Err(Refusal::bad_credentials()),
        }
    }

    fn of_bearer(bearer: Bearer, github: &GitHub) -> Result<Self, Refusal> {
        let token = match bearer {
            Bearer::User(token) => return Ok(Self::User(token)),
            Bearer::Installation(token) => token,
        };
        let installation = github.installation(token.installation);
        let installation = installation.ok_or_else(Refusal::bad_credentials)?;
        if installation.suspended_at.is_some() {
            return Err(Refusal::suspended());
        }
        Ok(Self::Installation(token))
    }

    fn of_jwt(token: &str, github: &GitHub, now: Timestamp) -> Result<Self, Refusal> {
        let jwt = Jwt::parse(token)?;
        let issuer = jwt.issuer()?;
        let is_issuer = |app: &&App| app.client_id == issuer || app.id.to_string() == issuer;
        let app = github.apps().find(is_issuer).ok_or_else(|| {
            let message = "Integration not found";
            Refusal::new(http::StatusCode::NOT_FOUND, message)
        })?;
        let claims = jwt.verify(&app.key.public_key_der(), now)?;
        Ok(Self::App(app.id, claims))
    }

    /// Whose requests it counts among.
    pub(super) fn bucket(&self) -> Bucket {
        match self {
            Self::Anonymous => Bucket::Anonymous,
            Self::App(id, _) => Bucket::App(id.0),
            Self::Installation(token) => Bucket::Installation(token.installation.0),
            Self::User(token) => Bucket::User(token.person.id),
        }
    }

    /// The number of its token, for the log.
    pub(super) fn token(&self) -> Option<u64> {
        match self {
            Self::Anonymous | Self::App(..) => None,
            Self::Installation(token) => Some(token.number),
            Self::User(token) => Some(token.number),
        }
    }

    pub(super) fn claims(&self) -> Option<&Claims> {
        match self {
            Self::App(_, claims) => Some(claims),
            _ => None,
        }
    }

    /// The App, which must speak for itself.
    pub(super) fn app(&self) -> Result<AppId, Refusal> {
        match self {
            Self::App(id, _) => Ok(*id),
            _ => Err(JwtError::Undecodable.into()),
        }
    }

    /// The token of an installation, which it must be.
    pub(super) fn installation(&self) -> Result<&InstallationToken, Refusal> {
        match self {
            Self::Installation(token) => Ok(token),
            Self::Anonymous => Err(Refusal::requires_authentication()),
            Self::App(..) | Self::User(_) => Err(Refusal::integration("metadata=read")),
        }
    }

    /// The token of a person, which it must be.
    pub(super) fn user(&self) -> Result<&UserToken, Refusal> {
        match self {
            Self::User(token) => Ok(token),
            Self::Anonymous => Err(Refusal::requires_authentication()),
            Self::App(..) | Self::Installation(_) => Err(Refusal::integration("")),
        }
    }
}

/// What stands in `Authorization` behind its scheme.
pub(super) fn credentials(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let known = ["bearer", "token"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known));
    known.then(|| token.trim())
}

/// The installation that a request is made for, as far as can be told before it is believed.
pub(super) fn installation_of(
    segments: &[&str],
    credentials: Option<&str>,
    tokens: &Tokens,
) -> Option<InstallationId> {
    match segments {
        ["app", "installations", id, ..] => id.parse().ok().map(InstallationId),
        _ => tokens.installation_of(credentials?),
    }
}

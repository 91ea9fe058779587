//! Turns the code that GitHub gave for a manifest into an App.

use std::sync::Arc;

use http::Method;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::{
    Account, Error, Limits,
    connection::Base,
    lane::Identity,
    path::ApiPath,
    read,
    wire::{Question, Wire},
};

/// An App that GitHub has just made, with all that it keeps secret.
#[derive(Debug, Clone)]
pub struct CreatedApp {
    /// The number of the App.
    pub id: i64,
    /// The name in addresses.
    pub slug: String,
    /// The name that people see.
    pub name: String,
    /// Its page.
    pub html_url: String,
    /// Whose it is.
    pub owner_login: Option<String>,
    /// Its other name for programs.
    pub client_id: String,
    /// With which people are signed in.
    pub client_secret: SecretString,
    /// What deliveries are signed with.
    pub webhook_secret: Option<SecretString>,
    /// The key in PEM.
    pub pem: SecretString,
}

#[derive(Deserialize)]
struct Conversion {
    id: i64,
    slug: String,
    name: String,
    html_url: String,
    owner: Option<Account>,
    client_id: String,
    client_secret: String,
    webhook_secret: Option<String>,
    pem: String,
}

/// Exchanges a code, which works once and for an hour: afterwards it is
/// [`Error::NotFound`]. Has to be called inside of a runtime.
pub async fn convert_manifest(
    api_url: &Url,
    ca_certificates: Option<&[u8]>,
    code: &str,
) -> Result<CreatedApp, Error> {
    let base = Arc::new(Base::new(api_url)?);
    let wire = Wire::new(&base, ca_certificates, Limits::default())?;
    let path = ApiPath::of(&["app-manifests", code, "conversions"], &[]);
    let question = Question::new(Method::POST, path, None);
    let answer = wire.ask(None, &question).await;
    super::observe::asked(&question, &answer, false);
    let answer = answer.map_err(|failure| question.failed(failure))?;
    if answer.status.is_server_error() {
        return Err(Error::Unavailable(format!("it answered {}", answer.status)));
    }
    read::check(&answer, &question.path, Identity::App)?;
    let made: Conversion = read::json(&question.path, &answer.body)?;
    Ok(CreatedApp {
        id: made.id,
        slug: made.slug,
        name: made.name,
        html_url: made.html_url,
        owner_login: made.owner.and_then(|owner| owner.login),
        client_id: made.client_id,
        client_secret: made.client_secret.into(),
        webhook_secret: made.webhook_secret.map(Into::into),
        pem: made.pem.into(),
    })
}

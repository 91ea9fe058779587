//! What Lampboard is at GitHub: the App's numbers, names, key and secrets.

mod files;
mod folder;

use secrecy::SecretString;

pub(crate) use self::files::is_open_to_others;
pub use self::folder::{CredentialsError, CredentialsFolder};

/// An App at GitHub, and all that is needed to act as it.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// GitHub's number of the App.
    pub app_id: i64,
    /// Its name in addresses.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// Where people find it at GitHub, and install it.
    pub html_url: String,
    /// Its name for signing people in.
    pub client_id: Option<String>,
    /// Its secret for signing people in.
    pub client_secret: Option<SecretString>,
    /// Signs as the App: PEM, as GitHub hands it out.
    pub private_key: SecretString,
    /// What deliveries may be signed with. Empty only while polling.
    pub webhook_secrets: Vec<SecretString>,
    /// Where GitHub's pages are.
    pub web_url: String,
    /// Where GitHub's API is.
    pub api_url: String,
    /// Where GitHub and people reach Lampboard.
    pub public_url: Option<String>,
    /// Whether GitHub delivers nothing, and is asked for everything instead.
    pub polling: bool,
}

//! GitHub Apps.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::account::Account;
use super::id::AppId;
use super::key::AppKey;

/// What Apps may do: names of permissions, each with `read` or `write`.
pub type Permissions = BTreeMap<String, String>;

/// A registered GitHub App.
#[derive(Clone, Debug)]
pub struct App {
    /// GitHub's id.
    pub id: AppId,
    /// The name in URLs.
    pub slug: String,
    /// The name that people see.
    pub name: String,
    /// The line under its name; may be empty.
    pub description: String,
    /// Who registered it.
    pub owner: Arc<Account>,
    /// Names it in OAuth, and in its tokens.
    pub client_id: String,
    /// What it proves itself with in OAuth.
    pub client_secret: SecretString,
    /// What its webhooks are signed with.
    pub webhook_secret: SecretString,
    /// What it signs its own tokens with.
    pub key: AppKey,
    /// Where its webhooks go.
    pub hook: HookConfig,
    /// What it asks of whoever installs it.
    pub permissions: Permissions,
    /// The events that it subscribes to.
    pub events: Vec<String>,
    /// Where users may be sent back to after signing in.
    pub callback_urls: Vec<String>,
    /// Where its installer is sent.
    pub setup_url: Option<String>,
    /// Whether they are sent there after each change, too.
    pub setup_on_update: bool,
    /// Whether installing it asks for signing in too.
    pub request_oauth_on_install: bool,
    /// Whether others than its owner can install it.
    pub public: bool,
    /// Its own home page.
    pub external_url: String,
    /// Its page at GitHub.
    pub html_url: String,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When its settings last changed.
    pub updated_at: Timestamp,
}

/// Where and how an App's webhooks are posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookConfig {
    /// `X-GitHub-Hook-ID`.
    pub id: u64,
    /// Where they are posted; nowhere if there is none.
    pub url: Option<String>,
    /// How their bodies are written.
    pub content_type: ContentType,
    /// Whether they are posted at all.
    pub active: bool,
}

/// How the body of a webhook is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ContentType {
    /// The JSON itself.
    #[default]
    Json,
    /// The JSON as the field `payload` of a form.
    Form,
}

/// What an App is registered with: the manifest's fields.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "the manifest has as many")]
pub struct AppRegistration {
    /// The name that people see; the slug comes from it.
    pub name: String,
    /// Its own home page.
    pub url: String,
    /// What it is for; may be empty.
    pub description: String,
    /// Where its webhooks go, if anywhere.
    pub hook_url: Option<String>,
    /// Whether they are posted at all.
    pub hook_active: bool,
    /// Where users may be sent back to after signing in.
    pub callback_urls: Vec<String>,
    /// Where its installer is sent.
    pub setup_url: Option<String>,
    /// Whether they are sent there after each change, too.
    pub setup_on_update: bool,
    /// Whether installing it asks for signing in too.
    pub request_oauth_on_install: bool,
    /// Whether others than its owner can install it.
    pub public: bool,
    /// What it asks of whoever installs it.
    pub permissions: Permissions,
    /// The events that it subscribes to.
    pub events: Vec<String>,
}

//! The parts of GitHub's answers that are read. Everything may be missing.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::read;

/// A user or an organisation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Account {
    /// Keeps when the login changes.
    pub id: Option<i64>,
    /// The name in addresses.
    pub login: Option<String>,
    /// `User` or `Organization`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// A picture.
    pub avatar_url: Option<String>,
}

/// The App as GitHub has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct App {
    /// The number of the App.
    pub id: Option<i64>,
    /// The name in addresses.
    pub slug: Option<String>,
    /// The name that people see.
    pub name: Option<String>,
    /// Its other name for programs.
    pub client_id: Option<String>,
    /// Its page.
    pub html_url: Option<String>,
    /// Whose it is.
    pub owner: Option<Account>,
    /// What it asks for, like `actions` -> `read`.
    pub permissions: Option<BTreeMap<String, String>>,
    /// What it is told of.
    pub events: Option<Vec<String>>,
}

/// The App in one account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Installation {
    /// The number of the installation.
    pub id: Option<i64>,
    /// Whose repositories it sees.
    pub account: Option<Account>,
    /// `all` or `selected`.
    pub repository_selection: Option<String>,
    /// What it was granted.
    pub permissions: Option<BTreeMap<String, String>>,
    /// What it is told of.
    pub events: Option<Vec<String>>,
    /// Since when it may do nothing.
    #[serde(deserialize_with = "read::time")]
    pub suspended_at: Option<Timestamp>,
    /// Its page for who may change it.
    pub html_url: Option<String>,
}

/// Where the App's deliveries go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct HookConfig {
    /// The address.
    pub url: Option<String>,
    /// `json` or `form`.
    pub content_type: Option<String>,
    /// Whether certificates go unchecked: GitHub writes `"0"`, `"1"`, 0 or 1.
    pub insecure_ssl: Option<Value>,
    /// Asterisks, if there is one.
    pub secret: Option<String>,
}

/// A repository as GitHub has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Repository {
    /// Keeps when the names change.
    pub id: Option<i64>,
    /// The name without its owner.
    pub name: Option<String>,
    /// `owner/name`.
    pub full_name: Option<String>,
    /// Whose it is.
    pub owner: Option<Account>,
    /// Whether not everybody may see it.
    pub private: Option<bool>,
    /// `public`, `private` or `internal`.
    pub visibility: Option<String>,
    /// Whether nothing happens in it any more.
    pub archived: Option<bool>,
    /// Whether GitHub has switched it off.
    pub disabled: Option<bool>,
    /// Whether it was made from another one.
    pub fork: Option<bool>,
    /// Where work comes together.
    pub default_branch: Option<String>,
    /// Its page.
    pub html_url: Option<String>,
    /// When something was last pushed to it.
    #[serde(deserialize_with = "read::time")]
    pub pushed_at: Option<Timestamp>,
}

//! Apps, and the webhooks that they have.

use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde::Serialize;

use super::account::UserJson;
use super::node_id;
use crate::github::app::{App, ContentType, Permissions};
use crate::github::host::Hosts;
use crate::github::id::AppId;

/// An App as it, and everyone, sees it.
#[derive(Serialize)]
pub(crate) struct AppJson<'a> {
    id: AppId,
    slug: &'a str,
    client_id: &'a str,
    node_id: String,
    owner: UserJson<'a>,
    name: &'a str,
    description: &'a str,
    external_url: &'a str,
    html_url: &'a str,
    created_at: Timestamp,
    updated_at: Timestamp,
    permissions: &'a Permissions,
    events: &'a [String],
}

impl<'a> AppJson<'a> {
    pub(crate) fn new(hosts: &Hosts, app: &'a App) -> Self {
        Self {
            id: app.id,
            slug: &app.slug,
            client_id: &app.client_id,
            node_id: node_id("A", app.id.0),
            owner: UserJson::new(hosts, &app.owner),
            name: &app.name,
            description: &app.description,
            external_url: &app.external_url,
            html_url: &app.html_url,
            created_at: app.created_at,
            updated_at: app.updated_at,
            permissions: &app.permissions,
            events: &app.events,
        }
    }
}

/// A hook as the event `ping` shows it.
#[derive(Serialize)]
pub(super) struct HookJson<'a> {
    r#type: &'static str,
    id: u64,
    name: &'static str,
    active: bool,
    events: &'a [String],
    config: HookConfigJson<'a>,
    updated_at: Timestamp,
    created_at: Timestamp,
    app_id: AppId,
    deliveries_url: String,
}

impl<'a> HookJson<'a> {
    pub(super) fn new(hosts: &Hosts, app: &'a App) -> Self {
        Self {
            r#type: "App",
            id: app.hook.id,
            name: "web",
            active: app.hook.active,
            events: &app.events,
            config: HookConfigJson::new(app),
            updated_at: app.updated_at,
            created_at: app.created_at,
            app_id: app.id,
            deliveries_url: format!("{}/app/hook/deliveries", hosts.api),
        }
    }
}

/// Where a hook posts, and how; the secret is not told.
#[derive(Serialize)]
pub(crate) struct HookConfigJson<'a> {
    content_type: ContentType,
    insecure_ssl: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'static str>,
    url: Option<&'a str>,
}

impl<'a> HookConfigJson<'a> {
    pub(crate) fn new(app: &'a App) -> Self {
        let has_secret = !app.webhook_secret.expose_secret().is_empty();
        Self {
            content_type: app.hook.content_type,
            insecure_ssl: "0",
            secret: has_secret.then_some("********"),
            url: app.hook.url.as_deref(),
        }
    }
}

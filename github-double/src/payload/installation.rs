//! Installations of Apps.

use jiff::Timestamp;
use serde::Serialize;

use super::account::UserJson;
use super::node_id;
use super::time::{StyledTime, TimeStyle};
use crate::github::account::AccountKind;
use crate::github::app::{App, Permissions};
use crate::github::host::Hosts;
use crate::github::id::{AppId, InstallationId, RepositoryId};
use crate::github::installation::{Installation, Selection};
use crate::github::repository::Repository;

/// An installation in full.
#[derive(Serialize)]
pub(crate) struct InstallationJson<'a> {
    id: InstallationId,
    client_id: &'a str,
    account: UserJson<'a>,
    repository_selection: Selection,
    access_tokens_url: String,
    repositories_url: String,
    html_url: String,
    app_id: AppId,
    app_slug: &'a str,
    target_id: u64,
    target_type: &'static str,
    permissions: &'a Permissions,
    events: &'a [String],
    created_at: StyledTime,
    updated_at: StyledTime,
    single_file_name: Option<&'static str>,
    has_multiple_single_files: bool,
    single_file_paths: [&'static str; 0],
    suspended_by: Option<UserJson<'a>>,
    suspended_at: Option<Timestamp>,
}

impl<'a> InstallationJson<'a> {
    pub(crate) fn new(
        hosts: &Hosts,
        app: &'a App,
        installation: &'a Installation,
        style: TimeStyle,
    ) -> Self {
        let Installation { id, account, .. } = installation;
        let Hosts { web, api } = hosts;
        let settings = match account.kind {
            AccountKind::Organization => format!("{web}/organizations/{}/settings", account.login),
            AccountKind::User | AccountKind::Bot => format!("{web}/settings"),
        };
        Self {
            id: *id,
            client_id: &app.client_id,
            account: UserJson::new(hosts, account),
            repository_selection: installation.selection,
            access_tokens_url: format!("{api}/app/installations/{id}/access_tokens"),
            repositories_url: format!("{api}/installation/repositories"),
            html_url: format!("{settings}/installations/{id}"),
            app_id: app.id,
            app_slug: &app.slug,
            target_id: account.id,
            target_type: account.kind.as_str(),
            permissions: &installation.permissions,
            events: &installation.events,
            created_at: style.write(installation.created_at),
            updated_at: style.write(installation.updated_at),
            single_file_name: None,
            has_multiple_single_files: false,
            single_file_paths: [],
            suspended_by: installation
                .suspended_by
                .as_deref()
                .map(|it| UserJson::new(hosts, it)),
            suspended_at: installation.suspended_at,
        }
    }
}

/// An installation as most events name it.
#[derive(Serialize)]
pub(super) struct InstallationIdJson {
    id: InstallationId,
    node_id: String,
}

impl InstallationIdJson {
    pub(super) fn new(id: InstallationId) -> Self {
        Self {
            node_id: node_id("MDIz", id.0),
            id,
        }
    }
}

/// A repository as events of installations list it.
#[derive(Serialize)]
pub(super) struct ListedRepositoryJson<'a> {
    id: RepositoryId,
    node_id: String,
    name: &'a str,
    full_name: String,
    private: bool,
}

impl<'a> ListedRepositoryJson<'a> {
    pub(super) fn new(repository: &'a Repository) -> Self {
        Self {
            id: repository.id,
            node_id: node_id("R", repository.id.0),
            name: &repository.name,
            full_name: repository.full_name(),
            private: repository.private,
        }
    }
}

//! JSON that only answers have, and no webhook.

use jiff::Timestamp;
use serde::Serialize;

use crate::github::GitHub;
use crate::github::account::Account;
use crate::github::app::App;
use crate::github::host::Hosts;
use crate::github::installation::Installation;
use crate::github::repository::Repository;
use crate::payload::account::UserJson;
use crate::payload::app::AppJson;
use crate::payload::installation::InstallationJson;
use crate::payload::repository::RepositoryJson;
use crate::payload::time::TimeStyle;

/// An App, and on how many accounts it is installed.
#[derive(Serialize)]
pub(super) struct AppCountJson<'a> {
    #[serde(flatten)]
    app: AppJson<'a>,
    installations_count: usize,
}

impl<'a> AppCountJson<'a> {
    pub(super) fn new(github: &GitHub, app: &'a App) -> Self {
        let installations = github.installations().filter(|it| it.app == app.id);
        Self {
            installations_count: installations.count(),
            app: AppJson::new(github.hosts(), app),
        }
    }
}

/// An installation as answers show it; `None` if its App is gone.
pub(super) fn installation<'a>(
    github: &'a GitHub,
    installation: &'a Installation,
) -> Option<InstallationJson<'a>> {
    let app = github.app(installation.app)?;
    let hosts = github.hosts();
    Some(InstallationJson::new(
        hosts,
        app,
        installation,
        TimeStyle::Text,
    ))
}

/// A repository that is asked for by itself.
#[derive(Serialize)]
pub(super) struct FullRepositoryJson<'a> {
    #[serde(flatten)]
    repository: RepositoryJson<'a>,
    network_count: u32,
    subscribers_count: u32,
}

impl<'a> FullRepositoryJson<'a> {
    pub(super) fn new(hosts: &Hosts, repository: &'a Repository) -> Self {
        Self {
            repository: RepositoryJson::new(hosts, repository),
            // Nobody watches or forks anything here.
            network_count: 0,
            subscribers_count: 0,
        }
    }
}

/// A person as everybody sees them.
#[derive(Serialize)]
pub(super) struct PersonJson<'a> {
    #[serde(flatten)]
    user: UserJson<'a>,
    name: &'a str,
    company: Option<&'static str>,
    blog: &'static str,
    location: Option<&'static str>,
    email: Option<&'static str>,
    hireable: Option<bool>,
    bio: Option<&'static str>,
    public_repos: u32,
    public_gists: u32,
    followers: u32,
    following: u32,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl<'a> PersonJson<'a> {
    pub(super) fn new(hosts: &Hosts, account: &'a Account) -> Self {
        Self {
            user: UserJson::new(hosts, account),
            name: &account.name,
            company: None,
            blog: "",
            location: None,
            email: None,
            hireable: None,
            bio: None,
            public_repos: 0,
            public_gists: 0,
            followers: 0,
            following: 0,
            // Nobody knows since when a person has been there: nothing hangs on it.
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }
}

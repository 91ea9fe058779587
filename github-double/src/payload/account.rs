//! Users and organisations.

use serde::Serialize;

use super::link::{Links, Table};
use super::node_id;
use crate::github::account::Account;
use crate::github::host::Hosts;

const USER_LINKS: Table = &[
    ("url", ""),
    ("followers_url", "/followers"),
    ("following_url", "/following{/other_user}"),
    ("gists_url", "/gists{/gist_id}"),
    ("starred_url", "/starred{/owner}{/repo}"),
    ("subscriptions_url", "/subscriptions"),
    ("organizations_url", "/orgs"),
    ("repos_url", "/repos"),
    ("events_url", "/events{/privacy}"),
    ("received_events_url", "/received_events"),
];

const ORGANIZATION_LINKS: Table = &[
    ("url", ""),
    ("repos_url", "/repos"),
    ("events_url", "/events"),
    ("hooks_url", "/hooks"),
    ("issues_url", "/issues"),
    ("members_url", "/members{/member}"),
    ("public_members_url", "/public_members{/member}"),
];

/// Someone who did something or owns something, an organisation included.
#[derive(Serialize)]
pub(crate) struct UserJson<'a> {
    login: &'a str,
    id: u64,
    node_id: String,
    avatar_url: String,
    gravatar_id: &'static str,
    html_url: String,
    #[serde(flatten)]
    links: Links,
    r#type: &'static str,
    site_admin: bool,
}

impl<'a> UserJson<'a> {
    pub(crate) fn new(hosts: &Hosts, account: &'a Account) -> Self {
        Self {
            login: &account.login,
            id: account.id,
            node_id: node_id("U", account.id),
            avatar_url: avatar_url(account),
            gravatar_id: "",
            html_url: format!("{}/{}", hosts.web, account.login),
            links: Links {
                base: format!("{}/users/{}", hosts.api, account.login),
                table: USER_LINKS,
            },
            r#type: account.kind.as_str(),
            site_admin: false,
        }
    }
}

/// The organisation that the repository belongs to.
#[derive(Serialize)]
pub(crate) struct OrganizationJson<'a> {
    login: &'a str,
    id: u64,
    node_id: String,
    #[serde(flatten)]
    links: Links,
    avatar_url: String,
    description: &'static str,
}

impl<'a> OrganizationJson<'a> {
    pub(crate) fn new(hosts: &Hosts, account: &'a Account) -> Self {
        Self {
            login: &account.login,
            id: account.id,
            node_id: node_id("O", account.id),
            links: Links {
                base: format!("{}/orgs/{}", hosts.api, account.login),
                table: ORGANIZATION_LINKS,
            },
            avatar_url: avatar_url(account),
            description: "",
        }
    }
}

fn avatar_url(account: &Account) -> String {
    format!("https://avatars.githubusercontent.com/u/{}?v=4", account.id)
}

//! Repositories, in full and as runs carry them.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::account::UserJson;
use super::link::{Links, Table};
use super::node_id;
use crate::github::host::Hosts;
use crate::github::id::RepositoryId;
use crate::github::repository::Repository;

const LINKS: Table = &[
    ("url", ""),
    ("forks_url", "/forks"),
    ("keys_url", "/keys{/key_id}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("teams_url", "/teams"),
    ("hooks_url", "/hooks"),
    ("issue_events_url", "/issues/events{/number}"),
    ("events_url", "/events"),
    ("assignees_url", "/assignees{/user}"),
    ("branches_url", "/branches{/branch}"),
    ("tags_url", "/tags"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("trees_url", "/git/trees{/sha}"),
    ("statuses_url", "/statuses/{sha}"),
    ("languages_url", "/languages"),
    ("stargazers_url", "/stargazers"),
    ("contributors_url", "/contributors"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("commits_url", "/commits{/sha}"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("comments_url", "/comments{/number}"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("contents_url", "/contents/{+path}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("merges_url", "/merges"),
    ("archive_url", "/{archive_format}{/ref}"),
    ("downloads_url", "/downloads"),
    ("issues_url", "/issues{/number}"),
    ("pulls_url", "/pulls{/number}"),
    ("milestones_url", "/milestones{/number}"),
    (
        "notifications_url",
        "/notifications{?since,all,participating}",
    ),
    ("labels_url", "/labels{/name}"),
    ("releases_url", "/releases{/id}"),
    ("deployments_url", "/deployments"),
];

/// A repository as a run carries it: no more than where it is and what is below it.
#[derive(Serialize)]
struct MinimalRepositoryJson<'a> {
    id: RepositoryId,
    node_id: String,
    name: &'a str,
    full_name: String,
    private: bool,
    owner: UserJson<'a>,
    html_url: String,
    description: Option<&'a str>,
    fork: bool,
    #[serde(flatten)]
    links: Links,
}

impl<'a> MinimalRepositoryJson<'a> {
    fn new(hosts: &Hosts, repository: &'a Repository) -> Self {
        let full_name = repository.full_name();
        Self {
            id: repository.id,
            node_id: node_id("R", repository.id.0),
            name: &repository.name,
            private: repository.private,
            owner: UserJson::new(hosts, &repository.owner),
            html_url: format!("{}/{full_name}", hosts.web),
            description: Some(repository.description.as_str()).filter(|text| !text.is_empty()),
            fork: repository.fork,
            links: Links {
                base: format!("{}/repos/{full_name}", hosts.api),
                table: LINKS,
            },
            full_name,
        }
    }
}

/// A repository as it stands at the top level of every event.
#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "GitHub sends as many")]
pub(crate) struct RepositoryJson<'a> {
    #[serde(flatten)]
    minimal: MinimalRepositoryJson<'a>,
    created_at: Timestamp,
    updated_at: Timestamp,
    pushed_at: Timestamp,
    git_url: String,
    ssh_url: String,
    clone_url: String,
    svn_url: String,
    homepage: Option<&'static str>,
    size: u32,
    stargazers_count: u32,
    watchers_count: u32,
    language: &'static str,
    has_issues: bool,
    has_projects: bool,
    has_downloads: bool,
    has_wiki: bool,
    has_pages: bool,
    has_discussions: bool,
    forks_count: u32,
    mirror_url: Option<&'static str>,
    archived: bool,
    disabled: bool,
    open_issues_count: u32,
    license: Option<LicenseJson>,
    allow_forking: bool,
    is_template: bool,
    web_commit_signoff_required: bool,
    topics: [&'static str; 0],
    visibility: &'static str,
    forks: u32,
    open_issues: u32,
    watchers: u32,
    default_branch: &'a str,
    custom_properties: Map<String, Value>,
}

impl<'a> RepositoryJson<'a> {
    pub(crate) fn new(hosts: &Hosts, repository: &'a Repository) -> Self {
        let full_name = repository.full_name();
        let counts = Counts::of(repository);
        Self {
            minimal: MinimalRepositoryJson::new(hosts, repository),
            created_at: repository.created_at,
            updated_at: repository.updated_at.max(repository.pushed_at),
            pushed_at: repository.pushed_at,
            git_url: format!("git://{}/{full_name}.git", hosts.name()),
            ssh_url: format!("git@{}:{full_name}.git", hosts.name()),
            clone_url: format!("{}/{full_name}.git", hosts.web),
            svn_url: format!("{}/{full_name}", hosts.web),
            homepage: None,
            size: counts.kilobytes,
            stargazers_count: counts.stars,
            watchers_count: counts.stars,
            language: repository.language,
            has_issues: true,
            has_projects: true,
            has_downloads: true,
            has_wiki: false,
            has_pages: false,
            has_discussions: false,
            forks_count: counts.forks,
            mirror_url: None,
            archived: repository.archived,
            disabled: false,
            open_issues_count: counts.issues,
            license: (!repository.private).then_some(APACHE),
            allow_forking: !repository.private,
            is_template: false,
            web_commit_signoff_required: false,
            topics: [],
            visibility: repository.visibility(),
            forks: counts.forks,
            open_issues: counts.issues,
            watchers: counts.stars,
            default_branch: &repository.default_branch,
            custom_properties: Map::new(),
        }
    }
}

impl Repository {
    /// The JSON of it as runs carry it.
    pub(super) fn minimal_json(&self, hosts: &Hosts) -> Cow<'_, RawValue> {
        let json = || MinimalRepositoryJson::new(hosts, self);
        self.minimal_json.get(hosts, json)
    }

    /// The JSON of it as events carry it.
    pub(super) fn json(&self, hosts: &Hosts) -> Cow<'_, RawValue> {
        self.json.get(hosts, || RepositoryJson::new(hosts, self))
    }
}

/// Numbers that nobody reads, but that a real payload has; made from the id so that they stay.
struct Counts {
    stars: u32,
    forks: u32,
    issues: u32,
    kilobytes: u32,
}

impl Counts {
    fn of(repository: &Repository) -> Self {
        let mut rng = fastrand::Rng::with_seed(repository.id.0);
        let popular = if repository.private { 1 } else { 900 };
        Self {
            stars: rng.u32(..popular),
            forks: rng.u32(..popular.div_ceil(10)),
            issues: rng.u32(..60),
            kilobytes: rng.u32(400..90_000),
        }
    }
}

#[derive(Serialize)]
struct LicenseJson {
    key: &'static str,
    name: &'static str,
    spdx_id: &'static str,
    url: &'static str,
    node_id: &'static str,
}

const APACHE: LicenseJson = LicenseJson {
    key: "apache-2.0",
    name: "Apache License 2.0",
    spdx_id: "Apache-2.0",
    url: "https://api.github.com/licenses/apache-2.0",
    node_id: "MDc6TGljZW5zZTI=",
};

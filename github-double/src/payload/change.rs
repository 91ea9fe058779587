//! The bodies of webhooks: what happened, in what it happened, and through whom.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;

use super::account::{OrganizationJson, UserJson};
use super::app::HookJson;
use super::installation::{InstallationIdJson, InstallationJson, ListedRepositoryJson};
use super::time::TimeStyle;
use super::workflow::WorkflowJson;
use super::workflow_job::WorkflowJobJson;
use super::workflow_run::WorkflowRunJson;
use super::write;
use crate::github::account::{Account, AccountKind};
use crate::github::app::App;
use crate::github::change::{Change, InstallationSnapshot, RepositoryEdit, Subject};
use crate::github::installation::Selection;
use crate::github::repository::Repository;

/// Writes the body of the webhook that tells of a change.
pub(crate) fn event(change: &Change) -> Vec<u8> {
    match &change.subject {
        Subject::Run(run) => {
            let view = run.view(&change.hosts);
            let subject = RunJson {
                workflow_run: WorkflowRunJson::new(&view),
                workflow: WorkflowJson::of_run(&view),
            };
            in_repository(change, &run.repository, subject)
        }
        Subject::Job(run, job) => {
            let workflow_job = WorkflowJobJson::new(&run.view(&change.hosts), job);
            in_repository(change, &run.repository, JobJson { workflow_job })
        }
        Subject::Repository(repository, edit) => {
            let changes = ChangesJson::of_repository(change, edit);
            in_repository(change, repository, EditJson { changes })
        }
        Subject::Installation(snapshot, repositories) => {
            let subject = InstallationEventJson::new(change, snapshot, repositories);
            write(&Envelope::new(change, subject))
        }
        Subject::InstallationRepositories(snapshot, repositories) => {
            let subject = SelectionEventJson::new(change, snapshot, repositories);
            write(&Envelope::new(change, subject))
        }
        Subject::InstallationTarget(account, from) => write(&Envelope::new(
            change,
            TargetJson::new(change, account, from),
        )),
        Subject::Authorization => write(&Envelope::new(change, NothingJson {})),
        Subject::Ping(app) => write(&PingJson::new(change, app)),
    }
}

/// Writes what happened in a repository.
fn in_repository(change: &Change, repository: &Repository, subject: impl Serialize) -> Vec<u8> {
    let hosts = &*change.hosts;
    let owner = &repository.owner;
    let is_organization = owner.kind == AccountKind::Organization;
    let subject = InRepositoryJson {
        subject,
        repository: repository.json(hosts),
        organization: is_organization.then(|| OrganizationJson::new(hosts, owner)),
        installation: change.installation.map(InstallationIdJson::new),
    };
    write(&Envelope::new(change, subject))
}

#[derive(Serialize)]
struct Envelope<'a, S> {
    action: &'a str,
    #[serde(flatten)]
    subject: S,
    sender: UserJson<'a>,
}

impl<'a, S> Envelope<'a, S> {
    fn new(change: &'a Change, subject: S) -> Self {
        Self {
            action: change.action,
            subject,
            sender: UserJson::new(&change.hosts, &change.sender),
        }
    }
}

#[derive(Serialize)]
struct InRepositoryJson<'a, S> {
    #[serde(flatten)]
    subject: S,
    repository: Cow<'a, RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<OrganizationJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    installation: Option<InstallationIdJson>,
}

#[derive(Serialize)]
struct RunJson<'a> {
    workflow_run: WorkflowRunJson<'a>,
    workflow: WorkflowJson<'a>,
}

#[derive(Serialize)]
struct JobJson<'a> {
    workflow_job: WorkflowJobJson<'a>,
}

#[derive(Serialize)]
struct EditJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<ChangesJson<'a>>,
}

/// What something was before.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum ChangesJson<'a> {
    Repository { name: From<&'a str> },
    DefaultBranch(From<&'a str>),
    Owner(From<OwnerJson<'a>>),
    Login(From<&'a str>),
}

#[derive(Serialize)]
struct From<T> {
    from: T,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum OwnerJson<'a> {
    User(UserJson<'a>),
    Organization(OrganizationJson<'a>),
}

impl<'a> ChangesJson<'a> {
    fn of_repository(change: &Change, edit: &'a RepositoryEdit) -> Option<Self> {
        let hosts = &change.hosts;
        Some(match edit {
            RepositoryEdit::None => return None,
            RepositoryEdit::Name(name) => Self::Repository {
                name: From { from: name },
            },
            RepositoryEdit::DefaultBranch(branch) => Self::DefaultBranch(From { from: branch }),
            RepositoryEdit::Owner(owner) => Self::Owner(From {
                from: match owner.kind {
                    AccountKind::Organization => {
                        OwnerJson::Organization(OrganizationJson::new(hosts, owner))
                    }
                    AccountKind::User | AccountKind::Bot => {
                        OwnerJson::User(UserJson::new(hosts, owner))
                    }
                },
            }),
        })
    }
}

#[derive(Serialize)]
struct InstallationEventJson<'a> {
    installation: InstallationJson<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repositories: Option<Vec<ListedRepositoryJson<'a>>>,
    requester: Option<UserJson<'a>>,
}

impl<'a> InstallationEventJson<'a> {
    fn new(
        change: &'a Change,
        snapshot: &'a InstallationSnapshot,
        repositories: &'a [Arc<Repository>],
    ) -> Self {
        let lists = !matches!(change.action, "suspend" | "unsuspend");
        Self {
            installation: installation(change, snapshot),
            repositories: lists.then(|| listed(repositories)),
            requester: None,
        }
    }
}

#[derive(Serialize)]
struct SelectionEventJson<'a> {
    installation: InstallationJson<'a>,
    repository_selection: Selection,
    repositories_added: Vec<ListedRepositoryJson<'a>>,
    repositories_removed: Vec<ListedRepositoryJson<'a>>,
    requester: Option<UserJson<'a>>,
}

impl<'a> SelectionEventJson<'a> {
    fn new(
        change: &'a Change,
        snapshot: &'a InstallationSnapshot,
        repositories: &'a [Arc<Repository>],
    ) -> Self {
        let (added, removed) = match change.action {
            "added" => (listed(repositories), Vec::new()),
            _ => (Vec::new(), listed(repositories)),
        };
        Self {
            installation: installation(change, snapshot),
            repository_selection: snapshot.installation.selection,
            repositories_added: added,
            repositories_removed: removed,
            requester: None,
        }
    }
}

fn installation<'a>(
    change: &'a Change,
    snapshot: &'a InstallationSnapshot,
) -> InstallationJson<'a> {
    let InstallationSnapshot { app, installation } = snapshot;
    InstallationJson::new(&change.hosts, app, installation, TimeStyle::Seconds)
}

fn listed(repositories: &[Arc<Repository>]) -> Vec<ListedRepositoryJson<'_>> {
    let repositories = repositories.iter();
    repositories
        .map(|it| ListedRepositoryJson::new(it))
        .collect()
}

#[derive(Serialize)]
struct TargetJson<'a> {
    account: UserJson<'a>,
    changes: ChangesJson<'a>,
    target_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<OrganizationJson<'a>>,
    installation: Option<InstallationIdJson>,
}

impl<'a> TargetJson<'a> {
    fn new(change: &'a Change, account: &'a Account, from: &'a str) -> Self {
        let hosts = &*change.hosts;
        let is_organization = account.kind == AccountKind::Organization;
        Self {
            account: UserJson::new(hosts, account),
            changes: ChangesJson::Login(From { from }),
            target_type: account.kind.as_str(),
            organization: is_organization.then(|| OrganizationJson::new(hosts, account)),
            installation: change.installation.map(InstallationIdJson::new),
        }
    }
}

#[derive(Serialize)]
struct NothingJson {}

/// The one event without an action.
#[derive(Serialize)]
struct PingJson<'a> {
    zen: &'static str,
    hook_id: u64,
    hook: HookJson<'a>,
}

impl<'a> PingJson<'a> {
    fn new(change: &'a Change, app: &'a App) -> Self {
        Self {
            zen: "Say what happened, once, in order.",
            hook_id: app.hook.id,
            hook: HookJson::new(&change.hosts, app),
        }
    }
}

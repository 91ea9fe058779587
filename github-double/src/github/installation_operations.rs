//! What can happen to an installation.

use std::sync::Arc;

use super::GitHub;
use super::account::Account;
use super::change::{InstallationSnapshot, Subject};
use super::id::{AppId, InstallationId, RepositoryId};
use super::installation::{Installation, Selection};
use super::repository::Repository;

impl GitHub {
    /// Installs an App on an account, on all repositories or on some: `installation.created`.
    pub fn install(
        &mut self,
        app: AppId,
        account: &Arc<Account>,
        selection: Selection,
        repositories: &[RepositoryId],
    ) -> InstallationId {
        let id = self.ids.installation(&mut self.rng);
        let it = &self.apps[&app];
        let installation = Installation {
            id,
            app,
            account: Arc::clone(account),
            selection,
            repositories: match selection {
                Selection::All => [].into(),
                Selection::Selected => repositories.iter().copied().collect(),
            },
            suspended_at: None,
            suspended_by: None,
            permissions: it.permissions.clone(),
            events: it.events.clone(),
            created_at: self.now(),
            updated_at: self.now(),
        };
        self.installations.insert(id, Arc::new(installation));
        self.tell_of_installation(id, "created");
        id
    }

    /// Takes the App off the account: `installation.deleted`.
    pub fn uninstall(&mut self, id: InstallationId) {
        self.tell_of_installation(id, "deleted");
        self.installations.remove(&id);
    }

    /// Suspends the App on the account, until it is unsuspended: `installation.suspend`.
    pub fn suspend(&mut self, id: InstallationId) {
        let (now, account) = (self.now(), Arc::clone(&self.installations[&id].account));
        let by = Arc::clone(self.administrator_of(&account));
        self.edit_installation(id, |installation| {
            installation.suspended_at = Some(now);
            installation.suspended_by = Some(by);
        });
        self.tell_of_installation(id, "suspend");
    }

    /// Lets the App back in: `installation.unsuspend`.
    pub fn unsuspend(&mut self, id: InstallationId) {
        self.edit_installation(id, |installation| {
            installation.suspended_at = None;
            installation.suspended_by = None;
        });
        self.tell_of_installation(id, "unsuspend");
    }

    /// Gives the App what it asks for by now: `installation.new_permissions_accepted`.
    pub fn accept_permissions(&mut self, id: InstallationId) {
        let app = Arc::clone(&self.apps[&self.installations[&id].app]);
        self.edit_installation(id, |installation| {
            installation.permissions.clone_from(&app.permissions);
            installation.events.clone_from(&app.events);
        });
        self.tell_of_installation(id, "new_permissions_accepted");
    }

    /// Adds repositories to a selection: `installation_repositories.added`.
    pub fn add_repositories(&mut self, id: InstallationId, repositories: &[RepositoryId]) {
        self.edit_installation(id, |installation| {
            installation.repositories.extend(repositories);
        });
        self.tell_of_repositories(id, "added", self.snapshots(repositories));
    }

    /// Takes repositories out of a selection: `installation_repositories.removed`.
    pub fn remove_repositories(&mut self, id: InstallationId, repositories: &[RepositoryId]) {
        self.edit_installation(id, |installation| {
            installation
                .repositories
                .retain(|it| !repositories.contains(it));
        });
        self.tell_of_repositories(id, "removed", self.snapshots(repositories));
    }

    /// Selects all repositories, the later ones included, or exactly some:
    /// `installation_repositories.added` of those that come in, `.removed` of those that go.
    pub fn select_repositories(
        &mut self,
        id: InstallationId,
        selection: Selection,
        repositories: &[RepositoryId],
    ) {
        let ids = |github: &Self| -> Vec<_> {
            let repositories = github.repositories_of(id).into_iter();
            repositories.map(|it| it.id).collect()
        };
        let before = ids(self);
        self.edit_installation(id, |installation| {
            installation.selection = selection;
            installation.repositories = match selection {
                Selection::All => [].into(),
                Selection::Selected => repositories.iter().copied().collect(),
            };
        });
        let after = ids(self);
        let without = |some: &[RepositoryId], others: &[RepositoryId]| -> Vec<RepositoryId> {
            let rest = some.iter().filter(|it| !others.contains(it));
            rest.copied().collect()
        };
        for (action, changed) in [
            ("added", without(&after, &before)),
            ("removed", without(&before, &after)),
        ] {
            if !changed.is_empty() {
                self.tell_of_repositories(id, action, self.snapshots(&changed));
            }
        }
    }

    pub(super) fn edit_installation(
        &mut self,
        id: InstallationId,
        edit: impl FnOnce(&mut Installation),
    ) {
        let now = self.now();
        let installation = self.installations.get_mut(&id);
        let installation = installation.expect("the id is of an installation of this GitHub");
        let installation = Arc::make_mut(installation);
        edit(installation);
        installation.updated_at = now;
    }

    fn tell_of_installation(&mut self, id: InstallationId, action: &'static str) {
        let repositories = match action {
            "suspend" | "unsuspend" => Vec::new(),
            _ => {
                let most = self.assumptions.installation_lists_at_most;
                let seen = self.repositories_of(id).into_iter();
                let listed = seen.take(most.unwrap_or(usize::MAX)).map(|it| it.id);
                self.snapshots(&listed.collect::<Vec<_>>())
            }
        };
        let subject = Subject::Installation(self.installation_snapshot(id), repositories);
        self.tell_installation(id, action, subject);
    }

    /// Tells of repositories that came into an installation or left it.
    pub(super) fn tell_of_repositories(
        &mut self,
        id: InstallationId,
        action: &'static str,
        repositories: Vec<Arc<Repository>>,
    ) {
        let snapshot = self.installation_snapshot(id);
        if snapshot.installation.is_active() {
            let subject = Subject::InstallationRepositories(snapshot, repositories);
            self.tell_installation(id, action, subject);
        }
    }

    pub(super) fn tell_installation(
        &mut self,
        id: InstallationId,
        action: &'static str,
        subject: Subject,
    ) {
        let installation = Arc::clone(&self.installations[&id]);
        let sender = Arc::clone(self.administrator_of(&installation.account));
        self.tell_app(installation.app, Some(id), &sender, action, subject);
    }

    fn installation_snapshot(&self, id: InstallationId) -> InstallationSnapshot {
        let installation = Arc::clone(&self.installations[&id]);
        InstallationSnapshot {
            app: Arc::clone(&self.apps[&installation.app]),
            installation,
        }
    }

    fn snapshots(&self, repositories: &[RepositoryId]) -> Vec<Arc<Repository>> {
        let known = repositories
            .iter()
            .filter_map(|id| self.repositories.get(id));
        known.map(Arc::clone).collect()
    }
}

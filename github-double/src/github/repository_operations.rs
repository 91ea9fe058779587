//! What can happen to a repository.

use std::sync::Arc;

use super::GitHub;
use super::account::Account;
use super::change::{RepositoryEdit, Subject};
use super::id::{InstallationId, RepositoryId, RunId};
use super::installation::Selection;
use super::repository::Repository;

impl GitHub {
    /// Creates a public repository whose default branch is `main`: `repository.created`, and
    /// `installation_repositories.added` of installations on all repositories.
    pub fn create_repository_of(&mut self, owner: &Arc<Account>, name: &str) -> RepositoryId {
        let id = self.insert_repository(owner, name);
        if self.assumptions.creation_adds_to_installations {
            self.tell_of_arrival(id);
        }
        self.tell_of_repository(id, "created", RepositoryEdit::None);
        id
    }

    /// Renames it: `repository.renamed`. Its former name leads to it, until another one takes it.
    pub fn rename_repository(&mut self, id: RepositoryId, name: &str) {
        self.remember_name(id);
        let mut former = String::new();
        self.edit_repository(id, |repository| {
            former = std::mem::replace(&mut repository.name, name.to_owned());
        });
        self.tell_of_repository(id, "renamed", RepositoryEdit::Name(former));
    }

    /// Gives it to another owner: `repository.transferred`, which the old owner's installations
    /// are not told of.
    pub fn transfer_repository(&mut self, id: RepositoryId, to: &Arc<Account>) {
        self.remember_name(id);
        let left = self.leave_installations(id);
        let mut former = Arc::clone(to);
        self.edit_repository(id, |repository| {
            std::mem::swap(&mut repository.owner, &mut former);
        });
        if self.assumptions.transfer_removes_from_installations {
            self.tell_of_departure(left, &Arc::clone(&self.repositories[&id]));
        }
        if self.assumptions.creation_adds_to_installations {
            self.tell_of_arrival(id);
        }
        self.tell_of_repository(id, "transferred", RepositoryEdit::Owner(former));
    }

    /// Hides it from strangers: `repository.privatized`.
    pub fn privatize(&mut self, id: RepositoryId) {
        self.edit_repository(id, |repository| repository.private = true);
        self.tell_of_repository(id, "privatized", RepositoryEdit::None);
    }

    /// Shows it to everyone: `repository.publicized`.
    pub fn publicize(&mut self, id: RepositoryId) {
        self.edit_repository(id, |repository| repository.private = false);
        self.tell_of_repository(id, "publicized", RepositoryEdit::None);
    }

    /// Makes it read-only: `repository.archived`.
    pub fn archive(&mut self, id: RepositoryId) {
        self.edit_repository(id, |repository| repository.archived = true);
        self.tell_of_repository(id, "archived", RepositoryEdit::None);
    }

    /// Opens it again: `repository.unarchived`.
    pub fn unarchive(&mut self, id: RepositoryId) {
        self.edit_repository(id, |repository| repository.archived = false);
        self.tell_of_repository(id, "unarchived", RepositoryEdit::None);
    }

    /// Makes another branch the one that counts: `repository.edited`.
    pub fn edit_default_branch(&mut self, id: RepositoryId, branch: &str) {
        let mut former = String::new();
        self.edit_repository(id, |repository| {
            former = std::mem::replace(&mut repository.default_branch, branch.to_owned());
        });
        self.tell_of_repository(id, "edited", RepositoryEdit::DefaultBranch(former));
    }

    /// Deletes it with all that is in it. Apps get no `repository.deleted`.
    pub fn delete_repository(&mut self, id: RepositoryId) {
        let left = self.leave_installations(id);
        let Some(repository) = self.repositories.remove(&id) else {
            return;
        };
        self.former_names.retain(|_, repository| *repository != id);
        for run in self.runs_by_repository.remove(&id).unwrap_or_default() {
            self.forget_run(run);
        }
        self.workflows
            .retain(|_, workflow| workflow.repository != id);
        if self.assumptions.deletion_removes_from_installations {
            self.tell_of_departure(left, &repository);
        }
    }

    fn forget_run(&mut self, run: RunId) {
        let attempts = self.runs.remove(&run).map(|record| record.attempts);
        for attempt in attempts.unwrap_or_default() {
            for job in &attempt.jobs {
                self.jobs.remove(job);
            }
        }
    }

    fn edit_repository(&mut self, id: RepositoryId, edit: impl FnOnce(&mut Repository)) {
        let now = self.now();
        let repository = self.repository_mut(id);
        edit(repository);
        repository.updated_at = now;
        let name = repository.full_name().to_lowercase();
        self.former_names.remove(&name);
    }

    pub(super) fn remember_name(&mut self, id: RepositoryId) {
        let name = self.repository(id).full_name().to_lowercase();
        self.former_names.insert(name, id);
    }

    /// Takes it out of the installations that see it, and gives these.
    fn leave_installations(&mut self, id: RepositoryId) -> Vec<InstallationId> {
        let covering = self.installations_covering(id);
        for installation in &covering {
            self.edit_installation(*installation, |installation| {
                installation.repositories.remove(&id);
            });
        }
        covering
    }

    fn installations_covering(&self, id: RepositoryId) -> Vec<InstallationId> {
        let Some(repository) = self.repositories.get(&id) else {
            return Vec::new();
        };
        let covering = self.installations().filter(|it| it.covers(repository));
        covering.map(|it| it.id).collect()
    }

    fn tell_of_departure(&mut self, from: Vec<InstallationId>, repository: &Arc<Repository>) {
        for installation in from {
            self.tell_of_repositories(installation, "removed", vec![Arc::clone(repository)]);
        }
    }

    fn tell_of_arrival(&mut self, id: RepositoryId) {
        let on_all = |it: &InstallationId| self.installations[it].selection == Selection::All;
        let covering = self.installations_covering(id).into_iter().filter(on_all);
        for installation in covering.collect::<Vec<_>>() {
            let repository = Arc::clone(&self.repositories[&id]);
            self.tell_of_repositories(installation, "added", vec![repository]);
        }
    }

    fn tell_of_repository(&mut self, id: RepositoryId, action: &'static str, edit: RepositoryEdit) {
        let repository = Arc::clone(&self.repositories[&id]);
        let sender = Arc::clone(self.administrator_of(&repository.owner));
        let subject = Subject::Repository(Arc::clone(&repository), edit);
        self.tell_of(&repository, &sender, action, &subject);
    }
}

//! What can happen to an account.

use std::sync::Arc;

use super::GitHub;
use super::account::Account;
use super::change::Subject;
use super::id::{InstallationId, RepositoryId};
use super::repository::Repository;

impl GitHub {
    /// Gives an account another login: `installation_target.renamed`. The former names of its
    /// repositories lead to them.
    pub fn rename_account(&mut self, account: &Arc<Account>, login: &str) -> Arc<Account> {
        for repository in self.owned_by(account) {
            self.remember_name(repository);
        }
        let renamed = Arc::new(Account {
            login: login.to_owned(),
            ..Account::clone(account)
        });
        let former = self.accounts.insert(renamed.id, Arc::clone(&renamed));
        let former = former.map_or_else(|| account.login.clone(), |it| it.login.clone());
        self.replace_everywhere(&renamed);
        for installation in self.told_of(&renamed) {
            let subject = Subject::InstallationTarget(Arc::clone(&renamed), former.clone());
            self.tell_installation(installation, "renamed", subject);
        }
        renamed
    }

    fn owned_by(&self, account: &Account) -> Vec<RepositoryId> {
        let repositories = self.repositories();
        let owned = repositories.filter(|it| it.owner.id == account.id);
        owned.map(|it| it.id).collect()
    }

    fn told_of(&self, account: &Account) -> Vec<InstallationId> {
        let installations = self.installations();
        let here = installations.filter(|it| it.account.id == account.id && it.is_active());
        here.map(|it| it.id).collect()
    }

    /// GitHub shows people under their logins of today, even in what they did long ago.
    fn replace_everywhere(&mut self, renamed: &Arc<Account>) {
        let replace = |account: &mut Arc<Account>| {
            if account.id == renamed.id {
                *account = Arc::clone(renamed);
            }
        };
        replace(&mut self.organization);
        replace(&mut self.administrator);
        for app in self.apps.values_mut() {
            replace(&mut Arc::make_mut(app).owner);
        }
        for installation in self.installations.values_mut() {
            replace(&mut Arc::make_mut(installation).account);
        }
        for repository in self
            .repositories
            .values_mut()
            .chain(self.forks.values_mut())
        {
            replace(&mut Repository::edit(repository).owner);
        }
        for record in self.runs.values_mut() {
            let run = Arc::make_mut(&mut record.run);
            replace(&mut run.actor);
            replace(&mut run.commit.author);
            for attempt in &mut record.attempts {
                replace(&mut attempt.triggering_actor);
            }
        }
    }
}

//! Who may do what with a repository.

use std::sync::Arc;

use super::GitHub;
use super::account::Account;
use super::id::RepositoryId;

/// What somebody may do with a repository; more than the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// See it.
    Read,
    /// Push to it and re-run its workflows.
    Write,
    /// Everything.
    Admin,
}

impl GitHub {
    /// Lets a person do something with a repository.
    pub fn grant(&mut self, person: &Arc<Account>, repository: RepositoryId, may: Permission) {
        self.grants.insert((repository, person.id), may);
    }

    /// Takes back what a person was granted; public repositories stay readable.
    pub fn revoke(&mut self, person: &Arc<Account>, repository: RepositoryId) {
        self.grants.remove(&(repository, person.id));
    }

    /// What a person may do with a repository, if anything.
    pub fn can(&self, person: &Account, repository: RepositoryId) -> Option<Permission> {
        let public = self
            .repositories
            .get(&repository)
            .is_some_and(|it| !it.private);
        let granted = self.granted(person, repository);
        granted.or(public.then_some(Permission::Read))
    }

    /// What a person may do with a repository because it is theirs or they were let, and not only
    /// because everybody may.
    pub fn granted(&self, person: &Account, repository: RepositoryId) -> Option<Permission> {
        let it = self.repositories.get(&repository)?;
        let owns = it.owner.id == person.id;
        if owns || person.id == self.administrator_of(&it.owner).id {
            return Some(Permission::Admin);
        }
        self.grants.get(&(repository, person.id)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_read_what_is_public_and_nothing_else() {
        let mut github = GitHub::new("acme", 7, jiff::Timestamp::UNIX_EPOCH);
        let repository = github.create_repository("api");
        let ada = github.create_person("ada", "Ada Example");
        assert_eq!(github.can(&ada, repository), Some(Permission::Read));
        github.repository_mut(repository).private = true;
        assert_eq!(github.can(&ada, repository), None);
    }

    #[test]
    fn what_was_granted_can_be_revoked() {
        let mut github = GitHub::new("acme", 7, jiff::Timestamp::UNIX_EPOCH);
        let repository = github.create_repository("api");
        github.repository_mut(repository).private = true;
        let ada = github.create_person("ada", "Ada Example");
        github.grant(&ada, repository, Permission::Write);
        assert_eq!(github.can(&ada, repository), Some(Permission::Write));
        github.revoke(&ada, repository);
        assert_eq!(github.can(&ada, repository), None);
    }

    #[test]
    fn owners_may_do_everything() {
        let mut github = GitHub::new("acme", 7, jiff::Timestamp::UNIX_EPOCH);
        let ada = github.create_person("ada", "Ada Example");
        let own = github.create_repository_of(&ada, "notes");
        let shared = github.create_repository("api");
        github.repository_mut(own).private = true;
        assert_eq!(github.can(&ada, own), Some(Permission::Admin));
        let owner = github.administrator().clone();
        assert_eq!(github.can(&owner, shared), Some(Permission::Admin));
        assert_eq!(github.can(&owner, own), None);
    }
}

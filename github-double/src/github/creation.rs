//! What is there before anything happens: accounts, repositories, workflows, commits.

use std::sync::Arc;

use super::GitHub;
use super::account::{Account, AccountKind};
use super::commit::Commit;
use super::id::{RepositoryId, WorkflowId};
use super::repository::Repository;
use super::workflow::{CancelInProgress, Workflow};
use crate::payload::written::Written;

impl GitHub {
    /// Adds a person, who signs commits with `name`.
    pub fn create_person(&mut self, login: &str, name: &str) -> Arc<Account> {
        self.create_account(login, name, AccountKind::User)
    }

    /// Adds a bot; its login should end in `[bot]`.
    pub fn create_bot(&mut self, login: &str) -> Arc<Account> {
        self.create_account(login, login, AccountKind::Bot)
    }

    /// Adds an organisation beside the first one.
    pub fn create_organization(&mut self, login: &str) -> Arc<Account> {
        self.create_account(login, login, AccountKind::Organization)
    }

    fn create_account(&mut self, login: &str, name: &str, kind: AccountKind) -> Arc<Account> {
        let account = Arc::new(Account {
            id: self.ids.account(&mut self.rng),
            login: login.to_owned(),
            name: name.to_owned(),
            kind,
        });
        self.accounts.insert(account.id, Arc::clone(&account));
        account
    }

    /// Adds a public repository of the first organisation, whose default branch is `main`. It was
    /// there before anyone was told of anything: no App hears of it.
    pub fn create_repository(&mut self, name: &str) -> RepositoryId {
        let owner = Arc::clone(&self.organization);
        self.insert_repository(&owner, name)
    }

    pub(super) fn insert_repository(&mut self, owner: &Arc<Account>, name: &str) -> RepositoryId {
        let id = self.ids.repository(&mut self.rng);
        let repository = Repository {
            id,
            owner: Arc::clone(owner),
            name: name.to_owned(),
            description: String::new(),
            language: "Rust",
            private: false,
            archived: false,
            fork: false,
            default_branch: "main".to_owned(),
            created_at: self.now(),
            updated_at: self.now(),
            pushed_at: self.now(),
            json: Written::default(),
            minimal_json: Written::default(),
        };
        self.former_names
            .remove(&repository.full_name().to_lowercase());
        self.repositories.insert(id, Arc::new(repository));
        id
    }

    /// Adds a workflow.
    pub fn create_workflow(
        &mut self,
        repository: RepositoryId,
        name: &str,
        path: &str,
    ) -> WorkflowId {
        let id = self.ids.workflow(&mut self.rng);
        let workflow = Workflow {
            id,
            repository,
            name: name.to_owned(),
            path: path.to_owned(),
            cancel_in_progress: CancelInProgress::Never,
            earlier_runs: 0,
            created_at: self.now(),
        };
        self.workflows.insert(id, Arc::new(workflow));
        id
    }

    /// Makes a commit, written now.
    pub fn commit(&mut self, author: &Arc<Account>, message: &str) -> Commit {
        Commit {
            sha: self.sha(),
            tree: self.sha(),
            message: message.to_owned(),
            author: Arc::clone(author),
            time: self.now(),
        }
    }

    pub(super) fn sha(&mut self) -> String {
        let mut bytes = [0; 20];
        self.rng.fill(&mut bytes);
        hex::encode(bytes)
    }

    /// The fork that `owner` has of the repository.
    pub(super) fn fork(&mut self, of: RepositoryId, owner: &Arc<Account>) -> Arc<Repository> {
        if let Some(fork) = self.forks.get(&(of, owner.id)) {
            return Arc::clone(fork);
        }
        let fork = Arc::new(Repository {
            id: self.ids.repository(&mut self.rng),
            owner: Arc::clone(owner),
            fork: true,
            created_at: self.now(),
            ..Repository::clone(&self.repositories[&of])
        });
        self.forks.insert((of, owner.id), Arc::clone(&fork));
        fork
    }
}

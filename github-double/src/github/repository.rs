//! A repository.

use std::sync::Arc;

use jiff::Timestamp;

use super::account::Account;
use super::id::RepositoryId;
use crate::payload::written::Written;

/// A repository, or someone's fork of it.
#[derive(Clone, Debug)]
pub struct Repository {
    /// GitHub's id.
    pub id: RepositoryId,
    /// Whose it is.
    pub owner: Arc<Account>,
    /// The name without its owner.
    pub name: String,
    /// The line under its name; may be empty.
    pub description: String,
    /// The language that most of it is written in.
    pub language: &'static str,
    /// Whether only members see it.
    pub private: bool,
    /// Whether it is read-only by its owner's wish.
    pub archived: bool,
    /// Whether it is a fork.
    pub fork: bool,
    /// The branch that counts.
    pub default_branch: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its settings last changed.
    pub updated_at: Timestamp,
    /// When someone last pushed to it.
    pub pushed_at: Timestamp,
    pub(crate) json: Written,
    pub(crate) minimal_json: Written,
}

impl Repository {
    /// Owner and name, such as `acme/api`.
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.owner.login, self.name)
    }

    /// The repository to be changed, without the JSON that shows it unchanged.
    pub(super) fn edit(this: &mut Arc<Self>) -> &mut Self {
        let repository = Arc::make_mut(this);
        repository.json.clear();
        repository.minimal_json.clear();
        repository
    }

    pub(crate) fn visibility(&self) -> &'static str {
        if self.private { "private" } else { "public" }
    }
}

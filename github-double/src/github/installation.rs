//! Installations of Apps.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::account::Account;
use super::app::Permissions;
use super::id::{AppId, InstallationId, RepositoryId};
use super::repository::Repository;

/// An App, installed on the repositories of an account.
#[derive(Clone, Debug)]
pub struct Installation {
    /// GitHub's id.
    pub id: InstallationId,
    /// What is installed.
    pub app: AppId,
    /// Where.
    pub account: Arc<Account>,
    /// Whether on all repositories, the later ones included.
    pub selection: Selection,
    /// On which ones, if not on all.
    pub repositories: BTreeSet<RepositoryId>,
    /// Since when it is suspended.
    pub suspended_at: Option<Timestamp>,
    /// Who suspended it.
    pub suspended_by: Option<Arc<Account>>,
    /// What the account lets the App do.
    pub permissions: Permissions,
    /// The events that the account lets the App have.
    pub events: Vec<String>,
    /// When it was installed.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Which repositories of an account an installation has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Selection {
    /// All, the later ones included.
    All,
    /// Those that were chosen.
    Selected,
}

impl Installation {
    /// Whether the App sees the repository through this installation.
    pub fn covers(&self, repository: &Repository) -> bool {
        self.account.id == repository.owner.id
            && (self.selection == Selection::All || self.repositories.contains(&repository.id))
    }

    /// Whether it is not suspended.
    pub fn is_active(&self) -> bool {
        self.suspended_at.is_none()
    }

    /// Whether the App is told of events of this name, which is not one of those that are always
    /// told.
    pub(super) fn is_told_of(&self, event: &str) -> bool {
        self.is_active() && self.events.iter().any(|name| name == event)
    }
}

//! Installations: through them repositories are seen, or not.

use jiff::Timestamp;

use super::InstallationId;

/// The app as installed on one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Installation {
    /// Which installation.
    pub(crate) id: InstallationId,
    /// What the latest report said.
    pub(crate) facts: InstallationFacts,
}

/// What one report says of an installation.
///
/// The greater one is the later report; what comes after the time only makes
/// the order total.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct InstallationFacts {
    /// As of when it was true.
    pub(crate) update_time: Timestamp,
    /// What became of it.
    pub(crate) state: InstallationState,
    /// The login of the account.
    pub(crate) account: String,
    /// GitHub's id of the account. Zero while unknown.
    pub(crate) account_id: i64,
    /// Whether it sees every repository of the account.
    pub(crate) all_repositories: bool,
    /// What its owner has not granted yet.
    pub(crate) missing_permissions: Vec<String>,
    /// Its page on GitHub. Empty while unknown.
    pub(crate) url: String,
}

/// An installation, and how much it sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InstallationSummary {
    /// The installation.
    pub(crate) installation: Installation,
    /// How many repositories it sees.
    pub(crate) repository_count: i64,
}

/// Whether an installation sees a repository, as of when.
///
/// The greater one wins: the later one, and of one time the one that hides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Link {
    update_time: Timestamp,
    absent: bool,
}

impl Link {
    /// It sees it.
    pub(crate) fn present(update_time: Timestamp) -> Self {
        let absent = false;
        Self {
            update_time,
            absent,
        }
    }

    /// It does not see it.
    pub(crate) fn absent(update_time: Timestamp) -> Self {
        let absent = true;
        Self {
            update_time,
            absent,
        }
    }

    /// Whether it sees it.
    pub(crate) fn is_present(self) -> bool {
        !self.absent
    }

    /// As of when.
    pub(crate) fn update_time(self) -> Timestamp {
        self.update_time
    }
}

/// What became of an installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum InstallationState {
    /// It works.
    Active,
    /// Its owner suspended it.
    Suspended,
    /// It was uninstalled.
    Deleted,
}

impl InstallationState {
    /// Reads the word it is stored as.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Active, Self::Suspended, Self::Deleted]
            .into_iter()
            .find(|state| state.word() == word)
    }

    /// The word it is stored as.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Deleted => "deleted",
        }
    }
}

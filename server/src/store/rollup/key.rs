//! Which rollups a build is part of.

use std::fmt;

use super::default_branch::DefaultBranches;
use crate::model::Ended;

/// What the builds of a rollup have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::store) enum Kind {
    /// Nothing.
    All = 1,
    /// The repository.
    Repository = 2,
    /// A workflow of a repository, by its id and its name at the time.
    Workflow = 3,
    /// A branch of a repository, or of a fork of it.
    Branch = 4,
    /// Who started them, in a repository.
    Actor = 5,
    /// The name of the workflow, in any repository.
    AnyWorkflow = 6,
    /// The name of the branch, in any repository.
    AnyBranch = 7,
    /// That they are of the default branch of their repository.
    DefaultBranch = 8,
}

impl Kind {
    const ALL: [Self; 8] = [
        Self::All,
        Self::Repository,
        Self::Workflow,
        Self::Branch,
        Self::Actor,
        Self::AnyWorkflow,
        Self::AnyBranch,
        Self::DefaultBranch,
    ];

    /// As it is stored.
    pub(super) fn number(self) -> i32 {
        self as i32
    }

    /// Whether it tells repositories apart.
    pub(super) fn has_repository(self) -> bool {
        match self {
            Self::All | Self::AnyWorkflow | Self::AnyBranch | Self::DefaultBranch => false,
            Self::Repository | Self::Workflow | Self::Branch | Self::Actor => true,
        }
    }
}

/// Names a row of rollups.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub(super) kind: i32,
    pub(super) repository: i64,
    pub(super) day: i32,
    pub(super) name: String,
    pub(super) workflow: i64,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = Kind::ALL
            .into_iter()
            .find(|kind| kind.number() == self.kind);
        match kind {
            Some(kind) => write!(f, "{kind:?}")?,
            None => write!(f, "of unknown kind {}", self.kind)?,
        }
        if self.repository != 0 {
            write!(f, " of repository {}", self.repository)?;
        }
        if !self.name.is_empty() {
            write!(f, ", {:?}", self.name)?;
        }
        Ok(())
    }
}

impl Key {
    /// The rollups that a build is part of.
    pub(super) fn of(build: &Ended, branches: &DefaultBranches) -> impl Iterator<Item = Self> {
        let is_default = branches.has(build);
        let kinds = Kind::ALL.into_iter();
        let kinds = kinds.filter(move |kind| *kind != Kind::DefaultBranch || is_default);
        kinds.map(|kind| Self::of_kind(build, kind))
    }

    /// The one of a kind that tells nothing else apart.
    pub(super) fn of_day(kind: Kind, day: i32) -> Self {
        Self {
            kind: kind.number(),
            repository: 0,
            day,
            name: String::new(),
            workflow: 0,
        }
    }

    /// The one of a kind.
    pub(super) fn of_kind(build: &Ended, kind: Kind) -> Self {
        let name = match kind {
            Kind::All | Kind::Repository | Kind::DefaultBranch => "",
            Kind::Workflow | Kind::AnyWorkflow => &build.workflow,
            Kind::Branch | Kind::AnyBranch => &build.branch,
            Kind::Actor => &build.actor,
        };
        Self {
            kind: kind.number(),
            repository: if kind.has_repository() {
                build.repository.0
            } else {
                0
            },
            day: super::day(build.time),
            name: name.to_owned(),
            workflow: if kind == Kind::Workflow {
                build.workflow_id.0
            } else {
                0
            },
        }
    }
}

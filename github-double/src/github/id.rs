//! GitHub's numeric ids, each kind a type of its own.

use std::fmt;

use fastrand::Rng;
use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// Names an App, whatever it is called.
    AppId
}
id! {
    /// Names an App's installation on an account.
    InstallationId
}
id! {
    /// Names a repository through all its renames.
    RepositoryId
}
id! {
    /// Names a workflow, whatever its file and its name are today.
    WorkflowId
}
id! {
    /// Names a run with all its attempts.
    RunId
}
id! {
    /// Names a job of one attempt.
    JobId
}

/// Hands out ids that grow with time and leave gaps, as GitHub's do.
#[derive(Debug)]
pub(super) struct Ids {
    account: u64,
    app: u64,
    hook: u64,
    installation: u64,
    repository: u64,
    workflow: u64,
    run: u64,
    job: u64,
    suite: u64,
    pull_request: u64,
}

impl Ids {
    pub(super) fn new() -> Self {
        Self {
            account: 230_000_000,
            app: 1_230_000,
            hook: 507_000_000,
            installation: 80_000_000,
            repository: 1_020_000_000,
            workflow: 190_000_000,
            run: 21_000_000_000,
            job: 61_000_000_000,
            suite: 52_000_000_000,
            pull_request: 2_900_000_000,
        }
    }

    pub(super) fn account(&mut self, rng: &mut Rng) -> u64 {
        grow(&mut self.account, rng)
    }

    pub(super) fn app(&mut self, rng: &mut Rng) -> AppId {
        AppId(grow(&mut self.app, rng))
    }

    pub(super) fn hook(&mut self, rng: &mut Rng) -> u64 {
        grow(&mut self.hook, rng)
    }

    pub(super) fn installation(&mut self, rng: &mut Rng) -> InstallationId {
        InstallationId(grow(&mut self.installation, rng))
    }

    pub(super) fn repository(&mut self, rng: &mut Rng) -> RepositoryId {
        RepositoryId(grow(&mut self.repository, rng))
    }

    pub(super) fn workflow(&mut self, rng: &mut Rng) -> WorkflowId {
        WorkflowId(grow(&mut self.workflow, rng))
    }

    pub(super) fn run(&mut self, rng: &mut Rng) -> RunId {
        RunId(grow(&mut self.run, rng))
    }

    pub(super) fn job(&mut self, rng: &mut Rng) -> JobId {
        JobId(grow(&mut self.job, rng))
    }

    pub(super) fn suite(&mut self, rng: &mut Rng) -> u64 {
        grow(&mut self.suite, rng)
    }

    pub(super) fn pull_request(&mut self, rng: &mut Rng) -> u64 {
        grow(&mut self.pull_request, rng)
    }
}

fn grow(id: &mut u64, rng: &mut Rng) -> u64 {
    *id += rng.u64(1..=4_000);
    *id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_only_grow() {
        let (mut ids, mut rng) = (Ids::new(), Rng::with_seed(1));
        let runs: Vec<_> = (0..100).map(|_| ids.run(&mut rng)).collect();
        assert!(runs.is_sorted_by(|a, b| a < b));
    }
}

//! Says in the contract's words what GitHub said in its own. Pure, and the only
//! place that knows GitHub's words.

mod installation;
mod job;
pub(crate) mod listed;
mod outcome;
mod repository;
mod run;
mod text;

use lampboard_proto::v1::{Build, Job, Repository};

pub(crate) use crate::time::timestamp;

pub(crate) use self::installation::Effect;
use crate::{
    event::{Event, Id, Kind},
    patterns::Patterns,
};

/// What an event says.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) builds: Vec<Build>,
    pub(crate) jobs: Vec<Job>,
    pub(crate) repositories: Vec<Repository>,
    /// What it says of installations.
    pub(crate) effects: Vec<Effect>,
}

impl Contents {
    /// Lets nothing that is said of repositories be later than when it was heard:
    /// what they are to installations is judged by our clock.
    pub(crate) fn not_after(&mut self, heard: prost_types::Timestamp) {
        let key = |time: &prost_types::Timestamp| (time.seconds, time.nanos);
        for repository in &mut self.repositories {
            let time = repository.update_time.filter(|it| key(it) < key(&heard));
            repository.update_time = time.or(Some(heard));
        }
    }

    /// Leaves out what is about repositories that are not looked at. Whether
    /// something is left, or there was nothing to leave out.
    pub(crate) fn keep(&mut self, patterns: &Patterns) -> bool {
        let before = self.repositories.len();
        self.repositories.retain(|it| patterns.allow(&it.name));
        if self.repositories.len() == before {
            return true;
        }
        let kept: Vec<i64> = self.repositories.iter().map(|it| it.id).collect();
        self.builds.retain(|it| kept.contains(&it.repository_id));
        self.jobs.retain(|it| kept.contains(&it.repository_id));
        !kept.is_empty() || !self.effects.is_empty()
    }
}

/// Why nothing can be made of an event. Names the field, not its value.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("{0} is not a positive integer")]
    Id(&'static str),
    #[error("{0} is not of the form owner/name")]
    FullName(&'static str),
}

/// Makes reports of an event. What the object says counts, whatever the action
/// is: GitHub sends `completed` of a run that is queued.
pub(crate) fn normalize(event: &Event<'_>) -> Result<Contents, Problem> {
    let payload = &event.payload;
    match event.kind {
        Kind::WorkflowRun => run::contents(payload),
        Kind::WorkflowJob => job::contents(payload),
        // There is nothing to know about it any more.
        // There is nothing to know about it any more.
        Kind::Repository if event.action == "deleted" => Ok(Contents::default()),
        Kind::Repository => repository::contents(payload, event.action),
        Kind::Installation => installation::contents(payload, event.action),
        Kind::InstallationRepositories => installation::repositories(payload),
        Kind::InstallationTarget => installation::renamed(payload),
        Kind::GithubAppAuthorization | Kind::Ping | Kind::Other => Ok(Contents::default()),
    }
}

fn required(id: Option<Id>, field: &'static str) -> Result<i64, Problem> {
    match id {
        Some(Id::Given(id)) => Ok(id),
        Some(Id::Malformed) => Err(Problem::Id(field)),
        None => Err(Problem::Missing(field)),
    }
}

/// Reads the number of an attempt. GitHub left it out before it kept attempts
/// apart, and old GitHub Enterprise Servers still do.
fn attempt(id: Option<Id>, field: &'static str) -> Result<i32, Problem> {
    match id {
        None => Ok(1),
        id => i32::try_from(required(id, field)?).map_err(|_| Problem::Id(field)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_an_attempt_that_is_not_said_for_the_first() {
        assert_eq!(attempt(None, "run_attempt"), Ok(1));
        assert_eq!(attempt(Some(Id::Given(3)), "run_attempt"), Ok(3));
    }

    #[test]
    fn does_not_guess_an_attempt() {
        let huge = Id::Given(i64::from(i32::MAX) + 1);
        for id in [Id::Malformed, huge] {
            assert_eq!(
                attempt(Some(id), "run_attempt"),
                Err(Problem::Id("run_attempt"))
            );
        }
    }
}

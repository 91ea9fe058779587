//! Incidents: stretches of red of a workflow on a branch, and what opens and resolves them.

use jiff::Timestamp;

use super::{BuildFacts, BuildId, BuildRecord, Conclusion, Outcome, RepositoryId, WorkflowId};

/// What is red: a workflow on a branch. A fork's branch is its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct IncidentKey {
    pub(crate) repository: RepositoryId,
    pub(crate) workflow: WorkflowId,
    pub(crate) branch: String,
    pub(crate) head_repository: String,
}

impl IncidentKey {
    pub(crate) fn of(repository: RepositoryId, facts: &BuildFacts) -> Self {
        Self {
            repository,
            workflow: facts.workflow_id,
            branch: facts.branch.clone(),
            head_repository: facts.head_repository.clone(),
        }
    }
}

/// What decides which build is the newer one: run number and attempt, whatever arrived or
/// ended first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) run_number: i32,
    pub(crate) run_attempt: i32,
}

impl Place {
    /// Above all builds.
    pub(crate) const MAX: Self = Self {
        run_number: i32::MAX,
        run_attempt: i32::MAX,
    };

    pub(crate) fn of(build: &BuildRecord) -> Self {
        Self {
            run_number: build.facts.run_number,
            run_attempt: build.id.attempt,
        }
    }
}

/// One stretch of red.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Incident {
    /// Identifies it: a UUID.
    pub(crate) id: String,
    pub(crate) key: IncidentKey,
    /// What the workflow was called when it was opened.
    pub(crate) workflow: String,
    /// Its first failure.
    pub(crate) first_failure: BuildId,
    /// Its last failure.
    pub(crate) last_failure: BuildId,
    /// The success that resolved it.
    pub(crate) success: Option<BuildId>,
    /// The last success before it, if one is known.
    pub(crate) last_success: Option<BuildId>,
    /// How many runs failed in it.
    pub(crate) failure_count: i32,
    /// When the first failure ended.
    pub(crate) open_time: Timestamp,
    /// When the success ended.
    pub(crate) resolve_time: Option<Timestamp>,
}

/// How a workflow stands on a branch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The highest build that has decided.
    pub(crate) highest: Option<Place>,
    /// Whether that one failed.
    pub(crate) is_red: bool,
    /// The last success among those that decided.
    pub(crate) last_success: Option<BuildId>,
    /// What is open.
    pub(crate) open: Option<Incident>,
}

/// What a build changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    /// It is the first to fail.
    Opened(Incident),
    /// It fails as the one before it did.
    StillRed(Incident),
    /// It is the first to succeed again.
    Resolved(Incident),
    /// It is one more success.
    StillGreen,
}

impl Edge {
    /// The incident that it is of, if one is.
    pub(crate) fn incident(&self) -> Option<&Incident> {
        match self {
            Self::Opened(incident) | Self::StillRed(incident) | Self::Resolved(incident) => {
                Some(incident)
            }
            Self::StillGreen => None,
        }
    }
}

impl Standing {
    /// Takes in a build that was decided just now: a success or a failure.
    ///
    /// None if a higher one has decided already: then it is only shown.
    pub(crate) fn take(
        &mut self,
        build: &BuildRecord,
        id: impl FnOnce() -> String,
    ) -> Option<Edge> {
        let place = Place::of(build);
        if self.highest.is_some_and(|highest| place < highest) {
            return None;
        }
        let end = build.end_time()?;
        match outcome(build)? {
            Outcome::Neither => None,
            Outcome::Success => {
                (self.highest, self.is_red) = (Some(place), false);
                self.last_success = Some(build.id);
                Some(match self.open.take() {
                    None => Edge::StillGreen,
                    Some(incident) => Edge::Resolved(Incident {
                        success: Some(build.id),
                        // Clocks of several machines: never before it was opened.
                        resolve_time: Some(end.max(incident.open_time)),
                        ..incident
                    }),
                })
            }
            Outcome::Failure => {
                (self.highest, self.is_red) = (Some(place), true);
                Some(self.fail(build, end, id))
            }
        }
    }

    fn fail(&mut self, build: &BuildRecord, end: Timestamp, id: impl FnOnce() -> String) -> Edge {
        let Some(incident) = &mut self.open else {
            let incident = Incident {
                id: id(),
                key: IncidentKey::of(build.id.repository, &build.facts),
                workflow: build.facts.workflow.clone(),
                first_failure: build.id,
                last_failure: build.id,
                success: None,
                last_success: self.last_success,
                failure_count: 1,
                open_time: end,
                resolve_time: None,
            };
            self.open = Some(incident.clone());
            return Edge::Opened(incident);
        };
        let same_run = incident.last_failure.run == build.id.run;
        incident.last_failure = build.id;
        incident.failure_count += i32::from(!same_run);
        Edge::StillRed(incident.clone())
    }
}

/// How a build ended, if it did.
pub(crate) fn outcome(build: &BuildRecord) -> Option<Outcome> {
    build.facts.status.conclusion().map(Conclusion::outcome)
}

/// Whether a build decides how its branch stands.
pub(crate) fn is_decisive(build: &BuildRecord) -> bool {
    matches!(outcome(build), Some(Outcome::Success | Outcome::Failure))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{at, build_id, facts};

    /// The attempt of a run, the number of which is that of the run.
    fn build(run: i32, attempt: i32, word: &str) -> BuildRecord {
        let facts = BuildFacts {
            run_number: run,
            ..facts(word, i64::from(run) * 60)
        };
        BuildRecord::new(build_id(i64::from(run), attempt), facts)
    }

    /// What each of some builds changed, in a letter: opened, red, resolved, green, nothing.
    fn told(builds: &[(i32, i32, &str)]) -> String {
        let mut standing = Standing::default();
        let mut ids = 0;
        let letters = builds.iter().map(|(run, attempt, word)| {
            let edge = standing.take(&build(*run, *attempt, word), || {
                ids += 1;
                ids.to_string()
            });
            match edge {
                Some(Edge::Opened(_)) => 'o',
                Some(Edge::StillRed(_)) => 'r',
                Some(Edge::Resolved(_)) => 'R',
                Some(Edge::StillGreen) => 'g',
                None => '-',
            }
        });
        letters.collect()
    }

    #[test]
    fn the_first_failure_opens_and_the_next_success_resolves() {
        let (red, green) = ("failure", "success");
        for (builds, edges) in [
            (
                &[
                    (1, 1, green),
                    (2, 1, red),
                    (3, 1, "timed_out"),
                    (4, 1, green),
                ][..],
                "gorR",
            ),
            // A run again of the newest run decides, of an older one does not.
            (&[(1, 1, red), (1, 2, green), (1, 3, red)], "oRo"),
            (&[(1, 1, red), (2, 1, red), (1, 2, green)], "or-"),
            // A failure that arrives after a newer success is only shown.
            (&[(2, 1, green), (1, 1, red)], "g-"),
            (
                &[(1, 1, red), (3, 1, red), (2, 1, green), (4, 1, green)],
                "or-R",
            ),
            // What says nothing of the branch.
            (
                &[(1, 1, red), (2, 1, "cancelled"), (3, 1, "skipped")],
                "o--",
            ),
        ] {
            assert_eq!(told(builds), edges, "{builds:?}");
        }
    }

    #[test]
    fn an_incident_knows_its_builds_and_times() {
        let mut standing = Standing::default();
        let id = || "an-id".to_owned();
        standing.take(&build(1, 1, "success"), id);
        standing.take(&build(2, 1, "failure"), id);
        standing.take(&build(2, 2, "failure"), id);
        standing.take(&build(4, 1, "startup_failure"), id);
        let Some(Edge::Resolved(incident)) = standing.take(&build(5, 1, "success"), id) else {
            panic!("a success resolves");
        };
        assert_eq!(incident.first_failure, build_id(2, 1));
        assert_eq!(incident.last_failure, build_id(4, 1));
        assert_eq!(incident.last_success, Some(build_id(1, 1)));
        assert_eq!(incident.success, Some(build_id(5, 1)));
        assert_eq!(incident.failure_count, 2, "an attempt is no further run");
        assert_eq!(incident.open_time, at(120));
        assert_eq!(incident.resolve_time, Some(at(300)));
        assert_eq!(standing.open, None);
    }

    #[test]
    fn a_clock_that_is_behind_makes_no_negative_time_to_recovery() {
        let mut standing = Standing::default();
        let id = || "an-id".to_owned();
        standing.take(&build(20, 1, "failure"), id);
        let mut early = build(21, 1, "success");
        early.first_completed = Some(at(0));
        let Some(Edge::Resolved(incident)) = standing.take(&early, id) else {
            panic!("a success resolves");
        };
        assert_eq!(incident.resolve_time, Some(incident.open_time));
    }
}

//! Attempts in reports as large as the server takes them.

use std::collections::BTreeMap;

use fastrand::Rng;
use jiff::Timestamp;
use lampboard_proto::v1::{BuildKey, ReportRequest, ReportSource, Repository};

use super::{
    runs::{Attempt, Runs, WithJobs},
    world::World,
};

const MOST_BUILDS: usize = 500;
const MOST_JOBS: usize = 5000;

/// Reports of so many attempts.
pub(super) struct Reports<'w> {
    described: BTreeMap<i64, Repository>,
    runs: Runs<'w>,
    wanted: usize,
    made: usize,
    /// What did not go into the last report.
    rest: std::collections::VecDeque<Attempt>,
}

impl<'w> Reports<'w> {
    pub(super) fn new(
        world: &'w World,
        rng: Rng,
        now: Timestamp,
        wanted: usize,
        with_jobs: WithJobs,
        since: Timestamp,
    ) -> Self {
        let repositories = world.repositories.iter();
        Self {
            described: repositories.map(|r| (r.id, r.described(since))).collect(),
            runs: Runs::new(world, rng, now, with_jobs),
            wanted,
            made: 0,
            rest: std::collections::VecDeque::new(),
        }
    }

    fn next_attempt(&mut self) -> Option<Attempt> {
        if self.made >= self.wanted {
            return None;
        }
        if self.rest.is_empty() {
            self.rest
                .extend(self.runs.push(share(self.made, self.wanted)));
        }
        self.made += 1;
        self.rest.pop_front()
    }
}

impl Iterator for Reports<'_> {
    type Item = ReportRequest;

    fn next(&mut self) -> Option<ReportRequest> {
        let mut report = ReportRequest {
            source: ReportSource::Backfill.into(),
            ..ReportRequest::default()
        };
        let mut repositories = BTreeMap::new();
        // A job more than these would not be taken.
        while report.builds.len() < MOST_BUILDS && report.jobs.len() < MOST_JOBS - 10 {
            let Some(attempt) = self.next_attempt() else {
                break;
            };
            let build = &attempt.build;
            repositories.insert(build.repository_id, ());
            if attempt.complete {
                report.complete_builds.push(BuildKey {
                    repository_id: build.repository_id,
                    run_id: build.run_id,
                    run_attempt: build.run_attempt,
                });
            }
            report.jobs.extend(attempt.jobs);
            report.builds.push(attempt.build);
        }
        let described = repositories.keys().filter_map(|id| self.described.get(id));
        report.repositories = described.cloned().collect();
        (!report.builds.is_empty()).then_some(report)
    }
}

fn share(made: usize, wanted: usize) -> f64 {
    let float = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    float(made + 1) / float(wanted.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reports(seed: u64) -> Vec<ReportRequest> {
        let now: Timestamp = "2026-01-31T12:00:00Z".parse().unwrap();
        let mut rng = Rng::with_seed(seed);
        let world = World::new(&mut rng);
        Reports::new(&world, rng, now, 1234, WithJobs::All, now).collect()
    }

    #[test]
    fn hold_exactly_the_builds_that_were_asked_for() {
        let sizes: Vec<usize> = reports(1)
            .iter()
            .map(|report| report.builds.len())
            .collect();
        assert_eq!(sizes, [500, 500, 234]);
    }

    #[test]
    fn are_the_same_for_the_same_seed() {
        assert!(reports(1) == reports(1));
        assert!(reports(1) != reports(2));
    }

    #[test]
    fn describe_all_repositories_that_they_name() {
        for report in reports(1) {
            let described: Vec<i64> = report.repositories.iter().map(|r| r.id).collect();
            assert!(
                report
                    .builds
                    .iter()
                    .all(|build| described.contains(&build.repository_id))
            );
        }
    }
}

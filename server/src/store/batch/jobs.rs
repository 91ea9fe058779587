//! The jobs of a commit: read, merged, written.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{PreparedReport, db::Connection, jobs},
    builds::StoredBuilds,
};
use crate::{
    Result,
    model::{BuildId, Job, JobId, Report},
};

/// The jobs that some reports touch.
pub(super) struct StoredJobs {
    jobs: BTreeMap<(BuildId, JobId), Job>,
    pub(super) changed: BTreeSet<(BuildId, JobId)>,
}

impl StoredJobs {
    pub(super) async fn read(
        connection: &mut Connection,
        reports: &[PreparedReport],
    ) -> Result<Self> {
        let touched = reports.iter().flat_map(|r| &r.report.jobs);
        let keys: BTreeSet<_> = touched.map(|job| (job.build, job.id)).collect();
        let keys: Vec<_> = keys.into_iter().collect();
        let jobs = jobs::of_keys(connection, &keys).await?;
        Ok(Self {
            jobs: jobs
                .into_iter()
                .map(|job| ((job.build, job.id), job))
                .collect(),
            changed: BTreeSet::new(),
        })
    }

    /// Takes a report in; gives the build of each job that it changed.
    /// Those of builds whose jobs were deleted are left out.
    pub(super) fn merge_all(&mut self, report: &Report, builds: &StoredBuilds) -> Vec<BuildId> {
        let kept = report.jobs.iter();
        let kept = kept.filter(|job| !builds.has_deleted_jobs(job.build));
        let changed = kept.filter(|job| self.merge(job));
        changed.map(|job| job.build).collect()
    }

    fn merge(&mut self, job: &Job) -> bool {
        let key = (job.build, job.id);
        let stored = self.jobs.get(&key);
        let changes = stored.is_none_or(|stored| job.facts > stored.facts);
        if changes {
            self.jobs.insert(key, job.clone());
            self.changed.insert(key);
        }
        changes
    }

    pub(super) async fn write(&self, connection: &mut Connection) -> Result<()> {
        let changed: Vec<&Job> = self.changed.iter().map(|key| &self.jobs[key]).collect();
        jobs::write(connection, &changed).await
    }

    pub(super) fn changed_builds(&self) -> impl Iterator<Item = &BuildId> {
        self.changed.iter().map(|(build, _)| build)
    }

    pub(super) fn changed_runs(&self) -> impl Iterator<Item = i64> {
        self.changed.iter().map(|(build, _)| build.run.0)
    }
}

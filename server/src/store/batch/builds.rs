//! The builds of a commit: read, merged, worked out, written.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    super::{
        PreparedReport, attempts, builds,
        db::Connection,
        jobs,
        purge::runs::{Run, run_of},
        repositories::Stored,
        rollup,
    },
    either_once,
    jobs::StoredJobs,
};
use crate::{
    Result,
    model::{Build, BuildFacts, BuildId, BuildRecord, Change, Report, Repository, RepositoryId},
};

/// All attempts of the runs that some reports touch.
pub(super) struct StoredBuilds {
    before: BTreeMap<BuildId, BuildRecord>,
    after: BTreeMap<BuildId, BuildRecord>,
    /// Those that have no other jobs.
    complete: BTreeSet<BuildId>,
}

impl StoredBuilds {
    pub(super) async fn read(
        connection: &mut Connection,
        reports: &[PreparedReport],
    ) -> Result<Self> {
        let of_builds = reports.iter().flat_map(|r| &r.report.builds);
        let of_jobs = reports.iter().flat_map(|r| &r.report.jobs);
        let complete = reports.iter().flat_map(|r| &r.report.complete_builds);
        let runs: BTreeSet<i64> = of_builds
            .map(|(id, _)| id.run.0)
            .chain(of_jobs.map(|job| job.build.run.0))
            .chain(complete.map(|id| id.run.0))
            .collect();
        let runs: Vec<i64> = runs.into_iter().collect();
        let stored = builds::of_runs(connection, &runs).await?;
        let before: BTreeMap<_, _> = stored.into_iter().map(|build| (build.id, build)).collect();
        Ok(Self {
            after: before.clone(),
            before,
            complete: BTreeSet::new(),
        })
    }

    /// Takes a report in; gives the builds that it changed.
    pub(super) fn merge_all(&mut self, report: &Report) -> Vec<BuildId> {
        let told = report.builds.iter();
        let told = told.filter(|(id, facts)| self.merge(*id, facts));
        let changed: Vec<BuildId> = told.map(|(id, _)| *id).collect();
        let complete = report.complete_builds.iter().copied();
        let completed: Vec<BuildId> = complete.filter(|id| self.complete(*id)).collect();
        either_once(&changed, &completed)
    }

    /// Whether a build was known before, or is by now.
    pub(super) fn knows(&self, id: BuildId) -> bool {
        self.after.contains_key(&id)
    }

    /// The runs of which jobs came, or word that these are all, and no build so far.
    pub(super) fn early_runs(&self, jobs: &StoredJobs) -> BTreeSet<Run> {
        let known: BTreeSet<Run> = self.after.keys().copied().map(run_of).collect();
        let told = self.complete.iter().chain(jobs.changed_builds());
        let told = told.copied().map(run_of);
        told.filter(|run| !known.contains(run)).collect()
    }

    /// Whether the jobs of a build were deleted for their age.
    pub(super) fn has_deleted_jobs(&self, id: BuildId) -> bool {
        self.before.get(&id).is_some_and(|build| build.jobs_deleted)
    }

    /// Takes in that all jobs of a build are known; says whether that is new.
    fn complete(&mut self, id: BuildId) -> bool {
        let is_new = self.complete.insert(id);
        let known = self.after.get(&id);
        is_new && known.is_some_and(|build| !build.jobs_complete)
    }

    fn merge(&mut self, id: BuildId, facts: &BuildFacts) -> bool {
        let Some(stored) = self.after.get_mut(&id) else {
            self.after.insert(id, BuildRecord::new(id, facts.clone()));
            return true;
        };
        let before = stored.clone();
        stored.merge(facts.clone());
        if stored.facts.status != before.facts.status && before.facts.status.is_completed() {
            tracing::warn!(
                build.id = %id,
                "build {id} had ended as {:?} and is now reported as {:?}",
                before.facts.status,
                stored.facts.status
            );
        }
        *stored != before
    }

    /// Works out what follows from jobs and from the other attempts.
    pub(super) async fn settle(
        &mut self,
        connection: &mut Connection,
        jobs: &StoredJobs,
    ) -> Result<()> {
        let new = self.after.keys().filter(|id| !self.before.contains_key(id));
        let new: BTreeSet<i64> = new.map(|id| id.run.0).collect();
        self.settle_complete(connection, &new).await?;
        let runs: BTreeSet<i64> = new.into_iter().chain(jobs.changed_runs()).collect();
        let runs: Vec<i64> = runs.into_iter().collect();
        for (id, span) in jobs::spans(connection, &runs).await? {
            if let Some(build) = self.after.get_mut(&id)
                && !build.jobs_deleted
            {
                build.jobs = span;
            }
        }
        attempts::mark(connection, self.after.values_mut()).await
    }

    /// Marks builds of which all jobs are known. A mark may come before its
    /// build, as a job may.
    async fn settle_complete(
        &mut self,
        connection: &mut Connection,
        new_runs: &BTreeSet<i64>,
    ) -> Result<()> {
        let new_runs: Vec<i64> = new_runs.iter().copied().collect();
        let kept = attempts::kept_complete(connection, &new_runs).await?;
        let mut early = Vec::new();
        for id in self.complete.iter().copied().chain(kept) {
            match self.after.get_mut(&id) {
                Some(build) => build.jobs_complete = true,
                None => early.push(id),
            }
        }
        attempts::keep_complete(connection, &early).await
    }

    /// The earliest end of those that change and whose jobs may be there.
    pub(super) fn earliest_end(&self) -> Option<Timestamp> {
        let with_jobs = self.changed().filter(|build| !build.jobs_deleted);
        with_jobs.filter_map(BuildRecord::end_time).min()
    }

    /// The builds whose rows change.
    fn changed(&self) -> impl Iterator<Item = &BuildRecord> + Clone {
        self.after
            .values()
            .filter(|build| self.before.get(&build.id) != Some(build))
    }

    /// What changes, as it was and as it is.
    pub(super) fn changes_of(
        &self,
    ) -> impl Iterator<Item = (Option<&BuildRecord>, &BuildRecord)> + Clone {
        self.changed()
            .map(|build| (self.before.get(&build.id), build))
    }

    /// Writes what changed; says how much of that is to be folded into rollups.
    pub(super) async fn write(&self, connection: &mut Connection) -> Result<usize> {
        let changed: Vec<&BuildRecord> = self.changed().collect();
        builds::write(connection, &changed).await?;
        let counted = self
            .changes_of()
            .map(|(before, after)| (before, Some(after)));
        let unfolded = rollup::leave(connection, counted.clone()).await?;
        builds::follow(connection, counted).await?;
        for build in changed.iter().filter(|build| build.is_clamped()) {
            metrics::counter!("lampboard_clamped_builds_total").increment(1);
            tracing::debug!(build.id = %build.id, "a time of build {} was negative", build.id);
        }
        Ok(unfolded)
    }

    /// What watchers are to be told: who shows a build, shows its jobs too.
    pub(super) async fn changes(
        &self,
        connection: &mut Connection,
        jobs: &StoredJobs,
        repositories: &BTreeMap<RepositoryId, Stored>,
    ) -> Result<Vec<Change>> {
        let in_a_job = jobs.changed.iter().map(|(build, _)| *build);
        let ids: BTreeSet<BuildId> = self.changed().map(|b| b.id).chain(in_a_job).collect();
        let mut changes = Vec::with_capacity(ids.len());
        for after in ids.iter().filter_map(|id| self.after.get(id)) {
            let repository = repositories.get(&after.id.repository);
            if let Some(Stored { repository, .. }) = repository.filter(|stored| !stored.hidden) {
                let superseded = builds::is_superseded(connection, after).await?;
                let before = self.before.get(&after.id);
                changes.push(change(before, after, repository, superseded));
            }
        }
        Ok(changes)
    }
}

/// A build as it is shown, if it is, to whom alerts tell of it: what has failed was not
/// superseded.
pub(super) fn shown(
    build: &BuildRecord,
    repositories: &BTreeMap<RepositoryId, Stored>,
) -> Option<Build> {
    let stored = repositories.get(&build.id.repository)?;
    let facts = &stored.repository.facts;
    (!stored.hidden).then(|| Build {
        record: build.clone(),
        repository: facts.name.clone(),
        default_branch: facts.default_branch.clone(),
        superseded: false,
    })
}

fn change(
    before: Option<&BuildRecord>,
    after: &BuildRecord,
    repository: &Repository,
    superseded: bool,
) -> Change {
    let shown = |record: &BuildRecord| Build {
        record: record.clone(),
        repository: repository.facts.name.clone(),
        default_branch: repository.facts.default_branch.clone(),
        superseded,
    };
    Change {
        before: before.map(shown),
        after: shown(after),
    }
}

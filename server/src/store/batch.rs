//! One commit: some reports, taken into what is stored.
//!
//! What the reports touch is read, merged in memory by the pure functions of
//! `model`, and what changed is written: a handful of statements, however many
//! reports there are.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::SqliteConnection;

use super::{News, PreparedReport, builds, deliveries, jobs, repositories, workflows};
use crate::{
    Result,
    model::{
        Build, BuildFacts, BuildId, BuildRecord, Change, Job, JobId, Recorded, Repository,
        RepositoryId, mark_attempts,
    },
};

/// What a commit did.
pub(super) struct Batch {
    /// What became of each report.
    pub(super) outcomes: Vec<Recorded>,
    /// What is to be told of it.
    pub(super) news: News,
}

/// Takes reports into a transaction that has begun.
pub(super) async fn record(
    connection: &mut SqliteConnection,
    reports: &[PreparedReport],
) -> Result<Batch> {
    let known = deliveries::record(connection, reports).await?;
    let described: Vec<_> = reports.iter().map(|r| &r.report.repositories[..]).collect();
    let repositories = repositories::merge(connection, &described).await?;
    let facts = reports.iter().flat_map(|r| &r.report.builds);
    workflows::merge(connection, facts.map(|(id, facts)| (*id, facts))).await?;

    let mut stored_jobs = StoredJobs::read(connection, reports).await?;
    let mut stored_builds = StoredBuilds::read(connection, reports).await?;
    let mut outcomes = Vec::with_capacity(reports.len());
    for ((report, delivery_known), repositories) in
        reports.iter().zip(known).zip(&repositories.changed)
    {
        let jobs = report.report.jobs.iter();
        let builds = report.report.builds.iter();
        let changed = jobs.filter(|job| stored_jobs.merge(job)).count()
            + builds
                .filter(|(id, facts)| stored_builds.merge(*id, facts))
                .count();
        outcomes.push(Recorded {
            changed: changed + repositories,
            delivery_known,
        });
    }
    stored_jobs.write(connection).await?;
    stored_builds.settle(connection, &stored_jobs).await?;
    stored_builds.write(connection).await?;
    let changes = stored_builds
        .changes(connection, &stored_jobs, &repositories.known)
        .await?;
    let news = News {
        changes,
        relabelled: repositories.relabelled,
    };
    Ok(Batch { outcomes, news })
}

/// The jobs that some reports touch.
struct StoredJobs {
    jobs: BTreeMap<(BuildId, JobId), Job>,
    changed: BTreeSet<(BuildId, JobId)>,
}

impl StoredJobs {
    async fn read(connection: &mut SqliteConnection, reports: &[PreparedReport]) -> Result<Self> {
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

    /// Takes a report in; says whether it changed something.
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

    async fn write(&self, connection: &mut SqliteConnection) -> Result<()> {
        let changed: Vec<&Job> = self.changed.iter().map(|key| &self.jobs[key]).collect();
        jobs::write(connection, &changed).await
    }

    fn changed_runs(&self) -> impl Iterator<Item = i64> {
        self.changed.iter().map(|(build, _)| build.run.0)
    }
}

/// All attempts of the runs that some reports touch.
struct StoredBuilds {
    before: BTreeMap<BuildId, BuildRecord>,
    after: BTreeMap<BuildId, BuildRecord>,
}

impl StoredBuilds {
    async fn read(connection: &mut SqliteConnection, reports: &[PreparedReport]) -> Result<Self> {
        let of_builds = reports.iter().flat_map(|r| &r.report.builds);
        let of_jobs = reports.iter().flat_map(|r| &r.report.jobs);
        let runs: BTreeSet<i64> = of_builds
            .map(|(id, _)| id.run.0)
            .chain(of_jobs.map(|job| job.build.run.0))
            .collect();
        let runs: Vec<i64> = runs.into_iter().collect();
        let stored = builds::of_runs(connection, &runs).await?;
        let before: BTreeMap<_, _> = stored.into_iter().map(|build| (build.id, build)).collect();
        Ok(Self {
            after: before.clone(),
            before,
        })
    }

    /// Takes a report in; says whether it changed something.
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
    async fn settle(&mut self, connection: &mut SqliteConnection, jobs: &StoredJobs) -> Result<()> {
        let new = self.after.keys().filter(|id| !self.before.contains_key(id));
        let runs: BTreeSet<i64> = new.map(|id| id.run.0).chain(jobs.changed_runs()).collect();
        let runs: Vec<i64> = runs.into_iter().collect();
        for (id, span) in jobs::spans(connection, &runs).await? {
            if let Some(build) = self.after.get_mut(&id) {
                build.jobs = span;
            }
        }
        let mut runs: BTreeMap<_, Vec<&mut BuildRecord>> = BTreeMap::new();
        for build in self.after.values_mut() {
            let run = (build.id.run, build.id.repository);
            runs.entry(run).or_default().push(build);
        }
        runs.into_values().for_each(mark_attempts);
        Ok(())
    }

    /// The builds whose rows change.
    fn changed(&self) -> impl Iterator<Item = &BuildRecord> {
        self.after
            .values()
            .filter(|build| self.before.get(&build.id) != Some(build))
    }

    async fn write(&self, connection: &mut SqliteConnection) -> Result<()> {
        let changed: Vec<&BuildRecord> = self.changed().collect();
        builds::write(connection, &changed).await?;
        for build in changed.iter().filter(|build| build.is_clamped()) {
            metrics::counter!("lampboard_clamped_builds_total").increment(1);
            tracing::debug!(build.id = %build.id, "a time of build {} was negative", build.id);
        }
        Ok(())
    }

    /// What watchers are to be told: who shows a build, shows its jobs too.
    async fn changes(
        &self,
        connection: &mut SqliteConnection,
        jobs: &StoredJobs,
        repositories: &BTreeMap<RepositoryId, Repository>,
    ) -> Result<Vec<Change>> {
        let in_a_job = jobs.changed.iter().map(|(build, _)| *build);
        let ids: BTreeSet<BuildId> = self.changed().map(|b| b.id).chain(in_a_job).collect();
        let mut changes = Vec::with_capacity(ids.len());
        for after in ids.iter().filter_map(|id| self.after.get(id)) {
            if let Some(repository) = repositories.get(&after.id.repository) {
                let superseded = builds::is_superseded(connection, after).await?;
                let before = self.before.get(&after.id);
                changes.push(change(before, after, repository, superseded));
            }
        }
        Ok(changes)
    }
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

//! One commit: some reports, taken into what is stored.
//!
//! What the reports touch is read, merged in memory by the pure functions of
//! `model`, and what changed is written: a handful of statements, however many
//! reports there are.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::{
    News, PreparedReport, attempts, builds, deliveries, jobs,
    links::{self, Links, Scope},
    repositories::{self, Stored},
    workflows,
};
use crate::{
    Result,
    model::{
        Build, BuildFacts, BuildId, BuildRecord, Change, Job, JobId, Link, Recorded, Report,
        Repository, RepositoryId,
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
    now: Timestamp,
) -> Result<Batch> {
    let known = deliveries::record(connection, reports).await?;
    let described: Vec<_> = reports.iter().map(|r| &r.report.repositories[..]).collect();
    let mut repositories = repositories::merge(connection, &described).await?;
    let turned = see(connection, &described, &mut repositories.known, now).await?;
    let facts = reports.iter().flat_map(|r| &r.report.builds);
    workflows::merge(connection, facts.map(|(id, facts)| (*id, facts))).await?;

    let mut stored_jobs = StoredJobs::read(connection, reports).await?;
    let mut stored_builds = StoredBuilds::read(connection, reports).await?;
    let mut outcomes = Vec::with_capacity(reports.len());
    for ((report, delivery_known), repositories) in
        reports.iter().zip(known).zip(&repositories.changed)
    {
        let jobs = stored_jobs.merge_all(&report.report);
        let builds = stored_builds.merge_all(&report.report);
        outcomes.push(Recorded {
            changed: jobs.len() + builds.len() + repositories,
            delivery_known,
            changed_builds: either_once(&builds, &jobs),
        });
    }
    stored_jobs.write(connection).await?;
    stored_builds.settle(connection, &stored_jobs).await?;
    stored_builds.write(connection).await?;
    for outcome in &mut outcomes {
        let is_known = |id: &BuildId| stored_builds.after.contains_key(id);
        outcome.changed_builds.retain(is_known);
    }
    let changes = stored_builds
        .changes(connection, &stored_jobs, &repositories.known)
        .await?;
    let news = News {
        changes,
        list_again: repositories.relabelled || turned,
    };
    Ok(Batch { outcomes, news })
}

/// Records through which installations repositories were seen. Says whether a
/// hidden one came back by that.
async fn see(
    connection: &mut SqliteConnection,
    described: &[&[Repository]],
    known: &mut BTreeMap<RepositoryId, Stored>,
    now: Timestamp,
) -> Result<bool> {
    let mut told = Links::new();
    for repository in described.iter().copied().flatten() {
        if repository.installation.0 != 0 {
            let link = Link::present(repository.facts.update_time);
            links::add(&mut told, (repository.installation, repository.id), link);
        }
    }
    let mut unsettled = links::record(connection, &told).await?;
    // Of several that see it, the last one is shown.
    let others = told.keys().filter(|(installation, id)| {
        let stored = known.get(id);
        stored.is_some_and(|stored| stored.repository.installation != *installation)
    });
    unsettled.extend(others.map(|(_, id)| *id));
    let scope = Scope::Repositories(&unsettled);
    let turned = links::settle(connection, scope, now).await?;
    let ids: Vec<i64> = unsettled.iter().map(|id| id.0).collect();
    known.extend(repositories::of_ids(connection, &ids).await?);
    Ok(turned)
}

/// The builds of two lists, each once.
fn either_once(some: &[BuildId], others: &[BuildId]) -> Vec<BuildId> {
    let mut seen = BTreeSet::new();
    let all = some.iter().chain(others).copied();
    all.filter(|id| seen.insert(*id)).collect()
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

    /// Takes a report in; gives the build of each job that it changed.
    fn merge_all(&mut self, report: &Report) -> Vec<BuildId> {
        let changed = report.jobs.iter().filter(|job| self.merge(job));
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
    /// Those that have no other jobs.
    complete: BTreeSet<BuildId>,
}

impl StoredBuilds {
    async fn read(connection: &mut SqliteConnection, reports: &[PreparedReport]) -> Result<Self> {
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
    fn merge_all(&mut self, report: &Report) -> Vec<BuildId> {
        let told = report.builds.iter();
        let told = told.filter(|(id, facts)| self.merge(*id, facts));
        let changed: Vec<BuildId> = told.map(|(id, _)| *id).collect();
        let complete = report.complete_builds.iter().copied();
        let completed: Vec<BuildId> = complete.filter(|id| self.complete(*id)).collect();
        either_once(&changed, &completed)
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
    async fn settle(&mut self, connection: &mut SqliteConnection, jobs: &StoredJobs) -> Result<()> {
        let new = self.after.keys().filter(|id| !self.before.contains_key(id));
        let new: BTreeSet<i64> = new.map(|id| id.run.0).collect();
        self.settle_complete(connection, &new).await?;
        let runs: BTreeSet<i64> = new.into_iter().chain(jobs.changed_runs()).collect();
        let runs: Vec<i64> = runs.into_iter().collect();
        for (id, span) in jobs::spans(connection, &runs).await? {
            if let Some(build) = self.after.get_mut(&id) {
                build.jobs = span;
            }
        }
        attempts::mark(connection, self.after.values_mut()).await
    }

    /// Marks builds of which all jobs are known. A mark may come before its
    /// build, as a job may.
    async fn settle_complete(
        &mut self,
        connection: &mut SqliteConnection,
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

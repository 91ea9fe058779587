//! One commit: some reports, taken into what is stored.
//!
//! What the reports touch is read, merged in memory by the pure functions of
//! `model`, and what changed is written: a handful of statements, however many
//! reports there are.

mod builds;
mod jobs;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    News, PreparedReport,
    alerts::Decisions,
    db::Connection,
    deliveries, leases,
    links::{self, Links, Scope},
    purge,
    repositories::{self, Stored},
    workflows,
};
use crate::{
    Clock, Result,
    model::{BuildId, Link, Recorded, Repository, RepositoryId, Source},
    retention::Horizons,
};
use builds::{StoredBuilds, shown};
use jobs::StoredJobs;

/// What a commit did.
pub(super) struct Batch {
    /// What became of each report.
    pub(super) outcomes: Vec<Recorded>,
    /// What is to be told of it.
    pub(super) news: News,
}

/// Takes reports into a transaction that has begun.
pub(super) async fn record(
    connection: &mut Connection,
    reports: &[PreparedReport],
    clock: &Clock,
    kept: &Horizons,
) -> Result<Batch> {
    let now = clock.now();
    let known = deliveries::record(connection, reports).await?;
    let described: Vec<_> = reports.iter().map(|r| &r.report.repositories[..]).collect();
    let mut repositories = repositories::merge(connection, &described, now).await?;
    let turned = see(connection, &described, &mut repositories.known, now).await?;
    let facts = reports.iter().flat_map(|r| &r.report.builds);
    workflows::merge(connection, facts.map(|(id, facts)| (*id, facts))).await?;

    let mut stored_jobs = StoredJobs::read(connection, reports).await?;
    let mut stored_builds = StoredBuilds::read(connection, reports).await?;
    let mut outcomes = Vec::with_capacity(reports.len());
    for ((report, delivery_known), repositories) in
        reports.iter().zip(known).zip(&repositories.changed)
    {
        let jobs = stored_jobs.merge_all(&report.report, &stored_builds);
        let builds = stored_builds.merge_all(&report.report);
        outcomes.push(Recorded {
            changed: jobs.len() + builds.len() + repositories,
            delivery_known,
            changed_builds: either_once(&builds, &jobs),
        });
    }
    stored_jobs.write(connection).await?;
    stored_builds.settle(connection, &stored_jobs).await?;
    let decisions = Decisions::of(connection, stored_builds.changes_of()).await?;
    purge::early::note(connection, &stored_builds.early_runs(&stored_jobs), now).await?;
    let unfolded = stored_builds.write(connection).await?;
    if let Some(horizon) = kept.jobs {
        let earliest = stored_builds.earliest_end();
        if let Some(end) = earliest.filter(|end| *end <= horizon) {
            purge::look_for_jobs_since(connection, end).await?;
        }
    }
    for outcome in &mut outcomes {
        outcome.changed_builds.retain(|id| stored_builds.knows(*id));
    }
    let changes = stored_builds
        .changes(connection, &stored_jobs, &repositories.known)
        .await?;
    let raised = if decisions.is_empty() {
        0
    } else {
        // Alerts go by one clock, also where several servers raise and send them.
        let now = leases::time(connection, clock).await?;
        let shown = |build: &_| shown(build, &repositories.known);
        decisions
            .tell(connection, shown, &told(reports), now)
            .await?
    };
    let news = News {
        changes,
        raised,
        list_again: repositories.relabelled || turned,
        unfolded,
        left_after: None,
    };
    Ok(Batch { outcomes, news })
}

/// The builds that GitHub told of by itself.
fn told(reports: &[PreparedReport]) -> BTreeSet<BuildId> {
    let webhooks = reports.iter().map(|r| &r.report);
    let webhooks = webhooks.filter(|report| report.source == Source::Webhook);
    let builds = webhooks.flat_map(|report| report.builds.iter().map(|(id, _)| *id));
    builds.collect()
}

/// Records through which installations repositories were seen. Says whether a
/// hidden one came back by that.
async fn see(
    connection: &mut Connection,
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

//! How workflows stand on their default branch.
//!
//! Everybody who looks at the board asks for it again and again. So one statement
//! looks at all workflows and gives only what is needed to say which of them are
//! told; builds and jobs are read of those alone.

mod sql;

#[cfg(test)]
pub(super) use sql::standings as statement;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use futures_util::FutureExt as _;

use super::{
    Store, builds,
    db::{self, Row, Snapshot},
};
use crate::{
    Result,
    model::{Build, BuildId, Pattern, RepositoryId, RunId, Workflow, WorkflowId, WorkflowStanding},
};

/// Which standings are told.
pub(crate) struct StandingQuery<'a> {
    /// Of the workflows of these repositories; of all if there are none.
    pub(crate) repositories: &'a [Pattern],
    pub(crate) broken_only: bool,
    pub(crate) limit: usize,
}

/// How workflows stand.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Standings {
    /// Those broken longest before all; others by repository and name.
    pub(crate) told: Vec<WorkflowStanding>,
    /// How many workflows of these repositories have a decisive build.
    pub(crate) decided: i64,
    /// How many of them are broken.
    pub(crate) broken: usize,
}

/// How a workflow stands, without what is told of it.
struct Stand {
    workflow: Workflow,
    decisive: Option<BuildId>,
    first_failure: Option<BuildId>,
    /// When that started.
    since: Option<i64>,
}

impl Store {
    /// Says how workflows stand on their default branch.
    pub(crate) async fn standings(&self, query: StandingQuery<'_>) -> Result<Standings> {
        let (patterns, broken_only) = (query.repositories.to_vec(), query.broken_only);
        let found = self.answer(move |snapshot| {
            async move { look(snapshot, &patterns, broken_only).await }.boxed()
        });
        let (decided, mut stands) = found.await?;
        let mut standings = Standings {
            decided,
            ..Standings::default()
        };
        standings.broken = stands.iter().filter(|s| s.first_failure.is_some()).count();
        // Here and not in SQL: the two databases order texts differently.
        stands.sort_by(|a, b| a.place().cmp(&b.place()));
        stands.truncate(query.limit);
        standings.told = self.tell(stands).await?;
        Ok(standings)
    }

    /// Adds the builds, and the jobs that failed in them. A build that was deleted
    /// meanwhile is not told.
    async fn tell(&self, stands: Vec<Stand>) -> Result<Vec<WorkflowStanding>> {
        let builds = stands.iter().flat_map(|s| [s.decisive, s.first_failure]);
        let builds: BTreeSet<BuildId> = builds.flatten().collect();
        let builds: Vec<BuildId> = builds.into_iter().collect();
        let builds = builds::shown_of(&self.readers, &builds).await?.into_iter();
        let builds: BTreeMap<BuildId, Build> = builds.map(|b| (b.record.id, b)).collect();
        let broken = stands.iter().filter(|s| s.first_failure.is_some());
        let broken: Vec<BuildId> = broken.filter_map(|s| s.decisive).collect();
        let mut failed_jobs = self.failed_jobs(&broken).await?;
        let find = |id: Option<BuildId>| builds.get(&id?).cloned();
        let told = stands.into_iter().map(|stand| WorkflowStanding {
            workflow: stand.workflow,
            decisive: find(stand.decisive),
            first_failure: find(stand.first_failure),
            failed_jobs: stand
                .decisive
                .and_then(|id| failed_jobs.remove(&id))
                .unwrap_or_default(),
        });
        Ok(told.collect())
    }
}

/// How many workflows have a decisive build, and how those stand that may be told.
async fn look(
    snapshot: &mut Snapshot,
    patterns: &[Pattern],
    broken_only: bool,
) -> Result<(i64, Vec<Stand>)> {
    let wanted = match patterns {
        [] => None,
        patterns => Some(named(snapshot, patterns).await?),
    };
    let (mut decided, mut stands) = (0, Vec::new());
    let rows = sql::standings(broken_only, wanted.is_some());
    for row in rows.fetch_all(snapshot).await? {
        let repository = RepositoryId(row.try_get("repository_id")?);
        if wanted
            .as_ref()
            .is_some_and(|ids| !ids.contains(&repository))
        {
            continue;
        }
        match row.try_get::<Option<i64>, _>("decided")? {
            Some(count) => decided += count,
            None => stands.push(read(&row, repository)?),
        }
    }
    Ok((decided, stands))
}

/// The repositories with such names.
async fn named(snapshot: &mut Snapshot, patterns: &[Pattern]) -> Result<BTreeSet<RepositoryId>> {
    let mut named = BTreeSet::new();
    for row in db::query("SELECT id, name FROM repository")
        .fetch_all(snapshot)
        .await?
    {
        let name: &str = row.try_get("name")?;
        if patterns.iter().any(|p| p.matches_ignoring_case(name)) {
            named.insert(RepositoryId(row.try_get("id")?));
        }
    }
    Ok(named)
}

impl Stand {
    /// Broken ones first, those broken longest before all.
    fn place(&self) -> impl Ord {
        let workflow = &self.workflow;
        (
            Reverse(self.since.is_some()),
            self.since,
            &workflow.repository,
            &workflow.name,
            workflow.id,
        )
    }
}

fn read(row: &Row, repository: RepositoryId) -> Result<Stand> {
    let build = |run, attempt| {
        let run: Option<i64> = row.try_get(run)?;
        let attempt: Option<i32> = row.try_get(attempt)?;
        Ok::<_, sqlx::Error>(run.zip(attempt).map(|(run, attempt)| BuildId {
            run: RunId(run),
            attempt,
            repository,
        }))
    };
    Ok(Stand {
        decisive: build("run_id", "run_attempt")?,
        first_failure: build("first_run_id", "first_run_attempt")?,
        since: row.try_get("since")?,
        workflow: Workflow {
            id: WorkflowId(row.try_get("workflow_id")?),
            repository_id: repository,
            repository: row.try_get("repository")?,
            name: row.try_get("name")?,
            path: row.try_get("path")?,
        },
    })
}

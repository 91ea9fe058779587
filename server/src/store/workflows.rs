//! Workflows: their names, and how they stand on the default branch.

use std::collections::BTreeMap;

use super::{
    Store, builds,
    db::{self, Connection, Query},
    rows, sql,
};
use crate::{
    Result,
    model::{
        Build, BuildFacts, BuildId, Pattern, RepositoryId, Status, Workflow, WorkflowId,
        WorkflowStanding,
    },
};

const COLUMNS: [&str; 5] = ["repository_id", "id", "name", "path", "update_time"];
const MOST_FAILED_JOBS: usize = 10;
/// The conclusions that decide how a branch stands.
const DECISIVE: &str = "('success', 'failure', 'timed_out', 'startup_failure')";

/// Records the names that builds have for their workflows; the latest wins.
pub(super) async fn merge<'a>(
    connection: &mut Connection,
    builds: impl Iterator<Item = (BuildId, &'a BuildFacts)>,
) -> Result<()> {
    let mut workflows = BTreeMap::new();
    for (id, facts) in builds {
        let name = (
            facts.update_time.as_microsecond(),
            facts.workflow.as_str(),
            facts.workflow_path.as_str(),
        );
        workflows
            .entry((id.repository.0, facts.workflow_id.0))
            .and_modify(|known| *known = name.max(*known))
            .or_insert(name);
    }
    let workflows: Vec<_> = workflows.into_iter().collect();
    for chunk in sql::chunks(&workflows) {
        let mut query = sql::insert("workflow", &COLUMNS);
        query.push_values(chunk, |mut row, ((repository, id), (time, name, path))| {
            row.push_bind(*repository)
                .push_bind(*id)
                .push_bind(*name)
                .push_bind(*path)
                .push_bind(*time);
        });
        sql::push_overwrite(&mut query, &["repository_id", "id"], &COLUMNS);
        query.push(
            " WHERE (excluded.update_time, excluded.name, excluded.path) \
              > (workflow.update_time, workflow.name, workflow.path)",
        );
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

impl Store {
    /// Says how workflows stand on their default branch, by repository and name.
    pub(crate) async fn standings(
        &self,
        repositories: &[Pattern],
    ) -> Result<Vec<WorkflowStanding>> {
        let mut standings = Vec::new();
        for workflow in self.workflows(repositories).await? {
            let decisive = self.decisive_build(&workflow).await?;
            standings.push(WorkflowStanding {
                workflow,
                first_failure: match &decisive {
                    Some(build) if is_failure(build) => self.first_failure(build).await?,
                    _ => None,
                },
                decisive,
                failed_jobs: Vec::new(),
            });
        }
        Ok(standings)
    }

    /// The names of the jobs that failed in a build, with their failing steps.
    pub(crate) async fn failed_jobs(&self, build: BuildId) -> Result<Vec<String>> {
        let jobs = self.jobs(build).await?;
        let failed = jobs.iter().filter(|job| is_failed(&job.facts.status));
        let names = failed.map(|job| match job.facts.failed_step() {
            Some(step) => format!("{} > {}", job.facts.name, step.name),
            None => job.facts.name.clone(),
        });
        Ok(names.take(MOST_FAILED_JOBS).collect())
    }

    async fn workflows(&self, repositories: &[Pattern]) -> Result<Vec<Workflow>> {
        let rows = db::query(
            "SELECT w.id, w.repository_id, w.name, w.path, r.name AS repository
             FROM workflow w JOIN repository r ON r.id = w.repository_id
             WHERE r.default_branch <> '' AND r.hidden_time IS NULL",
        )
        .fetch_all(&self.readers)
        .await?;
        let mut workflows = Vec::new();
        for row in rows {
            let repository: String = row.try_get("repository")?;
            if repositories.is_empty()
                || repositories
                    .iter()
                    .any(|p| p.matches_ignoring_case(&repository))
            {
                workflows.push(Workflow {
                    id: WorkflowId(row.try_get("id")?),
                    repository_id: RepositoryId(row.try_get("repository_id")?),
                    repository,
                    name: row.try_get("name")?,
                    path: row.try_get("path")?,
                });
            }
        }
        // Here and not in SQL: the two databases order texts differently.
        workflows.sort_by(|a: &Workflow, b| {
            (&a.repository, &a.name, a.id).cmp(&(&b.repository, &b.name, b.id))
        });
        Ok(workflows)
    }

    async fn decisive_build(&self, workflow: &Workflow) -> Result<Option<Build>> {
        let mut query = on_default_branch(workflow.repository_id, workflow.id);
        query.push(" AND b.conclusion IN ");
        query.push(DECISIVE);
        query.push(" ORDER BY b.run_number DESC, b.run_attempt DESC LIMIT 1");
        one_build(query, self).await
    }

    /// The first failure after the last success before a failed build.
    async fn first_failure(&self, failed: &Build) -> Result<Option<Build>> {
        let repository = failed.record.id.repository;
        let facts = &failed.record.facts;
        let mut query = on_default_branch(repository, facts.workflow_id);
        query.push(" AND b.conclusion = 'success'");
        query.push(" ORDER BY b.run_number DESC, b.run_attempt DESC LIMIT 1");
        let success = one_build(query, self).await?;
        let last_good = success.map_or((0, 0), |build| {
            (build.record.facts.run_number, build.record.id.attempt)
        });
        let mut query = on_default_branch(repository, facts.workflow_id);
        query.push(" AND b.conclusion IN ");
        query.push(DECISIVE);
        query.push(" AND (b.run_number, b.run_attempt) > (");
        query.push_bind(last_good.0);
        query.push(", ");
        query.push_bind(last_good.1);
        query.push(") ORDER BY b.run_number, b.run_attempt LIMIT 1");
        one_build(query, self).await
    }
}

fn is_failure(build: &Build) -> bool {
    is_failed(&build.record.facts.status)
}

fn is_failed(status: &Status) -> bool {
    status
        .conclusion()
        .is_some_and(|c| c.outcome() == crate::model::Outcome::Failure)
}

fn on_default_branch(repository: RepositoryId, workflow: WorkflowId) -> Query {
    let mut query = builds::select_shown();
    query.push(" WHERE b.repository_id = ");
    query.push_bind(repository.0);
    query.push(" AND b.workflow_id = ");
    query.push_bind(workflow.0);
    query.push(" AND b.branch = r.default_branch AND b.head_repository = ''");
    query
}

async fn one_build(query: Query, store: &Store) -> Result<Option<Build>> {
    let row = query.fetch_optional(&store.readers).await?;
    row.as_ref().map(rows::build).transpose()
}

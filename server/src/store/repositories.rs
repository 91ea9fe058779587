//! Repositories: written by the writer, listed by name.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    Store,
    db::{Connection, Query, Row},
    rollup, rows, sql,
};
use crate::{
    Result,
    model::{
        BuildId, InstallationId, Pattern, RecentBuild, Repository, RepositoryFacts, RepositoryId,
        RunId, elapsed,
    },
};

/// What is written of a report; the rest is worked out of the links.
const COLUMNS: [&str; 6] = [
    "id",
    "name",
    "default_branch",
    "archived",
    "private",
    "update_time",
];

const INSERTED: [&str; 8] = [
    "id",
    "name",
    "default_branch",
    "archived",
    "private",
    "update_time",
    "installation_id",
    "first_time",
];

/// Which repositories to list.
pub(crate) struct RepositoryQuery<'a> {
    pub(crate) installation: Option<InstallationId>,
    pub(crate) names: &'a [Pattern],
}

impl Store {
    /// Lists repositories by name and id.
    pub(crate) async fn repositories(&self, query: RepositoryQuery<'_>) -> Result<Vec<Repository>> {
        let mut sql = select();
        sql.push(" WHERE hidden_time IS NULL");
        if let Some(installation) = query.installation {
            sql.push(" AND installation_id = ");
            sql.push_bind(installation.0);
        }
        let mut repositories = Vec::new();
        for row in sql.fetch_all(&self.readers).await? {
            let repository = read(&row)?.repository;
            let name = &repository.facts.name;
            if query.names.is_empty() || query.names.iter().any(|p| p.matches_ignoring_case(name)) {
                repositories.push(repository);
            }
        }
        // Here and not in SQL: the two databases order texts differently.
        repositories.sort_by(|a, b| (&a.facts.name, a.id).cmp(&(&b.facts.name, b.id)));
        Ok(repositories)
    }

    /// When the last build of each of some repositories started, if there is one.
    pub(crate) async fn last_builds(
        &self,
        repositories: &[Repository],
    ) -> Result<BTreeMap<RepositoryId, Timestamp>> {
        let ids: Vec<i64> = repositories.iter().map(|it| it.id.0).collect();
        let mut last = BTreeMap::new();
        for chunk in sql::padded(&ids) {
            let mut query = Query::new(
                "SELECT r.id, (SELECT b.start_time FROM build b WHERE b.repository_id = r.id \
                               ORDER BY b.start_time DESC LIMIT 1) AS start_time \
                 FROM repository r WHERE r.id IN (",
            );
            sql::push_list(&mut query, &chunk);
            query.push(")");
            for row in query.fetch_all(&self.readers).await? {
                let id = RepositoryId(row.try_get("id")?);
                let start = rows::maybe_time(&row, "build", "start_time", id)?;
                last.extend(start.map(|start| (id, start)));
            }
        }
        Ok(last)
    }

    /// The last builds on the default branch of each of some repositories, oldest first.
    pub(crate) async fn recent_builds(
        &self,
        repositories: &[Repository],
        count: usize,
    ) -> Result<BTreeMap<RepositoryId, Vec<RecentBuild>>> {
        let mut recent: BTreeMap<_, Vec<_>> = BTreeMap::new();
        // A branch of no name is one that was deleted.
        let known = |it: &&Repository| !it.facts.default_branch.is_empty() && count > 0;
        let repositories: Vec<&Repository> = repositories.iter().filter(known).collect();
        for chunk in sql::chunks(&repositories) {
            for row in select_recent(chunk, count).fetch_all(&self.readers).await? {
                let build = read_recent(&row)?;
                recent.entry(build.id.repository).or_default().push(build);
            }
        }
        for builds in recent.values_mut() {
            builds.sort_by_key(|build| (build.start_time, build.id));
        }
        Ok(recent)
    }
}

/// Selects the last builds of some repositories: of each by its own index.
fn select_recent(repositories: &[&Repository], count: usize) -> Query {
    let mut query = Query::new("");
    for (place, repository) in repositories.iter().enumerate() {
        if place > 0 {
            query.push(" UNION ALL ");
        }
        query.push(
            "SELECT * FROM (SELECT repository_id, run_id, run_attempt, run_number, workflow, \
                                   status, conclusion, start_time, end_time \
             FROM build WHERE latest_attempt AND head_repository = '' AND repository_id = ",
        );
        query.push_bind(repository.id.0);
        query.push(" AND branch = ");
        query.push_bind(&repository.facts.default_branch);
        query.push(" ORDER BY start_time DESC, run_id DESC, run_attempt DESC LIMIT ");
        query.push_bind(i64::try_from(count).unwrap_or(i64::MAX));
        query.push(") AS recent");
    }
    query
}

fn select() -> Query {
    let mut query = Query::new("SELECT ");
    query.push(COLUMNS.join(", "));
    query.push(", installation_id, hidden_time IS NOT NULL AS hidden FROM repository");
    query
}

/// A repository, and whether any installation sees it.
pub(super) struct Stored {
    pub(super) repository: Repository,
    pub(super) hidden: bool,
}

fn read(row: &Row) -> Result<Stored> {
    let id = RepositoryId(row.try_get("id")?);
    let facts = RepositoryFacts {
        update_time: rows::time(row, "repository", "update_time", id)?,
        name: row.try_get("name")?,
        default_branch: row.try_get("default_branch")?,
        archived: row.try_get("archived")?,
        private: row.try_get("private")?,
    };
    let installation = InstallationId(row.try_get("installation_id")?);
    Ok(Stored {
        repository: Repository {
            id,
            facts,
            installation,
        },
        hidden: row.try_get("hidden")?,
    })
}

fn read_recent(row: &Row) -> Result<RecentBuild> {
    let id = BuildId {
        run: RunId(row.try_get("run_id")?),
        attempt: row.try_get("run_attempt")?,
        repository: RepositoryId(row.try_get("repository_id")?),
    };
    let start_time = rows::time(row, "build", "start_time", id)?;
    let end_time = rows::maybe_time(row, "build", "end_time", id)?;
    Ok(RecentBuild {
        id,
        status: rows::status(row)?,
        run_number: row.try_get("run_number")?,
        workflow: row.try_get("workflow")?,
        start_time,
        wall_time: end_time.map(|end| elapsed(start_time, end)),
    })
}

/// What is known once reports are recorded.
pub(super) struct Merged {
    /// The repositories that the reports describe, as they are now.
    pub(super) known: BTreeMap<RepositoryId, Stored>,
    /// How many of them each report changed.
    pub(super) changed: Vec<usize>,
    /// Whether one that was known got another name or default branch.
    pub(super) relabelled: bool,
}

/// Records what reports say of repositories.
pub(super) async fn merge(
    connection: &mut Connection,
    reports: &[&[Repository]],
    now: Timestamp,
) -> Result<Merged> {
    let ids: std::collections::BTreeSet<i64> =
        reports.iter().copied().flatten().map(|r| r.id.0).collect();
    let ids: Vec<i64> = ids.into_iter().collect();
    let mut known = of_ids(connection, &ids).await?;
    let mut changed_ids = std::collections::BTreeSet::new();
    let mut counts = Vec::with_capacity(reports.len());
    let mut relabelled = false;
    let mut default_branches = BTreeMap::new();
    for report in reports {
        let mut count = 0;
        for repository in *report {
            if let Some(stored) = known.get_mut(&repository.id) {
                let stored = &mut stored.repository.facts;
                if repository.facts <= *stored {
                    continue;
                }
                relabelled |= is_relabelled(stored, &repository.facts);
                let before = std::mem::replace(stored, repository.facts.clone());
                default_branches
                    .entry(repository.id)
                    .or_insert(before.default_branch);
            } else {
                known.insert(repository.id, unseen(repository));
            }
            changed_ids.insert(repository.id);
            count += 1;
        }
        counts.push(count);
    }
    let changed = changed_ids.iter().map(|id| &known[id].repository);
    let changed: Vec<&Repository> = changed.collect();
    write(connection, &changed, now).await?;
    for (id, before) in default_branches {
        let after = &known[&id].repository.facts.default_branch;
        if before != *after {
            rollup::change_default_branch(connection, id, &before, after).await?;
        }
    }
    Ok(Merged {
        known,
        changed: counts,
        relabelled,
    })
}

/// A repository of which no link is known yet.
fn unseen(repository: &Repository) -> Stored {
    Stored {
        repository: Repository {
            installation: InstallationId(0),
            ..repository.clone()
        },
        hidden: false,
    }
}

fn is_relabelled(before: &RepositoryFacts, after: &RepositoryFacts) -> bool {
    before.name != after.name || before.default_branch != after.default_branch
}

/// Finds repositories by id.
pub(super) async fn of_ids(
    connection: &mut Connection,
    ids: &[i64],
) -> Result<BTreeMap<RepositoryId, Stored>> {
    let mut known = BTreeMap::new();
    for chunk in sql::padded(ids) {
        let mut query = select();
        query.push(" WHERE id IN (");
        sql::push_list(&mut query, &chunk);
        query.push(")");
        for row in query.fetch_all(&mut *connection).await? {
            let stored = read(&row)?;
            known.insert(stored.repository.id, stored);
        }
    }
    Ok(known)
}

async fn write(
    connection: &mut Connection,
    repositories: &[&Repository],
    now: Timestamp,
) -> Result<()> {
    for chunk in sql::chunks(repositories) {
        let mut query = sql::insert("repository", &INSERTED);
        query.push_values(chunk, |mut row, repository| {
            let facts = &repository.facts;
            row.push_bind(repository.id.0)
                .push_bind(&facts.name)
                .push_bind(&facts.default_branch)
                .push_bind(facts.archived)
                .push_bind(facts.private)
                .push_bind(facts.update_time.as_microsecond())
                .push("0")
                .push_bind(now.as_microsecond());
        });
        sql::push_overwrite(&mut query, &["id"], &COLUMNS);
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

//! Repositories and installations: written by the writer, listed by name.

use std::collections::BTreeMap;

use sqlx::{QueryBuilder, Row as _, SqliteConnection, sqlite::SqliteRow};

use super::{Db, Store, rows, sql};
use crate::{
    Result,
    model::{
        BuildId, Installation, InstallationId, Pattern, RecentBuild, Repository, RepositoryFacts,
        RepositoryId, RunId, elapsed,
    },
};

const COLUMNS: [&str; 7] = [
    "id",
    "name",
    "installation_id",
    "default_branch",
    "archived",
    "private",
    "update_time",
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
        if let Some(installation) = query.installation {
            sql.push(" WHERE installation_id = ");
            sql.push_bind(installation.0);
        }
        let mut repositories = Vec::new();
        for row in sql.build().fetch_all(&self.readers).await? {
            let repository = read(&row)?;
            let name = &repository.facts.name;
            if query.names.is_empty() || query.names.iter().any(|p| p.matches_ignoring_case(name)) {
                repositories.push(repository);
            }
        }
        // Here and not in SQL: the two databases order texts differently.
        repositories.sort_by(|a, b| (&a.facts.name, a.id).cmp(&(&b.facts.name, b.id)));
        Ok(repositories)
    }

    /// When the last build of a repository started, in microseconds.
    pub(crate) async fn last_build_time(&self, id: RepositoryId) -> Result<Option<i64>> {
        let time = sqlx::query_scalar(
            "SELECT start_time FROM build WHERE repository_id = $1
             ORDER BY start_time DESC LIMIT 1",
        )
        .bind(id.0)
        .fetch_optional(&self.readers)
        .await?;
        Ok(time)
    }

    /// The last builds on the default branch of a repository, oldest first.
    pub(crate) async fn recent_builds(
        &self,
        repository: &Repository,
        count: usize,
    ) -> Result<Vec<RecentBuild>> {
        // A branch of no name is one that was deleted.
        if repository.facts.default_branch.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = QueryBuilder::<Db>::new(
            "SELECT run_id, run_attempt, run_number, workflow, status, conclusion, start_time, \
                    end_time \
             FROM build \
             WHERE latest_attempt AND head_repository = '' AND repository_id = ",
        );
        query.push_bind(repository.id.0);
        query.push(" AND branch = ");
        query.push_bind(&repository.facts.default_branch);
        query.push(" ORDER BY start_time DESC, run_id DESC, run_attempt DESC LIMIT ");
        query.push_bind(i64::try_from(count).unwrap_or(i64::MAX));
        let rows = query.build().fetch_all(&self.readers).await?;
        let builds = rows.iter().rev();
        builds.map(|row| read_recent(row, repository.id)).collect()
    }
}

fn select() -> QueryBuilder<Db> {
    let mut query = QueryBuilder::new("SELECT ");
    query.push(COLUMNS.join(", "));
    query.push(" FROM repository");
    query
}

fn read(row: &SqliteRow) -> Result<Repository> {
    let id = RepositoryId(row.try_get("id")?);
    let facts = RepositoryFacts {
        update_time: rows::time(row, "repository", "update_time", id)?,
        name: row.try_get("name")?,
        installation: InstallationId(row.try_get("installation_id")?),
        default_branch: row.try_get("default_branch")?,
        archived: row.try_get("archived")?,
        private: row.try_get("private")?,
    };
    Ok(Repository { id, facts })
}

fn read_recent(row: &SqliteRow, repository: RepositoryId) -> Result<RecentBuild> {
    let id = BuildId {
        run: RunId(row.try_get("run_id")?),
        attempt: row.try_get("run_attempt")?,
        repository,
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
    pub(super) known: BTreeMap<RepositoryId, Repository>,
    /// How many of them each report changed.
    pub(super) changed: Vec<usize>,
    /// Whether one that was known got another name or default branch.
    pub(super) relabelled: bool,
}

/// Records what reports say of repositories.
pub(super) async fn merge(
    connection: &mut SqliteConnection,
    reports: &[&[Repository]],
) -> Result<Merged> {
    let ids: std::collections::BTreeSet<i64> =
        reports.iter().copied().flatten().map(|r| r.id.0).collect();
    let ids: Vec<i64> = ids.into_iter().collect();
    let mut known = of_ids(connection, &ids).await?;
    let mut changed_ids = std::collections::BTreeSet::new();
    let mut counts = Vec::with_capacity(reports.len());
    let mut relabelled = false;
    for report in reports {
        let mut count = 0;
        for repository in *report {
            let stored = known.get(&repository.id);
            if stored.is_none_or(|stored| repository.facts > stored.facts) {
                let before = known.insert(repository.id, repository.clone());
                relabelled |= before.is_some_and(|before| is_relabelled(&before, repository));
                changed_ids.insert(repository.id);
                count += 1;
            }
        }
        counts.push(count);
    }
    let changed: Vec<&Repository> = changed_ids.iter().map(|id| &known[id]).collect();
    write(connection, &changed).await?;
    Ok(Merged {
        known,
        changed: counts,
        relabelled,
    })
}

fn is_relabelled(before: &Repository, after: &Repository) -> bool {
    before.facts.name != after.facts.name
        || before.facts.default_branch != after.facts.default_branch
}

async fn of_ids(
    connection: &mut SqliteConnection,
    ids: &[i64],
) -> Result<BTreeMap<RepositoryId, Repository>> {
    let mut known = BTreeMap::new();
    for chunk in sql::padded(ids) {
        let mut query = select();
        query.push(" WHERE id IN (");
        sql::push_list(&mut query, &chunk);
        query.push(")");
        for row in query.build().fetch_all(&mut *connection).await? {
            let repository = read(&row)?;
            known.insert(repository.id, repository);
        }
    }
    Ok(known)
}

async fn write(connection: &mut SqliteConnection, repositories: &[&Repository]) -> Result<()> {
    for chunk in sql::chunks(repositories) {
        let mut query = sql::insert("repository", &COLUMNS);
        query.push_values(chunk, |mut row, repository| {
            let facts = &repository.facts;
            row.push_bind(repository.id.0)
                .push_bind(&facts.name)
                .push_bind(facts.installation.0)
                .push_bind(&facts.default_branch)
                .push_bind(facts.archived)
                .push_bind(facts.private)
                .push_bind(facts.update_time.as_microsecond());
        });
        sql::push_overwrite(&mut query, &["id"], &COLUMNS);
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

/// Records an installation and all that it can see.
pub(super) async fn sync(
    connection: &mut SqliteConnection,
    installation: &Installation,
    all: &[Repository],
) -> Result<()> {
    sqlx::query(
        "INSERT INTO installation (id, account, state) VALUES ($1, $2, $3)
         ON CONFLICT (id) DO UPDATE SET account = excluded.account, state = excluded.state",
    )
    .bind(installation.id.0)
    .bind(&installation.account)
    .bind(installation.state.word())
    .execute(&mut *connection)
    .await?;
    merge(connection, &[all]).await?;
    // What it no longer sees stays, with its builds, and belongs to nobody.
    sqlx::query("UPDATE repository SET installation_id = 0 WHERE installation_id = $1")
        .bind(installation.id.0)
        .execute(&mut *connection)
        .await?;
    for chunk in sql::chunks(all) {
        let mut query = QueryBuilder::<Db>::new("UPDATE repository SET installation_id = ");
        query.push_bind(installation.id.0);
        query.push(" WHERE id IN (");
        let ids: Vec<i64> = chunk.iter().map(|repository| repository.id.0).collect();
        sql::push_list(&mut query, &ids);
        query.push(")");
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

//! Rollups of all default branches: the sums of one branch of each repository. Which one that
//! is may change; its sums are taken away then, and those of the other are added.

use std::collections::BTreeMap;

use super::{
    content::Content,
    fold::{self, read_content, read_key},
    key::{Key, Kind},
};
use crate::{
    Result,
    model::{Ended, RepositoryId},
    store::{
        db::{self, Connection, Executor, Query, Row},
        sql,
    },
};

/// The default branches of repositories.
pub(super) struct DefaultBranches(BTreeMap<RepositoryId, String>);

impl DefaultBranches {
    /// Of some repositories.
    pub(super) async fn of(
        executor: &mut Executor<'_>,
        repositories: impl Iterator<Item = RepositoryId>,
    ) -> Result<Self> {
        let mut ids: Vec<i64> = repositories.map(|id| id.0).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut branches = BTreeMap::new();
        for chunk in sql::padded(&ids) {
            let mut query = Query::new("SELECT id, default_branch FROM repository WHERE id IN (");
            sql::push_list(&mut query, &chunk);
            query.push(")");
            for row in query.fetch_all(executor.again()).await? {
                branches.extend([read(&row)?]);
            }
        }
        Ok(Self(branches))
    }

    /// Of all that are known.
    pub(super) async fn all(executor: &mut Executor<'_>) -> Result<Self> {
        let query = db::query("SELECT id, default_branch FROM repository");
        let rows = query.fetch_all(executor.again()).await?;
        Ok(Self(rows.iter().map(read).collect::<Result<_>>()?))
    }

    /// Whether a build is of one of them.
    pub(super) fn has(&self, build: &Ended) -> bool {
        let branch = self.0.get(&build.repository);
        branch.is_some_and(|branch| !branch.is_empty() && *branch == build.branch)
    }
}

fn read(row: &Row) -> Result<(RepositoryId, String)> {
    let id = RepositoryId(row.try_get("id")?);
    Ok((id, row.try_get("default_branch")?))
}

/// Has another branch of a repository count as its default one. What is not folded in yet is
/// not moved: it is folded in by what is known then. An empty name is of no branch.
pub(in crate::store) async fn change_default_branch(
    connection: &mut Connection,
    repository: RepositoryId,
    before: &str,
    after: &str,
) -> Result<()> {
    let mut sums = BTreeMap::new();
    for (branch, times) in [(before, -1), (after, 1)] {
        add_branch(connection, (repository, branch), times, &mut sums).await?;
    }
    fold::add(connection, sums).await
}

/// Makes the rollups where those of each branch were there before them.
pub(super) async fn make(connection: &mut Connection) -> Result<()> {
    let branches = DefaultBranches::all(&mut (&mut *connection).into()).await?;
    let mut sums = BTreeMap::new();
    for (repository, branch) in &branches.0 {
        add_branch(connection, (*repository, branch), 1, &mut sums).await?;
    }
    fold::add(connection, sums).await
}

/// Adds the rollups of a branch, each to that of its day.
async fn add_branch(
    connection: &mut Connection,
    (repository, branch): (RepositoryId, &str),
    times: i64,
    sums: &mut BTreeMap<Key, Content>,
) -> Result<()> {
    if branch.is_empty() {
        return Ok(());
    }
    let query = db::query(
        "SELECT kind, repository_id, day, name, workflow_id, total, slots FROM rollup
         WHERE kind = $1 AND repository_id = $2 AND name = $3",
    );
    let query = query.bind(Kind::Branch.number()).bind(repository.0);
    query
        .bind(branch.to_owned())
        .fetch_each(connection, |row| -> Result<()> {
            let key = Key::of_day(Kind::DefaultBranch, read_key(&row)?.day);
            let sum = sums.entry(key).or_default();
            sum.add(&read_content(&row)?, times);
            Ok(())
        })
        .await
}

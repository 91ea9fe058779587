//! All rows of one repository, as they can be compared with another's.

use std::{collections::BTreeMap, ops::RangeInclusive};

use super::{
    super::{Store, builds, db, jobs, rows},
    rows::read_all,
};
use crate::{
    Result,
    model::{Build, Job, RepositoryId},
};

/// All that the store keeps of a repository, its id left out.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Snapshot {
    repository: Option<RepositoryRow>,
    workflows: Vec<WorkflowRow>,
    builds: Vec<Build>,
    jobs: Vec<Job>,
    /// What is worked out and stored beside each build.
    end_times: Vec<Option<i64>>,
}

/// Name, installation, default branch, archived, private, update time.
type RepositoryRow = (String, i64, String, bool, bool, i64);
/// Id, name, path, update time.
type WorkflowRow = (i64, String, String, i64);
type Snapshots = BTreeMap<i64, Snapshot>;

const NOBODY: RepositoryId = RepositoryId(0);

/// Takes snapshots of the repositories with some ids.
pub(super) async fn take(store: &Store, ids: RangeInclusive<i64>) -> Result<Snapshots> {
    let mut snapshots = Snapshots::new();
    read_repositories(store, &ids, &mut snapshots).await?;
    read_builds(store, &ids, &mut snapshots).await?;
    read_jobs(store, &ids, &mut snapshots).await?;
    Ok(snapshots)
}

async fn read_repositories(
    store: &Store,
    ids: &RangeInclusive<i64>,
    snapshots: &mut Snapshots,
) -> Result<()> {
    let rows = db::query(
        "SELECT id, name, installation_id, default_branch, archived, private, update_time
         FROM repository WHERE id BETWEEN $1 AND $2",
    )
    .bind(ids.start())
    .bind(ids.end())
    .fetch_all(&store.readers)
    .await?;
    for (id, name, installation, branch, archived, private, time) in read_all(&rows)? {
        let row = (name, installation, branch, archived, private, time);
        snapshots.entry(id).or_default().repository = Some(row);
    }
    let rows = db::query(
        "SELECT repository_id, id, name, path, update_time
         FROM workflow WHERE repository_id BETWEEN $1 AND $2 ORDER BY id",
    )
    .bind(ids.start())
    .bind(ids.end())
    .fetch_all(&store.readers)
    .await?;
    for (repository, id, name, path, time) in read_all(&rows)? {
        let snapshot = snapshots.entry(repository).or_default();
        snapshot.workflows.push((id, name, path, time));
    }
    Ok(())
}

async fn read_builds(
    store: &Store,
    ids: &RangeInclusive<i64>,
    snapshots: &mut Snapshots,
) -> Result<()> {
    let mut query = builds::select_shown();
    query.push(" WHERE b.repository_id BETWEEN ");
    query.push_bind(*ids.start());
    query.push(" AND ");
    query.push_bind(*ids.end());
    query.push(" ORDER BY b.run_id, b.run_attempt");
    for row in query.fetch_all(&store.readers).await? {
        let mut build = rows::build(&row)?;
        let id = std::mem::replace(&mut build.record.id.repository, NOBODY);
        snapshots.entry(id.0).or_default().builds.push(build);
    }
    let rows = db::query(
        "SELECT repository_id, end_time FROM build
         WHERE repository_id BETWEEN $1 AND $2 ORDER BY run_id, run_attempt",
    )
    .bind(ids.start())
    .bind(ids.end())
    .fetch_all(&store.readers)
    .await?;
    for (repository, end_time) in read_all(&rows)? {
        let snapshot = snapshots.entry(repository).or_default();
        snapshot.end_times.push(end_time);
    }
    Ok(())
}

async fn read_jobs(
    store: &Store,
    ids: &RangeInclusive<i64>,
    snapshots: &mut Snapshots,
) -> Result<()> {
    let mut query = jobs::select();
    query.push(" WHERE j.repository_id BETWEEN ");
    query.push_bind(*ids.start());
    query.push(" AND ");
    query.push_bind(*ids.end());
    query.push(" ORDER BY j.run_id, j.run_attempt, j.id");
    for row in query.fetch_all(&store.readers).await? {
        let mut job = rows::job(&row)?;
        job.build.repository = NOBODY;
        let repository: i64 = row.try_get("repository_id")?;
        snapshots.entry(repository).or_default().jobs.push(job);
    }
    Ok(())
}

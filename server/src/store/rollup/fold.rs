//! Bringing rollups up to date: all that commits left is added to them at once.

use std::collections::BTreeMap;

use super::{
    change::{self, Change},
    content::Content,
    default_branch::DefaultBranches,
    key::Key,
};
use crate::{
    Result,
    store::{
        db::{self, Connection, Executor, Query, Row},
        sql,
    },
};

const KEY: [&str; 5] = ["kind", "repository_id", "day", "name", "workflow_id"];
const COLUMNS: [&str; 8] = [
    "kind",
    "repository_id",
    "day",
    "name",
    "workflow_id",
    "builds",
    "total",
    "slots",
];

/// Folds what commits left into the rollups, in a transaction of the writer: the oldest of it,
/// until it is so many changes. Says how many.
pub(in crate::store) async fn fold(connection: &mut Connection, most: usize) -> Result<usize> {
    let (last, changes) = change::oldest(&mut *connection, most).await?;
    if changes.is_empty() {
        return Ok(0);
    }
    let repositories = changes.iter().map(|change| change.build.repository);
    let branches = DefaultBranches::of(&mut (&mut *connection).into(), repositories).await?;
    add(connection, sum(changes.iter(), &branches)).await?;
    db::query("DELETE FROM rollup_change WHERE number <= $1")
        .bind(last)
        .execute(connection)
        .await?;
    Ok(changes.len())
}

/// Adds sums to the rollups; those of which nothing is left go.
pub(super) async fn add(connection: &mut Connection, sums: BTreeMap<Key, Content>) -> Result<()> {
    let keys: Vec<Key> = sums.keys().cloned().collect();
    let mut rollups = of_keys(&mut (&mut *connection).into(), &keys).await?;
    for (key, content) in sums {
        rollups.entry(key).or_default().add(&content, 1);
    }
    let (gone, kept): (Vec<_>, Vec<_>) = rollups
        .into_iter()
        .partition(|(_, content)| content.is_empty());
    write(connection, &kept).await?;
    delete(connection, &gone).await
}

/// What changes add up to.
pub(super) fn sum<'c>(
    changes: impl Iterator<Item = &'c Change>,
    branches: &DefaultBranches,
) -> BTreeMap<Key, Content> {
    let mut sums: BTreeMap<Key, Content> = BTreeMap::new();
    for Change { build, times } in changes {
        for key in Key::of(build, branches) {
            sums.entry(key).or_default().count(build, *times);
        }
    }
    sums
}

async fn of_keys(executor: &mut Executor<'_>, keys: &[Key]) -> Result<BTreeMap<Key, Content>> {
    let mut found = BTreeMap::new();
    for chunk in sql::padded(keys) {
        for row in select(chunk).fetch_all(executor.again()).await? {
            found.insert(read_key(&row)?, read_content(&row)?);
        }
    }
    Ok(found)
}

/// A query for rollups by their keys.
fn select(keys: Vec<Key>) -> Query {
    let mut query = Query::new("SELECT ");
    query.push(COLUMNS.join(", "));
    query.push(" FROM rollup");
    push_keys(&mut query, keys);
    query
}

/// Reads the name of a row.
pub(super) fn read_key(row: &Row) -> Result<Key> {
    Ok(Key {
        kind: row.try_get("kind")?,
        repository: row.try_get("repository_id")?,
        day: row.try_get("day")?,
        name: row.try_get("name")?,
        workflow: row.try_get("workflow_id")?,
    })
}

/// Reads what a row holds.
pub(super) fn read_content(row: &Row) -> Result<Content> {
    Content::decode(row.try_get("total")?, row.try_get("slots")?)
}

/// Writes rollups over those that are there.
pub(super) async fn write(connection: &mut Connection, rollups: &[(Key, Content)]) -> Result<()> {
    for chunk in sql::chunks(rollups) {
        let mut query = sql::insert("rollup", &COLUMNS);
        query.push_values(chunk, |mut row, (key, content)| {
            let (total, slots) = content.encode();
            row.push_bind(key.kind)
                .push_bind(key.repository)
                .push_bind(key.day)
                .push_bind(&key.name)
                .push_bind(key.workflow)
                .push_bind(content.total.builds())
                .push_bind(total)
                .push_bind(slots);
        });
        sql::push_overwrite(&mut query, &KEY, &COLUMNS);
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn delete(connection: &mut Connection, rollups: &[(Key, Content)]) -> Result<()> {
    let keys: Vec<Key> = rollups.iter().map(|(key, _)| key.clone()).collect();
    for chunk in sql::padded(&keys) {
        let mut query = Query::new("DELETE FROM rollup");
        push_keys(&mut query, chunk);
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Selects rows by their keys. The first conditions are what the index knows: by the
/// last one alone, `SQLite` looks at all rows. With them, it finds names by it, too.
fn push_keys(query: &mut Query, keys: Vec<Key>) {
    query.push(" WHERE kind IN (");
    sql::push_list(query, keys.iter().map(|key| &key.kind));
    query.push(") AND repository_id IN (");
    sql::push_list(query, keys.iter().map(|key| &key.repository));
    query.push(") AND day IN (");
    sql::push_list(query, keys.iter().map(|key| &key.day));
    query.push(") AND (").push(KEY.join(", ")).push(") IN (");
    query.push_values(keys, push_key);
    query.push(")");
}

fn push_key(mut row: db::Separated<'_>, key: Key) {
    row.push_bind(key.kind)
        .push_bind(key.repository)
        .push_bind(key.day)
        .push_bind(key.name)
        .push_bind(key.workflow);
}

/// What is asked for when two branches of a day are folded.
#[cfg(test)]
pub(in crate::store) fn statement() -> Query {
    let key = |name: &str| Key {
        kind: super::key::Kind::Branch.number(),
        repository: 1,
        day: 1,
        name: name.to_owned(),
        workflow: 0,
    };
    select(vec![key("main"), key("next")])
}

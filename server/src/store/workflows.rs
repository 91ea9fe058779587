//! Workflows: written by the writer under their latest names.

use std::collections::BTreeMap;

use super::{
    db::{Connection, Query},
    sql,
};
use crate::{
    Result,
    model::{BuildFacts, BuildId},
};

const COLUMNS: [&str; 5] = ["repository_id", "id", "name", "path", "update_time"];

/// When a workflow had a name and a path, and these: in the order in which the last one wins.
type Name = (i64, String, String);
/// A repository, and a workflow of it.
type Key = (i64, i64);

/// Records the names that builds have for their workflows; the latest wins.
pub(super) async fn merge<'a>(
    connection: &mut Connection,
    builds: impl Iterator<Item = (BuildId, &'a BuildFacts)>,
) -> Result<()> {
    let mut told = BTreeMap::new();
    for (id, facts) in builds {
        let name = (
            facts.update_time.as_microsecond(),
            facts.workflow.as_str(),
            facts.workflow_path.as_str(),
        );
        told.entry((id.repository.0, facts.workflow_id.0))
            .and_modify(|known| *known = name.max(*known))
            .or_insert(name);
    }
    let keys: Vec<Key> = told.keys().copied().collect();
    let stored = find(connection, &keys).await?;
    told.retain(|key, (time, name, path)| {
        let stored = stored.get(key);
        stored.is_none_or(|(t, n, p)| (*time, *name, *path) > (*t, n.as_str(), p.as_str()))
    });
    let told: Vec<_> = told.into_iter().collect();
    for chunk in sql::chunks(&told) {
        let mut query = sql::insert("workflow", &COLUMNS);
        query.push_values(chunk, |mut row, ((repository, id), (time, name, path))| {
            row.push_bind(*repository)
                .push_bind(*id)
                .push_bind(*name)
                .push_bind(*path)
                .push_bind(*time);
        });
        sql::push_overwrite(&mut query, &["repository_id", "id"], &COLUMNS);
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn find(connection: &mut Connection, keys: &[Key]) -> Result<BTreeMap<Key, Name>> {
    let mut found = BTreeMap::new();
    for chunk in sql::padded(keys) {
        let mut query = Query::new(
            "SELECT repository_id, id, name, path, update_time FROM workflow \
             WHERE repository_id IN (",
        );
        // What is found of other pairs is right as well.
        sql::push_list(&mut query, chunk.iter().map(|(repository, _)| repository));
        query.push(") AND id IN (");
        sql::push_list(&mut query, chunk.iter().map(|(_, id)| id));
        query.push(")");
        for row in query.fetch_all(&mut *connection).await? {
            let key = (row.try_get("repository_id")?, row.try_get("id")?);
            let name = (
                row.try_get("update_time")?,
                row.try_get("name")?,
                row.try_get("path")?,
            );
            found.insert(key, name);
        }
    }
    Ok(found)
}

//! Workflows: written by the writer under their latest names.

use std::collections::BTreeMap;

use super::{db::Connection, sql};
use crate::{
    Result,
    model::{BuildFacts, BuildId},
};

const COLUMNS: [&str; 5] = ["repository_id", "id", "name", "path", "update_time"];

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

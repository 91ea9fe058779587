//! Deleting the jobs of builds that stay.

use super::super::{
    db::{Connection, Query},
    sql,
};
use crate::{Result, model::BuildId};

/// Deletes the jobs of some builds. What was worked out of them stays, is not
/// changed by jobs that come later, and they are not asked for again.
pub(super) async fn delete_jobs(connection: &mut Connection, builds: &[BuildId]) -> Result<()> {
    for statement in [
        "DELETE FROM job",
        "UPDATE build SET jobs_deleted = TRUE, jobs_closed = TRUE",
    ] {
        for chunk in sql::padded(builds) {
            let mut query = Query::new(statement);
            // The first condition is what the index knows.
            query.push(" WHERE run_id IN (");
            sql::push_list(&mut query, chunk.iter().map(|id| &id.run.0));
            query.push(") AND (run_id, run_attempt, repository_id) IN (");
            query.push_values(chunk, |mut row, id| {
                row.push_bind(id.run.0)
                    .push_bind(id.attempt)
                    .push_bind(id.repository.0);
            });
            query.push(")");
            query.execute(&mut *connection).await?;
        }
    }
    Ok(())
}

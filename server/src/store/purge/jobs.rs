//! Deleting the jobs of builds that stay.

use std::collections::BTreeSet;

use super::{
    super::{attempts, db::Connection, sql},
    shapes,
};
use crate::{Result, model::BuildId};

const DELETE: &str = "DELETE FROM job";
const NOTE: &str = "UPDATE build SET jobs_deleted = TRUE, jobs_closed = TRUE";

/// Deletes the jobs of some builds. What was worked out of them stays, is not
/// changed by jobs that come later, and they are not asked for again.
pub(super) async fn delete_jobs(connection: &mut Connection, builds: &[BuildId]) -> Result<()> {
    let mut shapes = BTreeSet::new();
    for chunk in sql::padded(builds) {
        let mut query = attempts::on(DELETE, chunk);
        query.push(shapes::RETURNING);
        shapes::read(query, connection, &mut shapes).await?;
    }
    shapes::delete_unused(connection, &shapes).await?;
    attempts::run_on(connection, NOTE, builds).await
}

//! Deleting the jobs of builds that stay.

use super::super::{attempts, db::Connection};
use crate::{Result, model::BuildId};

const DELETE: &str = "DELETE FROM job";
const NOTE: &str = "UPDATE build SET jobs_deleted = TRUE, jobs_closed = TRUE";

/// Deletes the jobs of some builds. What was worked out of them stays, is not
/// changed by jobs that come later, and they are not asked for again.
pub(super) async fn delete_jobs(connection: &mut Connection, builds: &[BuildId]) -> Result<()> {
    for statement in [DELETE, NOTE] {
        attempts::run_on(connection, statement, builds).await?;
    }
    Ok(())
}

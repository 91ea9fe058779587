//! Leases: whoever is handed a backfill holds it for as long as he tells of it.

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};

use super::{
    super::{Store, leases},
    db::{self, Connection, Query},
    find,
};
use crate::{
    Error, Result,
    model::{BackfillId, BackfillUpdate, InstallationId, LeasedBackfill, RepositoryId},
};

/// For how long a backfill is held after the last word of it.
const LEASE: SignedDuration = SignedDuration::from_secs(60);

/// Which backfill was handed out, under which number.
pub(crate) type Lease = (BackfillId, i64);

/// That `f` may be handed out to a holder at a time: it is not over, nobody has it,
/// it does not wait, and GitHub answers him for it. An empty name may have any.
fn push_free(query: &mut Query, holder: &str, now: Timestamp) {
    query.push("f.end_time IS NULL AND COALESCE(f.lease_until_time, 0) <= ");
    query.push_bind(now.as_microsecond());
    query.push(" AND COALESCE(f.wait_until_time, 0) <= ");
    query.push_bind(now.as_microsecond());
    query.push(
        " AND EXISTS (SELECT 1 FROM repository r \
         LEFT JOIN installation i ON i.id = r.installation_id \
         WHERE r.id = f.repository_id AND r.hidden_time IS NULL \
           AND r.installation_id <> 0 AND COALESCE(i.state, '') <> 'suspended'",
    );
    if !holder.is_empty() {
        query.push(" AND ");
        leases::push_held_by(query, "r.installation_id", holder, now);
    }
    query.push(")");
}

impl Store {
    /// Whether a backfill could be handed out to a holder.
    pub(crate) async fn has_free_backfill(&self, holder: &str, now: Timestamp) -> Result<bool> {
        let now = self.lease_time(now).await?;
        let mut query = Query::new("SELECT 1 FROM backfill f WHERE ");
        push_free(&mut query, holder, now);
        query.push(" LIMIT 1");
        let found = query.fetch_optional(&self.readers).await?;
        Ok(found.is_some())
    }

    /// Hands a backfill out, if there is one: first one that has begun, then the
    /// one that waits longest.
    pub(crate) async fn lease_backfill(&self, holder: String) -> Result<Option<LeasedBackfill>> {
        self.write(move |connection, now| lease(connection, holder, now).boxed())
            .await
    }

    /// Those of some leases that are still held.
    pub(crate) async fn held_leases(&self, leases: &[Lease], now: Timestamp) -> Result<Vec<Lease>> {
        if leases.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.lease_time(now).await?;
        let mut query = Query::new(
            "SELECT repository_id, number, lease FROM backfill \
             WHERE end_time IS NULL AND lease_until_time > ",
        );
        query.push_bind(now.as_microsecond());
        query.push(" AND (repository_id, number, lease) IN (");
        query.push_values(leases, |mut row, (id, lease)| {
            row.push_bind(id.repository.0)
                .push_bind(id.number)
                .push_bind(*lease);
        });
        query.push(")");
        let mut held = Vec::new();
        for row in query.fetch_all(&self.readers).await? {
            let id = BackfillId {
                repository: RepositoryId(row.try_get("repository_id")?),
                number: row.try_get("number")?,
            };
            held.push((id, row.try_get("lease")?));
        }
        Ok(held)
    }

    /// Takes in how far a backfill is.
    pub(crate) async fn update_backfill(&self, update: BackfillUpdate) -> Result<()> {
        self.write(move |connection, now| record(connection, update, now).boxed())
            .await
    }
}

async fn lease(
    connection: &mut Connection,
    holder: String,
    now: Timestamp,
) -> Result<Option<LeasedBackfill>> {
    let until = now.saturating_add(LEASE).unwrap_or(Timestamp::MAX);
    let mut query = Query::new("UPDATE backfill SET lease = lease + 1, ");
    query.push("wait_until_time = NULL, lease_until_time = ");
    query.push_bind(until.as_microsecond());
    query.push(
        " WHERE (repository_id, number) = \
         (SELECT f.repository_id, f.number FROM backfill f WHERE ",
    );
    push_free(&mut query, &holder, now);
    query.push(
        " ORDER BY f.cursor_time IS NULL, f.create_time, f.repository_id, f.number LIMIT 1) \
         AND COALESCE(lease_until_time, 0) <= ",
    );
    query.push_bind(now.as_microsecond());
    query.push(" RETURNING repository_id, number, lease");
    let Some(row) = query.fetch_optional(&mut *connection).await? else {
        return Ok(None);
    };
    let id = BackfillId {
        repository: RepositoryId(row.try_get("repository_id")?),
        number: row.try_get("number")?,
    };
    let seen_through = db::query("SELECT installation_id FROM repository WHERE id = $1")
        .bind(id.repository.0)
        .fetch_one(&mut *connection)
        .await?;
    Ok(Some(LeasedBackfill {
        backfill: find(connection, id).await?,
        lease: row.try_get("lease")?,
        installation: InstallationId(seen_through.try_get(0)?),
    }))
}

/// One that waits is let go of, so that others get their turn.
async fn record(connection: &mut Connection, update: BackfillUpdate, now: Timestamp) -> Result<()> {
    let over = update.status.is_over();
    let wait = update.wait_until_time.filter(|time| !over && *time > now);
    let held = !over && wait.is_none();
    let until = now.saturating_add(LEASE).unwrap_or(Timestamp::MAX);
    let updated = db::query(
        "UPDATE backfill SET status = $4, update_time = $5, end_time = $6,
                -- What is loaded, stays so.
                cursor_time = CASE WHEN cursor_time < $7 THEN cursor_time
                                   ELSE COALESCE($7, cursor_time) END,
                run_count = run_count + $8, request_count = request_count + $9,
                problem = $10, wait_until_time = $11, lease_until_time = $12
         WHERE repository_id = $1 AND number = $2 AND lease = $3 AND end_time IS NULL",
    )
    .bind(update.id.repository.0)
    .bind(update.id.number)
    .bind(update.lease)
    .bind(update.status.word())
    .bind(now.as_microsecond())
    .bind(over.then(|| now.as_microsecond()))
    .bind(update.cursor_time.map(Timestamp::as_microsecond))
    .bind(i64::from(update.added_runs))
    .bind(i64::from(update.added_requests))
    .bind(update.problem)
    .bind(wait.map(Timestamp::as_microsecond))
    .bind(held.then(|| until.as_microsecond()))
    .execute(connection)
    .await?;
    if updated == 0 {
        let problem = "the backfill is over, or somebody else has it by now";
        return Err(Error::Precondition(problem));
    }
    Ok(())
}

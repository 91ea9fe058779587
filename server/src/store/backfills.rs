//! Backfills: asked for, handed out under leases, and told of.

mod lease;

pub(crate) use lease::Lease;

use jiff::Timestamp;

use futures_util::FutureExt as _;

use super::{
    Store, bad_value,
    db::{self, Connection, Query, Row},
    rows, sql,
};
use crate::{
    Error, Result,
    model::{Backfill, BackfillId, BackfillStatus, RepositoryId},
};

/// Which backfills to list.
pub(crate) struct BackfillQuery {
    pub(crate) ids: Vec<BackfillId>,
    pub(crate) limit: usize,
}

/// Backfills, and how many are not over in all.
pub(crate) struct Backfills {
    pub(crate) backfills: Vec<Backfill>,
    pub(crate) open_count: i64,
}

impl Store {
    /// Lists backfills: those that are not over, then the newest.
    pub(crate) async fn backfills(&self, asked: BackfillQuery) -> Result<Backfills> {
        let mut query = select();
        if !asked.ids.is_empty() {
            query.push(" AND (f.repository_id, f.number) IN (");
            query.push_values(&asked.ids, |mut row, id| {
                row.push_bind(id.repository.0).push_bind(id.number);
            });
            query.push(")");
        }
        query.push(
            " ORDER BY f.end_time IS NOT NULL, f.create_time DESC, f.repository_id, \
             f.number DESC LIMIT ",
        );
        query.push_bind(i64::try_from(asked.limit).unwrap_or(i64::MAX));
        let rows = query.fetch_all(&self.readers).await?;
        let open_count = db::query(
            "SELECT COUNT(*) FROM backfill f JOIN repository r ON r.id = f.repository_id
             WHERE f.end_time IS NULL AND r.hidden_time IS NULL",
        )
        .fetch_one(&self.readers)
        .await?;
        Ok(Backfills {
            backfills: rows.iter().map(read).collect::<Result<_>>()?,
            open_count: open_count.try_get(0)?,
        })
    }

    /// Starts to load the history of a repository, or finds the backfill that is
    /// under way and reaches as far back.
    pub(crate) async fn start_backfill(&self, name: String, since: Timestamp) -> Result<Backfill> {
        let retention = self.retention;
        self.write(move |connection, now| {
            // What is older would be deleted again.
            let since = retention.at(now).builds.map_or(since, |it| since.max(it));
            start(connection, name, since, now).boxed()
        })
        .await
    }

    /// Stops a backfill. One that is over stays as it is.
    pub(crate) async fn cancel_backfill(&self, id: BackfillId) -> Result<Backfill> {
        self.write(move |connection, now| cancel(connection, id, now).boxed())
            .await
    }
}

async fn start(
    connection: &mut Connection,
    name: String,
    since: Timestamp,
    now: Timestamp,
) -> Result<Backfill> {
    // A name that was given away goes with whoever was seen with it last.
    let repository = db::query(
        "SELECT id FROM repository
         WHERE lower(name) = lower($1) AND installation_id <> 0 AND hidden_time IS NULL
         ORDER BY update_time DESC, id DESC LIMIT 1",
    )
    .bind(&name)
    .fetch_optional(&mut *connection)
    .await?;
    let repository = repository.ok_or(Error::NotFound("repository"))?;
    let repository = RepositoryId(repository.try_get(0)?);
    let mut query = select();
    query.push(" AND f.end_time IS NULL AND f.repository_id = ");
    query.push_bind(repository.0);
    query.push(" AND f.since_time <= ");
    query.push_bind(since.as_microsecond());
    query.push(" ORDER BY f.number LIMIT 1");
    if let Some(row) = query.fetch_optional(&mut *connection).await? {
        return read(&row);
    }
    let last = db::query("SELECT MAX(number) FROM backfill WHERE repository_id = $1")
        .bind(repository.0)
        .fetch_one(&mut *connection)
        .await?;
    let last: Option<i32> = last.try_get(0)?;
    let number = last.unwrap_or_default() + 1;
    let id = BackfillId { repository, number };
    insert(connection, &[id], since, now).await?;
    find(connection, id).await
}

/// Starts the first backfill of the repositories that are seen and never had
/// one, or none but such as ended early before the repository was seen again:
/// whoever uninstalls the app takes away what they were to load.
pub(super) async fn start_first(
    connection: &mut Connection,
    repositories: impl Iterator<Item = RepositoryId>,
    since: Timestamp,
    now: Timestamp,
) -> Result<()> {
    let ids: Vec<i64> = repositories.map(|id| id.0).collect();
    let mut new = Vec::new();
    for chunk in sql::padded(&ids) {
        let mut query = Query::new(
            "SELECT id, (SELECT COALESCE(MAX(number), 0) + 1 FROM backfill f \
                         WHERE f.repository_id = r.id) AS number \
             FROM repository r WHERE hidden_time IS NULL AND NOT EXISTS \
             (SELECT 1 FROM backfill f WHERE f.repository_id = r.id \
              AND (f.status NOT IN ('failed', 'cancelled') \
                   OR f.create_time >= COALESCE(r.return_time, f.create_time))) \
             AND id IN (",
        );
        sql::push_list(&mut query, &chunk);
        query.push(")");
        for row in query.fetch_all(&mut *connection).await? {
            new.push(new_id(&row)?);
        }
    }
    insert(connection, &new, since, now).await
}

/// Starts to load the history of every repository that is seen, where no backfill
/// is under way that reaches as far back.
pub(super) async fn start_everywhere(
    connection: &mut Connection,
    since: Timestamp,
    now: Timestamp,
) -> Result<()> {
    let rows = db::query(
        "SELECT id, (SELECT COALESCE(MAX(number), 0) + 1 FROM backfill f
                     WHERE f.repository_id = r.id) AS number
         FROM repository r WHERE installation_id <> 0 AND hidden_time IS NULL AND NOT EXISTS
             (SELECT 1 FROM backfill f WHERE f.repository_id = r.id
              AND f.end_time IS NULL AND f.since_time <= $1)",
    )
    .bind(since.as_microsecond())
    .fetch_all(&mut *connection)
    .await?;
    let new = rows.iter().map(new_id).collect::<Result<Vec<_>>>()?;
    insert(connection, &new, since, now).await
}

fn new_id(row: &Row) -> Result<BackfillId> {
    Ok(BackfillId {
        repository: RepositoryId(row.try_get("id")?),
        number: row.try_get("number")?,
    })
}

async fn insert(
    connection: &mut Connection,
    new: &[BackfillId],
    since: Timestamp,
    now: Timestamp,
) -> Result<()> {
    for chunk in sql::chunks(new) {
        let mut query = Query::new(
            "INSERT INTO backfill (repository_id, number, since_time, status, create_time, \
             update_time, run_count, request_count, problem, lease) ",
        );
        query.push_values(chunk, |mut row, id| {
            row.push_bind(id.repository.0)
                .push_bind(id.number)
                .push_bind(since.as_microsecond())
                .push_bind(BackfillStatus::Queued.word())
                .push_bind(now.as_microsecond())
                .push_bind(now.as_microsecond())
                .push("0, 0, '', 0");
        });
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn cancel(connection: &mut Connection, id: BackfillId, now: Timestamp) -> Result<Backfill> {
    db::query(
        "UPDATE backfill SET status = $4, end_time = $3, update_time = $3,
                wait_until_time = NULL, lease_until_time = NULL
         WHERE repository_id = $1 AND number = $2 AND end_time IS NULL",
    )
    .bind(id.repository.0)
    .bind(id.number)
    .bind(now.as_microsecond())
    .bind(BackfillStatus::Cancelled.word())
    .execute(&mut *connection)
    .await?;
    find(connection, id).await
}

async fn find(connection: &mut Connection, id: BackfillId) -> Result<Backfill> {
    let mut query = select();
    query.push(" AND f.repository_id = ");
    query.push_bind(id.repository.0);
    query.push(" AND f.number = ");
    query.push_bind(id.number);
    let row = query.fetch_optional(connection).await?;
    read(&row.ok_or(Error::NotFound("backfill"))?)
}

/// Starts a query for backfills of `backfill f` joined to `repository r`.
fn select() -> Query {
    Query::new(
        "SELECT f.repository_id, f.number, f.since_time, f.status, f.create_time, f.update_time, \
         f.end_time, f.cursor_time, f.run_count, f.request_count, f.problem, f.wait_until_time, \
         f.lease, r.name AS repository, r.installation_id \
         FROM backfill f JOIN repository r ON r.id = f.repository_id \
         WHERE r.hidden_time IS NULL",
    )
}

fn read(row: &Row) -> Result<Backfill> {
    let id = BackfillId {
        repository: RepositoryId(row.try_get("repository_id")?),
        number: row.try_get("number")?,
    };
    let at = |column| rows::time(row, "backfill", column, id);
    let maybe_at = |column| rows::maybe_time(row, "backfill", column, id);
    let status: &str = row.try_get("status")?;
    Ok(Backfill {
        id,
        repository: row.try_get("repository")?,
        since_time: at("since_time")?,
        status: BackfillStatus::from_word(status)
            .ok_or_else(|| bad_value("backfill", "status", &id, &status))?,
        create_time: at("create_time")?,
        update_time: at("update_time")?,
        end_time: maybe_at("end_time")?,
        cursor_time: maybe_at("cursor_time")?,
        run_count: row.try_get("run_count")?,
        request_count: row.try_get("request_count")?,
        problem: row.try_get("problem")?,
        wait_until_time: maybe_at("wait_until_time")?,
    })
}

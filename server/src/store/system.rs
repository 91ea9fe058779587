//! What says whether the board can be trusted: deliveries, the app's own word, and the size of it
//! all.

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};

use super::{
    Store,
    db::{self, Query, Row, Snapshot},
    leases, open, rows,
};
use crate::{
    Result,
    model::{DeliveryCounts, DeliveryRecord},
};

/// How far back deliveries are counted.
const COUNTED: SignedDuration = SignedDuration::from_hours(24);

/// A page of deliveries to be listed, newest first.
pub(crate) struct DeliveryPage {
    /// The time and GUID of the last delivery of the page before.
    pub(crate) after: Option<(Timestamp, String)>,
    pub(crate) size: usize,
    pub(crate) quarantined_only: bool,
}

impl Store {
    /// How the app said it was, in the words of the contract, and when.
    pub(crate) async fn app_status(&self) -> Result<Option<(Vec<u8>, Timestamp)>> {
        let row = db::query("SELECT status, report_time FROM app_status")
            .fetch_optional(&self.readers)
            .await?;
        let read = |row: Row| {
            let time = rows::time(&row, "app_status", "report_time", 1)?;
            Ok((row.try_get("status")?, time))
        };
        row.map(read).transpose()
    }

    /// Keeps how the app says it is. The last word counts, of whoever holds the App as
    /// a whole, if somebody does; of no name, anybody's.
    pub(crate) async fn set_app_status(&self, status: Vec<u8>, holder: String) -> Result<()> {
        self.write(move |connection, now| {
            async move {
                let is_named = !holder.is_empty();
                if is_named && leases::is_held_by_another(connection, &holder, now).await? {
                    return Ok(());
                }
                db::query(
                    "INSERT INTO app_status (id, report_time, status) VALUES (1, $1, $2)
                     ON CONFLICT (id) DO UPDATE SET
                         report_time = excluded.report_time, status = excluded.status",
                )
                .bind(now.as_microsecond())
                .bind(status)
                .execute(connection)
                .await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }

    /// Counts the deliveries of the last day.
    pub(crate) async fn delivery_counts(&self, now: Timestamp) -> Result<DeliveryCounts> {
        let since = now.saturating_sub(COUNTED).unwrap_or(Timestamp::MIN);
        self.answer(move |snapshot| count_deliveries(snapshot, since).boxed())
            .await
    }

    /// When the last delivery was taken in.
    pub(crate) async fn last_delivery_time(&self) -> Result<Option<Timestamp>> {
        let row = db::query("SELECT MAX(receive_time) AS receive_time FROM delivery")
            .fetch_one(&self.readers)
            .await?;
        rows::maybe_time(&row, "delivery", "receive_time", "the last one")
    }

    /// Lists deliveries, newest first: one more than a page holds, if there is
    /// one.
    pub(crate) async fn deliveries(&self, page: DeliveryPage) -> Result<Vec<DeliveryRecord>> {
        let mut query = Query::new(
            "SELECT d.guid, d.event, d.action, d.receive_time, d.recovered, d.receive_count, \
                    d.conflict_count, d.problem, COALESCE(r.name, '') AS repository \
             FROM delivery d \
             LEFT JOIN repository r ON r.id = d.repository_id AND r.hidden_time IS NULL \
             WHERE TRUE",
        );
        if page.quarantined_only {
            query.push(" AND d.problem <> ''");
        }
        if let Some((time, guid)) = page.after {
            query.push(" AND (d.receive_time, d.guid) < (");
            query.push_bind(time.as_microsecond());
            query.push(", ");
            query.push_bind(guid);
            query.push(")");
        }
        query.push(" ORDER BY d.receive_time DESC, d.guid DESC LIMIT ");
        query.push_bind(i64::try_from(page.size + 1).unwrap_or(i64::MAX));
        let rows = query.fetch_all(&self.readers).await?;
        rows.iter().map(read).collect()
    }

    /// What people call the database.
    pub(crate) fn database_name(&self) -> &'static str {
        self.database.name()
    }

    /// How many bytes the database takes.
    pub(crate) async fn size(&self) -> Result<u64> {
        open::size(&self.database, &self.readers).await
    }
}

async fn count_deliveries(snapshot: &mut Snapshot, since: Timestamp) -> Result<DeliveryCounts> {
    let taken = db::query(
        "SELECT COUNT(*) FILTER (WHERE NOT recovered) AS received,
                COUNT(*) FILTER (WHERE recovered) AS recovered,
                COUNT(*) FILTER (WHERE receive_count > 1) AS repetitions,
                (SELECT COUNT(*) FROM delivery
                 WHERE problem <> '' AND receive_time >= $1) AS quarantined
         FROM delivery WHERE receive_time >= $1",
    )
    .bind(since.as_microsecond())
    .fetch_one(&mut *snapshot)
    .await?;
    let given_up = db::query(
        "SELECT COUNT(*) FILTER (WHERE closing = 'learnt') AS learnt,
                COUNT(*) FILTER (WHERE closing = 'lost') AS lost
         FROM missed_delivery WHERE closing IS NOT NULL AND close_time >= $1",
    )
    .bind(since.as_microsecond())
    .fetch_one(&mut *snapshot)
    .await?;
    Ok(DeliveryCounts {
        received: taken.try_get("received")?,
        recovered: taken.try_get("recovered")?,
        repetitions: taken.try_get("repetitions")?,
        quarantined: taken.try_get("quarantined")?,
        learnt: given_up.try_get("learnt")?,
        lost: given_up.try_get("lost")?,
    })
}

fn read(row: &Row) -> Result<DeliveryRecord> {
    let guid: String = row.try_get("guid")?;
    Ok(DeliveryRecord {
        receive_time: rows::time(row, "delivery", "receive_time", &guid)?,
        guid,
        event: row.try_get("event")?,
        action: row.try_get("action")?,
        repository: row.try_get("repository")?,
        recovered: row.try_get("recovered")?,
        receive_count: row.try_get("receive_count")?,
        conflict_count: row.try_get("conflict_count")?,
        problem: row.try_get("problem")?,
    })
}

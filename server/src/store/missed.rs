//! Deliveries that GitHub could not make, until they are taken in or given up, and the cursor in its
//! log.

use std::collections::BTreeMap;

use futures_util::FutureExt as _;
use jiff::Timestamp;

use super::{
    GapQuery, Store, backfills,
    db::{self, Connection, Pool, Query, Row, Snapshot},
    leases, rows, sql,
};
use crate::{
    Result,
    model::{Closing, Gap, InstallationId, MissedDelivery, Missing, RepositoryId, WHOLE_APP},
};

/// What the app read of GitHub's log of deliveries.
#[derive(Default)]
pub(crate) struct LogRead {
    /// What GitHub could not deliver.
    pub(crate) missed: Vec<MissedDelivery>,
    /// Until when all was examined.
    pub(crate) until: Option<Timestamp>,
    /// The lease of the App as a whole under which it was, to be looked at.
    pub(crate) lease: Option<i64>,
    /// Since when the log does not tell, so that history has to.
    pub(crate) history_since: Option<Timestamp>,
}

const COLUMNS: [&str; 8] = [
    "guid",
    "delivery_id",
    "event",
    "action",
    "repository_id",
    "installation_id",
    "deliver_time",
    "problem",
];

impl Store {
    /// Records deliveries that GitHub could not make, and until when its log was
    /// examined. Says how many are new.
    pub(crate) async fn record_missed(&self, log: LogRead) -> Result<usize> {
        self.write(move |connection, now| record_log(connection, log, now).boxed())
            .await
    }

    /// Until when GitHub's log of deliveries was examined.
    pub(crate) async fn delivery_cursor(&self) -> Result<Option<Timestamp>> {
        let row = db::query("SELECT id, examined_until_time FROM delivery_cursor")
            .fetch_optional(&self.readers)
            .await?;
        let time = |row: &Row| rows::time(row, "delivery_cursor", "examined_until_time", 1);
        row.as_ref().map(time).transpose()
    }
}

/// All of it together: a cursor that moved past what is not recorded would lose it.
async fn record_log(connection: &mut Connection, log: LogRead, now: Timestamp) -> Result<usize> {
    if let Some(number) = log.lease {
        leases::require_whole_app(connection, number, now).await?;
    }
    if let Some(since) = log.history_since {
        backfills::start_everywhere(connection, since, now).await?;
    }
    let added = record(connection, log.missed).await?;
    if let Some(time) = log.until {
        advance(connection, time).await?;
    }
    Ok(added)
}

async fn record(connection: &mut Connection, deliveries: Vec<MissedDelivery>) -> Result<usize> {
    let mut missed: BTreeMap<String, MissedDelivery> = BTreeMap::new();
    for delivery in deliveries {
        let known = missed.get(&delivery.guid);
        if known.is_none_or(|known| delivery.delivery_id > known.delivery_id) {
            missed.insert(delivery.guid.clone(), delivery);
        }
    }
    let guids: Vec<String> = missed.keys().cloned().collect();
    for taken in of_guids(connection, "delivery", &guids).await? {
        missed.remove(&taken);
    }
    let known = of_guids(connection, "missed_delivery", &guids).await?;
    let added = missed.keys().filter(|guid| !known.contains(*guid)).count();
    let missed: Vec<MissedDelivery> = missed.into_values().collect();
    write(connection, &missed).await?;
    Ok(added)
}

async fn of_guids(
    connection: &mut Connection,
    table: &'static str,
    guids: &[String],
) -> Result<std::collections::BTreeSet<String>> {
    let mut found = std::collections::BTreeSet::new();
    for chunk in sql::padded(guids) {
        let mut query = Query::new("SELECT guid FROM ");
        query.push(table).push(" WHERE guid IN (");
        sql::push_list(&mut query, &chunk);
        query.push(")");
        for row in query.fetch_all(&mut *connection).await? {
            found.insert(row.try_get("guid")?);
        }
    }
    Ok(found)
}

/// By its last attempt GitHub gives the body of a delivery.
async fn write(connection: &mut Connection, missed: &[MissedDelivery]) -> Result<()> {
    for chunk in sql::chunks(missed) {
        let mut query = sql::insert("missed_delivery", &COLUMNS);
        query.push_values(chunk, |mut row, delivery| {
            row.push_bind(&delivery.guid)
                .push_bind(delivery.delivery_id)
                .push_bind(&delivery.event)
                .push_bind(&delivery.action)
                .push_bind(delivery.repository.0)
                .push_bind(delivery.installation.0)
                .push_bind(delivery.deliver_time.as_microsecond())
                .push_bind(&delivery.problem);
        });
        query.push(
            " ON CONFLICT (guid) DO UPDATE SET \
                  delivery_id = excluded.delivery_id, problem = excluded.problem \
              WHERE excluded.delivery_id > missed_delivery.delivery_id",
        );
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn advance(connection: &mut Connection, time: Timestamp) -> Result<()> {
    db::query(
        "INSERT INTO delivery_cursor (id, examined_until_time) VALUES (1, $1)
         ON CONFLICT (id) DO UPDATE SET examined_until_time = excluded.examined_until_time
         WHERE excluded.examined_until_time > delivery_cursor.examined_until_time",
    )
    .bind(time.as_microsecond())
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets that deliveries were missed, as they were taken in now.
pub(super) async fn forget(connection: &mut Connection, guids: &[&str]) -> Result<()> {
    for chunk in sql::padded(guids) {
        let mut query = Query::new("DELETE FROM missed_delivery WHERE guid IN (");
        sql::push_list(&mut query, &chunk);
        query.push(")");
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Lists those that are still missing, the newest first.
pub(super) async fn list(readers: &Pool, asked: &GapQuery, now: Timestamp) -> Result<Vec<Gap>> {
    let mut query = Query::new(
        "SELECT m.guid, m.delivery_id, m.event, m.action, m.repository_id, m.installation_id, \
                m.deliver_time, m.problem, COALESCE(r.name, '') AS repository, \
                COALESCE(r.installation_id, 0) AS shown_installation_id \
         FROM missed_delivery m LEFT JOIN repository r ON r.id = m.repository_id \
         WHERE m.closing IS NULL AND r.hidden_time IS NULL",
    );
    if !asked.repositories.is_empty() {
        query.push(" AND m.repository_id IN (");
        sql::push_list(&mut query, asked.repositories.iter().map(|id| &id.0));
        query.push(")");
    }
    if !asked.installations.is_empty() {
        query.push(" AND (m.installation_id IN (");
        sql::push_list(&mut query, asked.installations.iter().map(|id| &id.0));
        query.push(")");
        if asked.installations.contains(&WHOLE_APP) {
            query.push(" OR ");
            leases::push_held_by_nobody(&mut query, "m.installation_id", now);
        }
        query.push(")");
    }
    query.push(" ORDER BY m.deliver_time DESC, m.guid LIMIT ");
    query.push_bind(i64::try_from(asked.limit).unwrap_or(i64::MAX));
    let rows = query.fetch_all(readers).await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Gap> {
    let guid: String = row.try_get("guid")?;
    let time = rows::time(row, "missed_delivery", "deliver_time", &guid)?;
    let delivery = MissedDelivery {
        guid,
        delivery_id: row.try_get("delivery_id")?,
        event: row.try_get("event")?,
        action: row.try_get("action")?,
        repository: RepositoryId(row.try_get("repository_id")?),
        installation: InstallationId(row.try_get("installation_id")?),
        deliver_time: time,
        problem: row.try_get("problem")?,
    };
    let shown = InstallationId(row.try_get("shown_installation_id")?);
    Ok(Gap {
        repository: row.try_get("repository")?,
        installation: match delivery.installation {
            InstallationId(0) => shown,
            told => told,
        },
        time,
        missing: Missing::Delivery(delivery),
    })
}

/// Counts those that are still missing.
pub(super) async fn count(snapshot: &mut Snapshot) -> Result<i64> {
    let row = db::query(
        "SELECT COUNT(*) FROM missed_delivery m
         LEFT JOIN repository r ON r.id = m.repository_id
         WHERE m.closing IS NULL AND r.hidden_time IS NULL",
    )
    .fetch_one(snapshot)
    .await?;
    Ok(row.try_get(0)?)
}

/// Gives some up that were not taken in.
pub(super) async fn close(
    connection: &mut Connection,
    guids: &[String],
    closing: Closing,
    now: Timestamp,
) -> Result<()> {
    for chunk in sql::padded(guids) {
        let mut query = Query::new("UPDATE missed_delivery SET closing = ");
        query.push_bind(closing.word());
        query.push(", close_time = ");
        query.push_bind(now.as_microsecond());
        query.push(" WHERE closing IS NULL AND guid IN (");
        sql::push_list(&mut query, &chunk);
        query.push(")");
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

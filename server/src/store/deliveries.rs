//! Deliveries: what came, compressed, once for each GUID.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
};

use sha2::{Digest as _, Sha256};
use sqlx::{QueryBuilder, Row as _, SqliteConnection};
use zstd::bulk::Compressor;

use super::{Db, missed, sql};
use crate::{
    Error, Result,
    model::{Delivery, Report, Source},
};

/// The fastest level: GitHub's payloads are mostly the same long URLs, and
/// shrink to a tenth even so.
const COMPRESSION: i32 = 1;
/// Payloads up to this size are compressed where they are, larger ones on a
/// thread that nobody waits for.
const INLINE: usize = 256 << 10;

/// A report, ready for the writer: the work that needs no database is done.
pub(crate) struct PreparedReport {
    pub(super) report: Report,
    pub(super) payload: Option<Payload>,
}

/// The body of a delivery as it is stored.
pub(super) struct Payload {
    compressed: Vec<u8>,
    hash: [u8; 32],
}

impl PreparedReport {
    /// Compresses the payload.
    pub(crate) async fn new(mut report: Report) -> Result<Self> {
        let body = report
            .delivery
            .as_mut()
            .map(|delivery| std::mem::take(&mut delivery.payload));
        let payload = match body {
            Some(body) if body.len() > INLINE => tokio::task::spawn_blocking(move || pack(&body))
                .await
                .map_err(|_| Error::Stopping)?
                .map(Some),
            Some(body) => pack(&body).map(Some),
            None => Ok(None),
        }?;
        Ok(Self { report, payload })
    }

    /// How many bytes its payload takes.
    pub(super) fn size(&self) -> usize {
        self.payload.as_ref().map_or(0, |p| p.compressed.len())
    }
}

thread_local! {
    // Making one costs more than a payload does.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
}

fn pack(body: &[u8]) -> Result<Payload> {
    let compressed = COMPRESSOR.with_borrow_mut(|compressor| match compressor {
        Some(compressor) => compressor.compress(body),
        None => compressor
            .insert(Compressor::new(COMPRESSION)?)
            .compress(body),
    });
    let compressed = compressed.map_err(|source| Error::Io {
        context: "compressing a payload".to_owned(),
        source,
    })?;
    Ok(Payload {
        compressed,
        hash: Sha256::digest(body).into(),
    })
}

/// Records the deliveries of some reports; says for each report whether its
/// delivery was known before.
pub(super) async fn record(
    connection: &mut SqliteConnection,
    reports: &[PreparedReport],
) -> Result<Vec<bool>> {
    let deliveries = reports.iter().filter_map(|r| r.report.delivery.as_ref());
    let mut hashes = known(connection, deliveries).await?;
    let mut new = Vec::new();
    let mut repeated = Vec::new();
    let mut outcomes = Vec::with_capacity(reports.len());
    for PreparedReport { report, payload } in reports {
        let Some((delivery, payload)) = report.delivery.as_ref().zip(payload.as_ref()) else {
            outcomes.push(false);
            continue;
        };
        let stored = hashes.get(&delivery.guid);
        outcomes.push(stored.is_some());
        if let Some(hash) = stored {
            repeated.push((delivery, *hash != payload.hash));
        } else {
            hashes.insert(delivery.guid.clone(), payload.hash);
            new.push((delivery, payload, report));
        }
    }
    insert(connection, &new).await?;
    let taken: Vec<&str> = new.iter().map(|(it, ..)| it.guid.as_str()).collect();
    missed::forget(connection, &taken).await?;
    for (delivery, conflict) in repeated {
        count_again(connection, delivery, conflict).await?;
    }
    Ok(outcomes)
}

/// The repository and the installation that a delivery is about; 0 if it does
/// not say.
fn owner(report: &Report) -> (i64, i64) {
    let repository = report.repositories.first();
    repository.map_or((0, 0), |r| (r.id.0, r.installation.0))
}

async fn known(
    connection: &mut SqliteConnection,
    deliveries: impl Iterator<Item = &Delivery>,
) -> Result<HashMap<String, [u8; 32]>> {
    let guids: HashSet<&str> = deliveries.map(|d| d.guid.as_str()).collect();
    let guids: Vec<&str> = guids.into_iter().collect();
    let mut hashes = HashMap::new();
    for chunk in sql::padded(&guids) {
        let mut query =
            QueryBuilder::<Db>::new("SELECT guid, payload_hash FROM delivery WHERE guid IN (");
        sql::push_list(&mut query, &chunk);
        query.push(")");
        for row in query.build().fetch_all(&mut *connection).await? {
            let guid: String = row.try_get("guid")?;
            let hash: Vec<u8> = row.try_get("payload_hash")?;
            let hash = hash.try_into().map_err(|_| {
                super::bad_value("delivery", "payload_hash", &guid, &"not 32 bytes")
            })?;
            hashes.insert(guid, hash);
        }
    }
    Ok(hashes)
}

async fn insert(
    connection: &mut SqliteConnection,
    new: &[(&Delivery, &Payload, &Report)],
) -> Result<()> {
    for chunk in sql::chunks(new) {
        let mut query = QueryBuilder::<Db>::new(
            "INSERT INTO delivery (guid, event, action, receive_time, repository_id, \
             installation_id, problem, receive_count, conflict_count, payload_hash, payload, \
             recovered) ",
        );
        query.push_values(chunk, |mut row, (delivery, payload, report)| {
            let (repository, installation) = owner(report);
            row.push_bind(&delivery.guid)
                .push_bind(&delivery.event)
                .push_bind(&delivery.action)
                .push_bind(delivery.receive_time.as_microsecond())
                .push_bind(repository)
                .push_bind(installation)
                .push_bind(&delivery.problem)
                .push("1")
                .push("0")
                .push_bind(&payload.hash[..])
                .push_bind(&payload.compressed[..])
                .push_bind(report.source == Source::Reconcile);
        });
        query.build().execute(&mut *connection).await?;
    }
    Ok(())
}

/// The first body is kept: what a GUID said first is what GitHub signed first.
async fn count_again(
    connection: &mut SqliteConnection,
    delivery: &Delivery,
    conflict: bool,
) -> Result<()> {
    if conflict {
        metrics::counter!("lampboard_delivery_conflicts_total").increment(1);
        tracing::warn!(
            delivery.id = delivery.guid,
            "delivery {} came again with another body",
            delivery.guid
        );
    }
    sqlx::query(
        "UPDATE delivery SET receive_count = receive_count + 1,
                conflict_count = conflict_count + $2
         WHERE guid = $1",
    )
    .bind(&delivery.guid)
    .bind(i64::from(conflict))
    .execute(connection)
    .await?;
    Ok(())
}

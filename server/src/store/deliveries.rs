//! Deliveries: what came, compressed, once for each GUID.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::{
    Store,
    db::{self, Connection, Query},
    missed, sql,
    writer::Size,
};
use crate::{
    Error, Result,
    load::Load,
    model::{Delivery, Report, Source},
};

/// Payloads up to this size are compressed where they are, larger ones on a
/// thread that nobody waits for.
const INLINE: usize = 256 << 10;

/// A report, ready for the writer: the work that needs no database is done.
pub(crate) struct PreparedReport {
    pub(super) report: Report,
    pub(super) payload: Option<Payload>,
    _load: Option<Load>,
}

/// The body of a delivery as it is stored.
pub(super) struct Payload {
    compressed: Vec<u8>,
    hash: [u8; 32],
    owner: Owner,
}

/// The repository and the installation that a delivery is about; 0 if it does
/// not say.
#[derive(Clone, Copy, Default)]
struct Owner {
    repository: i64,
    installation: i64,
}

impl Owner {
    fn of(report: &Report) -> Option<Self> {
        report.repositories.first().map(|repository| Self {
            repository: repository.id.0,
            installation: repository.installation.0,
        })
    }

    /// Events about an installation report no repository, nor does what is
    /// quarantined: yet what they say has to go with whoever it is about.
    fn said_in(body: &[u8]) -> Self {
        let said: Said = serde_json::from_slice(body).unwrap_or_default();
        let id = |named: Option<Named>| named.and_then(|it| it.id).unwrap_or_default();
        Self {
            repository: id(said.repository),
            installation: id(said.installation),
        }
    }
}

/// What a payload says of whom it is about.
#[derive(Default, Deserialize)]
struct Said {
    repository: Option<Named>,
    installation: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    id: Option<i64>,
}

impl Store {
    /// Compresses the payload of a report.
    pub(crate) async fn prepare(&self, mut report: Report) -> Result<PreparedReport> {
        let body = report
            .delivery
            .as_mut()
            .map(|delivery| std::mem::take(&mut delivery.payload));
        let owner = Owner::of(&report);
        let payload = match body {
            Some(body) if body.len() > INLINE => {
                let store = self.clone();
                tokio::task::spawn_blocking(move || pack(&store, &body, owner))
                    .await
                    .map_err(|_| Error::Stopping)?
                    .map(Some)
            }
            Some(body) => pack(self, &body, owner).map(Some),
            None => Ok(None),
        }?;
        Ok(PreparedReport {
            report,
            payload,
            // Whoever sent it may leave while it waits.
            _load: Load::current(),
        })
    }
}

impl PreparedReport {
    /// What a commit has to do for it.
    pub(super) fn size(&self) -> Size {
        Size {
            rows: self.report.builds.len() + self.report.jobs.len(),
            bytes: self.payload.as_ref().map_or(0, |p| p.compressed.len()),
        }
    }
}

fn pack(store: &Store, body: &[u8], owner: Option<Owner>) -> Result<Payload> {
    Ok(Payload {
        compressed: store.pack(body)?,
        hash: Sha256::digest(body).into(),
        owner: owner.unwrap_or_else(|| Owner::said_in(body)),
    })
}

/// Records the deliveries of some reports; says for each report whether its
/// delivery was known before.
pub(super) async fn record(
    connection: &mut Connection,
    reports: &[PreparedReport],
) -> Result<Vec<bool>> {
    let deliveries = reports.iter().filter_map(|r| r.report.delivery.as_ref());
    let mut hashes = known(connection, deliveries).await?;
    let mut new = Vec::new();
    let mut repeated = Vec::new();
    let mut outcomes = Vec::with_capacity(reports.len());
    for PreparedReport {
        report, payload, ..
    } in reports
    {
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

async fn known(
    connection: &mut Connection,
    deliveries: impl Iterator<Item = &Delivery>,
) -> Result<HashMap<String, [u8; 32]>> {
    let guids: HashSet<&str> = deliveries.map(|d| d.guid.as_str()).collect();
    let guids: Vec<&str> = guids.into_iter().collect();
    let mut hashes = HashMap::new();
    for chunk in sql::padded(&guids) {
        let mut query = Query::new("SELECT guid, payload_hash FROM delivery WHERE guid IN (");
        sql::push_list(&mut query, &chunk);
        query.push(")");
        for row in query.fetch_all(&mut *connection).await? {
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

async fn insert(connection: &mut Connection, new: &[(&Delivery, &Payload, &Report)]) -> Result<()> {
    for chunk in sql::chunks(new) {
        let mut query = Query::new(
            "INSERT INTO delivery (guid, event, action, receive_time, repository_id, \
             installation_id, problem, receive_count, conflict_count, payload_hash, payload, \
             recovered) ",
        );
        query.push_values(chunk, |mut row, (delivery, payload, report)| {
            row.push_bind(&delivery.guid)
                .push_bind(&delivery.event)
                .push_bind(&delivery.action)
                .push_bind(delivery.receive_time.as_microsecond())
                .push_bind(payload.owner.repository)
                .push_bind(payload.owner.installation)
                .push_bind(&delivery.problem)
                .push("1")
                .push("0")
                .push_bind(&payload.hash[..])
                .push_bind(&payload.compressed[..])
                .push_bind(report.source == Source::Reconcile);
        });
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// The first body is kept: what a GUID said first is what GitHub signed first.
async fn count_again(
    connection: &mut Connection,
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
    db::query(
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

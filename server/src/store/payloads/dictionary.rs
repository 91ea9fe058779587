//! Dictionaries: trained on what came last, shared by all servers, and deleted when nothing needs
//! them.

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::oneshot;
use zstd::bulk::Compressor;

use super::{
    super::{
        Store,
        db::{self, Query},
        rows,
    },
    Dictionary,
    packer::LEVEL,
};
use crate::{Error, Result};

/// How many payloads must have come before one is trained, or trained anew.
const ENOUGH: u64 = 1000;
/// One of so many of these is looked at.
const EACH: usize = 4;
/// And one of so many of those is not trained on, but tells how good it is.
const HELD_OUT: usize = 5;
/// Larger payloads are not trained on.
const LARGEST_SAMPLE: usize = 64 << 10;
/// How large a dictionary is.
const SIZE: usize = 64 << 10;
/// After how long one is trained anew.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How much larger than at first payloads may become, in percent, before that.
const WORSE: u64 = 150;
/// Until when the last server has heard that another one is in use.
const HEARD: SignedDuration = SignedDuration::from_hours(24);

/// What training gave.
struct Trained {
    dictionary: Vec<u8>,
    plain: usize,
    packed: usize,
}

impl Store {
    /// Uses the latest dictionary, trains another one if that is worth it or asked
    /// for, and deletes those that nothing needs.
    pub(crate) async fn renew_dictionary(&self, now: Timestamp, anew: bool) -> Result<()> {
        let create_time = self.adopt_dictionary().await?;
        let is_worth_it = match create_time {
            None => self.has_enough_payloads().await?,
            Some(time) => anew || self.is_worn(time, now),
        };
        if is_worth_it {
            self.train_dictionary(now).await?;
        }
        self.delete_dictionaries(now).await
    }

    /// Uses the dictionary that the servers agreed on last; gives when it was made.
    pub(in crate::store) async fn adopt_dictionary(&self) -> Result<Option<Timestamp>> {
        let row = db::query(
            "SELECT id, dictionary, create_time, plain_bytes, packed_bytes
             FROM payload_dictionary WHERE retire_time IS NULL",
        )
        .fetch_optional(&self.readers)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let id: i64 = row.try_get("id")?;
        let bytes = |column| row.try_get::<i64, _>(column).map(i64::unsigned_abs);
        self.packer.adopt(Dictionary {
            id,
            bytes: row.try_get("dictionary")?,
            per_mille: bytes("packed_bytes")? * 1000 / bytes("plain_bytes")?.max(1),
        });
        rows::time(&row, "payload_dictionary", "create_time", id).map(Some)
    }

    async fn has_enough_payloads(&self) -> Result<bool> {
        let row = db::query(
            "SELECT COUNT(*) FROM
             (SELECT 1 FROM delivery WHERE payload IS NOT NULL LIMIT $1) some_payloads",
        )
        .bind(ENOUGH.cast_signed())
        .fetch_one(&self.readers)
        .await?;
        Ok(row.try_get::<i64, _>(0)? >= ENOUGH.cast_signed())
    }

    /// Whether the dictionary in use is old, or payloads are not what they were.
    fn is_worn(&self, create_time: Timestamp, now: Timestamp) -> bool {
        let measured = self.packer.measured();
        let first = self.packer.dictionary().map_or(0, |it| it.per_mille);
        let is_old = now.duration_since(create_time) >= WEEK;
        let is_worse = measured.per_mille * 100 > first * WORSE;
        measured.count >= ENOUGH && (is_old || is_worse)
    }

    async fn train_dictionary(&self, now: Timestamp) -> Result<()> {
        let samples = self.samples().await?;
        let Some(trained) = in_background(move || train(&samples)).await? else {
            return Ok(());
        };
        let Some(id) = zstd::zstd_safe::get_dict_id_from_dict(&trained.dictionary) else {
            return Ok(());
        };
        let before = self.packer.dictionary().map_or(0, |it| it.id);
        let size = trained.dictionary.len();
        let stored = self.write(move |connection, _| {
            async move {
                let current =
                    "SELECT id FROM payload_dictionary WHERE retire_time IS NULL OR id = $1";
                let rows = db::query(current)
                    .bind(i64::from(id.get()))
                    .fetch_all(&mut *connection)
                    .await?;
                let ids = rows.iter().map(|row| row.try_get::<i64, _>(0));
                let ids: Vec<i64> = ids.collect::<Result<_, _>>()?;
                if ids.iter().any(|id| *id != before) {
                    // Another server was faster, or it is the same once more.
                    return Ok(false);
                }
                db::query(
                    "UPDATE payload_dictionary SET retire_time = $1 WHERE retire_time IS NULL",
                )
                .bind(now.as_microsecond())
                .execute(&mut *connection)
                .await?;
                db::query(
                    "INSERT INTO payload_dictionary
                     (id, dictionary, create_time, plain_bytes, packed_bytes)
                     VALUES ($1, $2, $3, $4, $5)",
                )
                .bind(i64::from(id.get()))
                .bind(trained.dictionary)
                .bind(now.as_microsecond())
                .bind(i64::try_from(trained.plain).unwrap_or(i64::MAX))
                .bind(i64::try_from(trained.packed).unwrap_or(i64::MAX))
                .execute(connection)
                .await?;
                Ok(true)
            }
            .boxed()
        });
        if stored.await? {
            tracing::info!("payloads are compressed with a new dictionary of {size} bytes");
        }
        self.adopt_dictionary().await?;
        Ok(())
    }

    /// Some of the payloads that came last.
    async fn samples(&self) -> Result<Vec<Vec<u8>>> {
        let rows = latest().fetch_all(&self.readers).await?;
        let mut samples = Vec::new();
        for row in rows.iter().step_by(EACH) {
            let guid: String = row.try_get("guid")?;
            let packed: Option<Vec<u8>> = row.try_get("payload")?;
            let Some(packed) = packed else { continue };
            match self.unpack(&guid, &packed).await {
                Ok(body) if body.len() <= LARGEST_SAMPLE => samples.push(body),
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "not trained on: {error}"),
            }
        }
        Ok(samples)
    }

    /// Deletes those that were retired before the oldest payload that is kept came.
    async fn delete_dictionaries(&self, now: Timestamp) -> Result<()> {
        let heard = now.saturating_sub(HEARD).unwrap_or(Timestamp::MIN);
        let retired =
            db::query("SELECT id FROM payload_dictionary WHERE retire_time <= $1 LIMIT 1")
                .bind(heard.as_microsecond())
                .fetch_optional(&self.readers)
                .await?;
        if retired.is_none() {
            return Ok(());
        }
        let oldest = db::query("SELECT MIN(receive_time) FROM delivery WHERE payload IS NOT NULL")
            .fetch_one(&self.readers)
            .await?;
        let oldest: Option<i64> = oldest.try_get(0)?;
        let needed = oldest
            .unwrap_or(i64::MAX)
            .saturating_sub(i64::try_from(HEARD.as_micros()).unwrap_or(i64::MAX));
        let until = needed.min(heard.as_microsecond());
        self.purge(move |connection, _| {
            async move {
                db::query("DELETE FROM payload_dictionary WHERE retire_time <= $1")
                    .bind(until)
                    .execute(connection)
                    .await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }
}

/// Asks for the payloads that came last. Those that are too long even when packed are not fetched.
pub(in crate::store) fn latest() -> Query {
    db::query(
        "SELECT guid, CASE WHEN LENGTH(payload) <= $2 THEN payload END AS payload
         FROM delivery WHERE payload IS NOT NULL
         ORDER BY receive_time DESC LIMIT $1",
    )
    .bind(ENOUGH.cast_signed())
    .bind(i64::try_from(LARGEST_SAMPLE).unwrap_or(i64::MAX))
}

/// Trains a dictionary on some payloads. None if it would not help.
fn train(samples: &[Vec<u8>]) -> Option<Trained> {
    let places = samples.iter().enumerate();
    let (held_out, rest): (Vec<_>, Vec<_>) = places.partition(|(place, _)| place % HELD_OUT == 0);
    let rest: Vec<&[u8]> = rest.into_iter().map(|(_, sample)| &sample[..]).collect();
    let dictionary = zstd::dict::from_samples(&rest, SIZE).ok()?;
    let size = |dictionary: &[u8]| {
        let mut compressor = Compressor::with_dictionary(LEVEL, dictionary).ok()?;
        let sizes = held_out
            .iter()
            .map(|(_, it)| compressor.compress(it).map(|it| it.len()));
        sizes.sum::<std::io::Result<usize>>().ok()
    };
    let (packed, without) = (size(&dictionary)?, size(&[])?);
    (packed < without).then(|| Trained {
        plain: held_out.iter().map(|(_, it)| it.len()).sum(),
        dictionary,
        packed,
    })
}

/// Does something that takes a while on a thread that gives way to all others.
async fn in_background<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let (give, given) = oneshot::channel();
    std::thread::spawn(move || {
        // If that is not allowed, it takes its turn as the others do.
        let _ = rustix::process::setpriority_process(None, 19);
        let _ = give.send(work());
    });
    given.await.map_err(|_| Error::Stopping)
}

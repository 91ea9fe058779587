//! Payloads as they are stored: compressed with a dictionary that was trained on others.
//!
//! GitHub's payloads are mostly the same long URLs, so that what one has in common
//! with the others is most of it. Each frame names its dictionary by an id.

mod dictionary;
mod packer;

#[cfg(test)]
pub(super) use dictionary::latest;
pub(super) use packer::Packer;

use super::{Store, bad_value, db};
use crate::{Error, Result};

/// More than GitHub sends.
const LARGEST: usize = 32 << 20;

/// A dictionary that was trained.
#[derive(Clone)]
pub(super) struct Dictionary {
    pub(super) id: i64,
    pub(super) bytes: Vec<u8>,
    /// How much smaller it made what it was tried on, in thousandths.
    pub(super) per_mille: u64,
}

impl Store {
    /// The dictionary of an id.
    async fn dictionary(&self, id: i64) -> Result<Option<Vec<u8>>> {
        let row = db::query("SELECT dictionary FROM payload_dictionary WHERE id = $1")
            .bind(id)
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    /// The body of a delivery, if it is known and still kept.
    #[cfg(test)]
    pub(super) async fn payload(&self, guid: &str) -> Result<Option<Vec<u8>>> {
        let row = db::query("SELECT payload FROM delivery WHERE guid = $1")
            .bind(guid)
            .fetch_optional(&self.readers)
            .await?;
        let packed: Option<Vec<u8>> = row.map_or(Ok(None), |row| row.try_get(0))?;
        match packed {
            Some(packed) => self.unpack(guid, &packed).await.map(Some),
            None => Ok(None),
        }
    }

    /// Unpacks the payload of a delivery.
    async fn unpack(&self, guid: &str, packed: &[u8]) -> Result<Vec<u8>> {
        let bad =
            |problem: &dyn std::fmt::Display| bad_value("delivery", "payload", &guid, problem);
        let dictionary = match zstd::zstd_safe::get_dict_id_from_frame(packed) {
            None => Vec::new(),
            Some(id) => {
                let found = self.dictionary(id.get().into()).await?;
                found.ok_or_else(|| bad(&format!("its dictionary {id} is missing")))?
            }
        };
        let unpacked = zstd::bulk::Decompressor::with_dictionary(&dictionary)
            .and_then(|mut it| it.decompress(packed, LARGEST));
        unpacked.map_err(|error| bad(&error))
    }

    /// Compresses the body of a delivery.
    pub(super) fn pack(&self, body: &[u8]) -> Result<Vec<u8>> {
        self.packer.pack(body).map_err(|source| Error::Io {
            context: "compressing a payload".to_owned(),
            source,
        })
    }
}

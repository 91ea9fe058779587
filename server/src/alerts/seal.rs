//! Seals the secrets of channels at rest.
//!
//! A sealed secret opens only with the key it was sealed with, and only in the row and column
//! that it was sealed for: one that was copied into another row is refused.

mod key;
#[cfg(test)]
mod tests;

use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

pub use key::{MasterKey, MasterKeyError};

use key::KeyId;

/// What blobs begin with. Another way to seal gets another number.
const VERSION: u8 = 1;
const KEY_ID_LENGTH: usize = size_of::<KeyId>();
const NONCE_LENGTH: usize = 24;

/// Seals secrets with the first key, and opens them with any.
#[derive(Debug)]
pub(crate) struct Sealer {
    keys: Vec<MasterKey>,
}

/// Where a sealed secret is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// The table.
    pub(crate) table: &'static str,
    /// The column.
    pub(crate) column: &'static str,
    /// The id of the row.
    pub(crate) row: &'a str,
}

/// A secret was not sealed, or not opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SealError {
    /// There is nothing to seal with.
    #[error("secrets can not be kept without a master key: set LAMPBOARD_MASTER_KEY")]
    NoKey,
    /// The key that it was sealed with is not there.
    #[error(
        "it was sealed with the master key {0}, which is not set: add that key to LAMPBOARD_MASTER_KEY"
    )]
    OtherKey(String),
    /// It was sealed in a way that this version does not know.
    #[error("it was sealed by a newer version (format {0})")]
    OtherVersion(u8),
    /// It is cut off.
    #[error("it is cut off: {0} bytes are too few")]
    TooShort(usize),
    /// It is not what was sealed for this place.
    #[error("it was changed, or belongs to another row")]
    NotOfThisPlace,
    /// The system gave no random bytes.
    #[error("no random bytes: {0}")]
    NoRandomness(String),
}

impl Sealer {
    /// Takes the keys, the current one first.
    pub(crate) fn new(keys: Vec<MasterKey>) -> Self {
        Self { keys }
    }

    /// Whether it has no key, so that nothing can be sealed.
    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Seals a secret for a place.
    pub(crate) fn seal(
        &self,
        place: Place<'_>,
        secret: &SecretString,
    ) -> Result<Vec<u8>, SealError> {
        let key = self.keys.first().ok_or(SealError::NoKey)?;
        let mut nonce = [0; NONCE_LENGTH];
        getrandom::fill(&mut nonce).map_err(|error| SealError::NoRandomness(error.to_string()))?;
        let payload = Payload {
            msg: secret.expose_secret().as_bytes(),
            aad: &place.bytes(),
        };
        let sealed = cipher(key)
            .encrypt(&XNonce::from(nonce), payload)
            .expect("a secret is far shorter than what the cipher can take");
        let mut blob = vec![VERSION];
        blob.extend_from_slice(&key.id());
        blob.extend_from_slice(&nonce);
        blob.extend_from_slice(&sealed);
        Ok(blob)
    }

    /// Opens what was sealed for a place.
    pub(crate) fn open(&self, place: Place<'_>, blob: &[u8]) -> Result<SecretString, SealError> {
        let parts = Parts::of(blob)?;
        let key = self
            .keys
            .iter()
            .find(|key| key.id() == parts.key_id)
            .ok_or_else(|| SealError::OtherKey(hex::encode(parts.key_id)))?;
        let payload = Payload {
            msg: parts.sealed,
            aad: &place.bytes(),
        };
        let opened = cipher(key)
            .decrypt(&XNonce::from(parts.nonce), payload)
            .map_err(|_| SealError::NotOfThisPlace)?;
        let opened = Zeroizing::new(opened);
        let text = std::str::from_utf8(&opened).map_err(|_| SealError::NotOfThisPlace)?;
        Ok(SecretString::from(text))
    }
}

/// What a blob is made of.
struct Parts<'a> {
    key_id: KeyId,
    nonce: [u8; NONCE_LENGTH],
    sealed: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(blob: &'a [u8]) -> Result<Self, SealError> {
        let too_short = SealError::TooShort(blob.len());
        let (version, rest) = blob.split_first().ok_or(too_short.clone())?;
        if *version != VERSION {
            return Err(SealError::OtherVersion(*version));
        }
        let (key_id, rest) = rest
            .split_first_chunk::<KEY_ID_LENGTH>()
            .ok_or(too_short.clone())?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LENGTH>().ok_or(too_short)?;
        Ok(Self {
            key_id: *key_id,
            nonce: *nonce,
            sealed,
        })
    }
}

impl Place<'_> {
    /// No two places have the same: names of tables and columns hold no NUL.
    fn bytes(&self) -> Vec<u8> {
        format!("{}\0{}\0{}", self.table, self.column, self.row).into_bytes()
    }
}

fn cipher(key: &MasterKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.bytes().into())
}

/// What is shown of a secret: its last four characters, if they give little of it away.
pub(crate) fn last_four(secret: &SecretString) -> String {
    let characters: Vec<char> = secret.expose_secret().chars().collect();
    match characters.len().checked_sub(4) {
        Some(rest) if rest >= 12 => characters.into_iter().skip(rest).collect(),
        _ => String::new(),
    }
}

/// What is shown of a secret URL: its host and its last four characters.
pub(crate) fn redacted(url: &SecretString) -> String {
    let host = url::Url::parse(url.expose_secret())
        .ok()
        .and_then(|url| url.host_str().map(ToOwned::to_owned))
        .unwrap_or_default();
    format!("{host}/…{}", last_four(url))
}

//! The key that secrets are sealed with.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

const LENGTH: usize = 32;

/// Tells keys apart without telling them.
pub(super) type KeyId = [u8; 8];

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// What secrets are sealed with: 32 random bytes.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; LENGTH]>);

/// A text is not a master key. It does not say what the text was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MasterKeyError {
    /// It is in neither form.
    #[error(
        "a master key is 32 bytes in base64 or 64 hexadecimal digits; `openssl rand -base64 32` makes one"
    )]
    Malformed,
    /// It is in base64, of another length.
    #[error("a master key has 32 bytes, and this one has {0}; `openssl rand -base64 32` makes one")]
    Length(usize),
    /// Nobody's random numbers look like it.
    #[error("a master key has to be random; `openssl rand -base64 32` makes one")]
    NotRandom,
}

impl MasterKey {
    /// Reads 32 bytes in base64, of either alphabet, padded or not, or 64 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, MasterKeyError> {
        let text = text.trim();
        let bytes = Zeroizing::new(decode(text).ok_or(MasterKeyError::Malformed)?);
        let key = <[u8; LENGTH]>::try_from(bytes.as_slice())
            .map_err(|_| MasterKeyError::Length(bytes.len()))?;
        let key = Self(Zeroizing::new(key));
        if key.0.iter().all(|byte| *byte == key.0[0]) {
            return Err(MasterKeyError::NotRandom);
        }
        Ok(key)
    }

    pub(in crate::alerts) fn bytes(&self) -> &[u8; LENGTH] {
        &self.0
    }

    pub(super) fn id(&self) -> KeyId {
        let hash = Sha256::new()
            .chain_update(b"lampboard master key\0")
            .chain_update(self.bytes())
            .finalize();
        let mut id = KeyId::default();
        for (place, byte) in id.iter_mut().zip(hash) {
            *place = byte;
        }
        id
    }
}

/// Shows which key it is, and nothing of it.
impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MasterKey({})", hex::encode(self.id()))
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    if text.len() == 2 * LENGTH
        && let Ok(bytes) = hex::decode(text)
    {
        return Some(bytes);
    }
    STANDARD
        .decode(text)
        .or_else(|_| URL_SAFE.decode(text))
        .ok()
}

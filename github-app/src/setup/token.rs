//! Secrets of one purpose: 256 random bits, kept as a hash, compared in constant time.

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Fills bytes with what nobody can foresee.
pub(super) type Random = fn(&mut [u8]);

/// What is kept of a token: enough to know it again.
#[derive(Debug, Clone)]
pub(super) struct Fingerprint([u8; 32]);

impl Fingerprint {
    fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// Whether it is of this token. Takes as long for one as for any other.
    pub(super) fn is_of(&self, token: &str) -> bool {
        self.0.ct_eq(&Self::of(token).0).into()
    }
}

/// Makes a token, and what to know it again by.
pub(super) fn make(random: Random) -> (String, Fingerprint) {
    let mut bytes = [0; 32];
    random(&mut bytes);
    let token = hex::encode(bytes);
    let fingerprint = Fingerprint::of(&token);
    (token, fingerprint)
}

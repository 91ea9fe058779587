//! What webhooks are signed with.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::SecretString;
use sha2::Sha256;
use zeroize::Zeroizing;

const PREFIX: &str = "whsec_";
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;
/// How long those are that are made here.
const MADE: usize = 32;

/// The bytes that both sides know.
pub(crate) struct SigningSecret(Zeroizing<Vec<u8>>);

/// A text is not a secret of the scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret is `whsec_` and 24 to 64 bytes in base64")]
pub(crate) struct SigningSecretError;

impl SigningSecret {
    /// Reads a secret.
    pub(crate) fn parse(text: &str) -> Result<Self, SigningSecretError> {
        let encoded = text.strip_prefix(PREFIX).ok_or(SigningSecretError)?;
        let bytes = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| SigningSecretError)?);
        if LENGTHS.contains(&bytes.len()) {
            Ok(Self(bytes))
        } else {
            Err(SigningSecretError)
        }
    }

    /// Makes one of random bytes, in the form that `parse` reads.
    pub(crate) fn make() -> Result<SecretString, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; MADE]);
        getrandom::fill(bytes.as_mut())?;
        let encoded = Zeroizing::new(STANDARD.encode(bytes.as_ref()));
        Ok(SecretString::from(format!("{PREFIX}{}", *encoded)))
    }

    /// Signs a message: the value of `webhook-signature`.
    pub(super) fn sign(&self, id: &str, second: i64, body: &[u8]) -> String {
        let mac = Hmac::<Sha256>::new_from_slice(&self.0)
            .expect("HMAC takes keys of any length")
            .chain_update(format!("{id}.{second}."))
            .chain_update(body)
            .finalize();
        format!("v1,{}", STANDARD.encode(mac.into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    /// The vector that the libraries of Standard Webhooks are tested with.
    #[test]
    fn a_message_is_signed_as_the_scheme_says() {
        let secret = SigningSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = secret.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn what_is_made_is_read_and_not_made_twice() {
        let made = SigningSecret::make().unwrap();
        let read = SigningSecret::parse(made.expose_secret()).unwrap();
        assert_eq!(read.0.len(), MADE);
        let other = SigningSecret::make().unwrap();
        assert_ne!(made.expose_secret(), other.expose_secret());
    }

    #[test]
    fn other_texts_are_refused() {
        let of = |length| format!("whsec_{}", STANDARD.encode(vec![1; length]));
        for text in [
            "",
            "whsec_",
            "secret",
            "whsec_????",
            &of(23),
            &of(65),
            &STANDARD.encode([1; 32]),
        ] {
            assert!(SigningSecret::parse(text).is_err(), "{text}");
        }
        assert!(SigningSecret::parse(&of(24)).is_ok());
        assert!(SigningSecret::parse(&of(64)).is_ok());
    }
}

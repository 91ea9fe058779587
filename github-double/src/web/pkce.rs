//! Proof Key for Code Exchange, method S256.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Whether it can be the hash of a verifier.
pub(super) fn is_challenge(challenge: &str) -> bool {
    let bytes = URL_SAFE_NO_PAD.decode(challenge);
    bytes.is_ok_and(|bytes| bytes.len() == 32)
}

/// Whether the verifier is the one that was hashed.
pub(super) fn matches(challenge: &str, verifier: &str) -> bool {
    let length = (43..=128).contains(&verifier.len());
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    length && verifier.bytes().all(unreserved) && hash == challenge
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn a_verifier_hashes_to_its_challenge() {
        assert!(matches(CHALLENGE, VERIFIER));
        assert!(!matches(CHALLENGE, &VERIFIER.to_lowercase()));
        assert!(!matches(VERIFIER, VERIFIER));
    }

    #[test]
    fn verifiers_are_long_and_plain() {
        for verifier in [
            "short".to_owned(),
            "a".repeat(129),
            format!("{} ", "a".repeat(43)),
        ] {
            let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
            assert!(!matches(&challenge, &verifier), "{verifier}");
        }
    }

    #[test]
    fn challenges_are_hashes() {
        assert!(is_challenge(CHALLENGE));
        for challenge in [
            "",
            "plain",
            &CHALLENGE[1..],
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM",
        ] {
            assert!(!is_challenge(challenge), "{challenge}");
        }
    }
}

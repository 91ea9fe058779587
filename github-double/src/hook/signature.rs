//! The signatures in `X-Hub-Signature-256` and, the old one, in `X-Hub-Signature`.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Signs a body as GitHub does: `sha256=` and the HMAC-SHA256 of its bytes in lower-case hex.
pub fn signature(secret: &[u8], body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// The same with SHA-1, which GitHub still sends along.
pub(super) fn old_signature(secret: &[u8], body: &[u8]) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    format!("sha1={}", hex::encode(ring::hmac::sign(&key, body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_github_documents() {
        assert_eq!(
            signature(b"It's a Secret to Everybody", b"Hello, World!"),
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        );
    }

    #[test]
    fn the_old_one_is_what_rfc_2202_says() {
        assert_eq!(
            old_signature(b"Jefe", b"what do ya want for nothing?"),
            "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
        );
    }
}

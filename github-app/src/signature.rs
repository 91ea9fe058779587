//! Checks that a delivery was signed with one of the App's webhook secrets.

use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, HeaderName};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

use crate::Error;

const SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature-256");

/// Knows the webhook secrets.
pub(crate) struct Verifier {
    keys: Vec<Hmac<Sha256>>,
}

impl Verifier {
    /// Takes at least one secret, and no empty one.
    pub(crate) fn new(secrets: &[SecretString]) -> Result<Self, Error> {
        if secrets.is_empty() {
            return Err(Error::NoWebhookSecret);
        }
        let keys = secrets.iter().map(key).collect::<Result<_, _>>()?;
        Ok(Self { keys })
    }

    /// Whether the headers carry the signature of exactly this body.
    ///
    /// Every key is tried, in constant time each, so that the time taken does
    /// not say which one came close.
    pub(crate) fn accepts(&self, headers: &HeaderMap, body: &[u8]) -> bool {
        let Some(signature) = signature(headers) else {
            return false;
        };
        self.keys.iter().fold(false, |accepted, key| {
            let mac = key.clone().chain_update(body);
            accepted | mac.verify_slice(&signature).is_ok()
        })
    }
}

fn key(secret: &SecretString) -> Result<Hmac<Sha256>, Error> {
    let secret = secret.expose_secret();
    if secret.is_empty() {
        return Err(Error::EmptyWebhookSecret);
    }
    Ok(Hmac::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length"))
}

/// The header as it came, for whoever wants to check it again.
pub(crate) fn of(headers: &HeaderMap) -> String {
    let value = headers.get(SIGNATURE).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}

/// Reads the one signature header: `sha256=` and 64 lower-case hexadecimal
/// digits, which is how GitHub writes it. Upper case is refused, so that there
/// is one way only to write a signature.
fn signature(headers: &HeaderMap) -> Option<[u8; 32]> {
    let mut values = headers.get_all(SIGNATURE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let digits = value.as_bytes().strip_prefix(b"sha256=")?;
    if digits.iter().any(u8::is_ascii_uppercase) {
        return None;
    }
    let mut signature = [0; 32];
    hex::decode_to_slice(digits, &mut signature).ok()?;
    Some(signature)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    // GitHub's documented test vector.
    const SECRET: &str = "It's a Secret to Everybody";
    const BODY: &[u8] = b"Hello, World!";
    const SIGNED: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn verifier(secrets: &[&str]) -> Verifier {
        let secrets: Vec<SecretString> = secrets.iter().map(|s| (*s).into()).collect();
        Verifier::new(&secrets).unwrap()
    }

    fn header(value: &[u8]) -> HeaderMap {
        let value = HeaderValue::from_bytes(value).unwrap();
        HeaderMap::from_iter([(SIGNATURE, value)])
    }

    fn sign(secret: &str, body: &[u8]) -> Vec<u8> {
        let mac = key(&secret.into()).unwrap().chain_update(body);
        format!("sha256={}", hex::encode(mac.finalize().into_bytes())).into_bytes()
    }

    #[test]
    fn accepts_githubs_vector() {
        assert!(verifier(&[SECRET]).accepts(&header(SIGNED.as_bytes()), BODY));
    }

    #[test]
    fn accepts_any_of_its_secrets() {
        let rotating = verifier(&["new", SECRET]);
        assert!(rotating.accepts(&header(SIGNED.as_bytes()), BODY));
        assert!(rotating.accepts(&header(&sign("new", BODY)), BODY));
        assert!(!rotating.accepts(&header(&sign("older", BODY)), BODY));
    }

    #[test]
    fn refuses_every_other_form() {
        let hex = &SIGNED["sha256=".len()..];
        let refused = [
            String::new(),
            "sha256=".to_owned(),
            hex.to_owned(),
            format!("sha1={}", &hex[..40]),
            format!("sha1={hex}"),
            format!("SHA256={hex}"),
            format!("sha256={}", hex.to_uppercase()),
            format!("sha256={}", &hex[..63]),
            format!("sha256={}", &hex[..62]),
            format!("sha256={hex}0"),
            format!("sha256={hex}00"),
            format!("sha256={hex} "),
            format!(" sha256={hex}"),
            format!("sha256= {hex}"),
            format!("sha256={hex},sha256={hex}"),
            format!("sha256={}", "g".repeat(64)),
            format!("sha256={}", "0".repeat(64)),
        ];
        let verifier = verifier(&[SECRET]);
        for value in refused {
            assert!(
                !verifier.accepts(&header(value.as_bytes()), BODY),
                "{value:?}"
            );
        }
        assert!(!verifier.accepts(&HeaderMap::new(), BODY));
    }

    #[test]
    fn refuses_two_headers_even_if_both_are_right() {
        let mut twice = header(SIGNED.as_bytes());
        twice.append(SIGNATURE, HeaderValue::from_static(SIGNED));
        assert!(!verifier(&[SECRET]).accepts(&twice, BODY));
    }

    #[test]
    fn refuses_every_one_bit_change_of_body_and_signature() {
        let verifier = verifier(&[SECRET]);
        let mut body: Vec<u8> = (0..4096_u32).map(|i| (i * 31 % 251) as u8).collect();
        let mut signed = sign(SECRET, &body);
        let headers = header(&signed);
        assert!(verifier.accepts(&headers, &body));

        for bit in 0..body.len() * 8 {
            body[bit / 8] ^= 1 << (bit % 8);
            assert!(!verifier.accepts(&headers, &body), "bit {bit} of the body");
            body[bit / 8] ^= 1 << (bit % 8);
        }
        for bit in 0..signed.len() * 8 {
            signed[bit / 8] ^= 1 << (bit % 8);
            // What no header can hold never gets here.
            if HeaderValue::from_bytes(&signed).is_ok() {
                assert!(
                    !verifier.accepts(&header(&signed), &body),
                    "bit {bit} of the signature"
                );
            }
            signed[bit / 8] ^= 1 << (bit % 8);
        }
        assert!(verifier.accepts(&header(&signed), &body));
    }

    #[test]
    fn refuses_the_same_json_in_other_bytes() {
        let headers = header(&sign(SECRET, br#"{"a": 1}"#));
        assert!(!verifier(&[SECRET]).accepts(&headers, br#"{"a":1}"#));
    }

    #[test]
    fn refuses_to_be_without_a_secret() {
        assert!(matches!(Verifier::new(&[]), Err(Error::NoWebhookSecret)));
        let secrets = [SECRET.into(), "".into()];
        assert!(matches!(
            Verifier::new(&secrets),
            Err(Error::EmptyWebhookSecret)
        ));
    }
}

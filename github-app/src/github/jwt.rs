//! Signs as the App: JSON web tokens by RS256, with ring doing the sums.

use std::{borrow::Cow, sync::LazyLock};

use jiff::Timestamp;
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{ErrorKind, Result as JwtResult},
};
use ring::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use signature::{Error as SignatureError, Signer, Verifier};

use super::{ConnectionError, Error};

/// GitHub's clock may be behind ours: a token is dated back.
const BACKDATED: i64 = 60;
/// GitHub takes no token that is good for more than ten minutes.
const LIFETIME: i64 = 9 * 60;
const MAX_LIFETIME: i64 = 10 * 60;

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| signer(*algorithm, key),
    verifier_factory: |algorithm, key| verifier(*algorithm, key),
    key_utils: KeyUtils::new_unimplemented(),
};

/// jsonwebtoken has one provider for the whole process. Who was first with
/// another one knows RS256 as well, or the first token says that it does not.
static INSTALLED: LazyLock<bool> = LazyLock::new(|| PROVIDER.install_default().is_ok());

/// The key of the App, and the name that it signs with.
pub(super) struct AppKey {
    key: EncodingKey,
    issuer: String,
}

/// A token of the App.
pub(super) struct Jwt {
    pub(super) text: SecretString,
    claims: Claims,
}

#[derive(Debug, Clone, Serialize)]
struct Claims {
    iat: i64,
    exp: i64,
    iss: String,
}

impl AppKey {
    /// Reads a key as GitHub hands it out, or as a variable of one line holds it.
    pub(super) fn new(pem: &SecretString, issuer: String) -> Result<Self, ConnectionError> {
        let unusable = |problem: String| ConnectionError::UnusablePrivateKey(problem);
        let pem = unescape(pem.expose_secret());
        let key = EncodingKey::from_rsa_pem(pem.as_bytes())
            .map_err(|_| unusable("it is no RSA key in PEM".to_owned()))?;
        RsaKeyPair::from_der(key.as_bytes()).map_err(|error| unusable(error.to_string()))?;
        Ok(Self { key, issuer })
    }

    /// Signs for the next minutes; `now` is GitHub's time.
    pub(super) fn sign(&self, now: Timestamp) -> Result<Jwt, Error> {
        LazyLock::force(&INSTALLED);
        let claims = Claims {
            iat: now.as_second() - BACKDATED,
            exp: now.as_second() + LIFETIME,
            iss: self.issuer.clone(),
        };
        let text = jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &self.key)
            .map_err(|error| Error::Signing(error.to_string()))?;
        Ok(Jwt {
            text: text.into(),
            claims,
        })
    }
}

impl Jwt {
    /// Whether GitHub takes its times for right at this time of GitHub's.
    pub(super) fn is_timely(&self, now: Timestamp) -> bool {
        let now = now.as_second();
        self.claims.iat <= now && now < self.claims.exp && self.claims.exp <= now + MAX_LIFETIME
    }
}

/// Ends the lines of a key that was put into one.
fn unescape(pem: &str) -> Cow<'_, str> {
    if pem.contains(r"\n") {
        pem.replace(r"\r", "").replace(r"\n", "\n").into()
    } else {
        pem.into()
    }
}

fn signer(algorithm: Algorithm, key: &EncodingKey) -> JwtResult<Box<dyn JwtSigner>> {
    known(algorithm)?;
    let pair = RsaKeyPair::from_der(key.as_bytes())
        .map_err(|error| ErrorKind::InvalidRsaKey(error.to_string()))?;
    Ok(Box::new(RingSigner(pair)))
}

fn verifier(algorithm: Algorithm, key: &DecodingKey) -> JwtResult<Box<dyn JwtVerifier>> {
    known(algorithm)?;
    let public = UnparsedPublicKey::new(
        &RSA_PKCS1_2048_8192_SHA256,
        key.try_get_as_bytes()?.to_vec(),
    );
    Ok(Box::new(RingVerifier(public)))
}

fn known(algorithm: Algorithm) -> JwtResult<()> {
    match algorithm {
        Algorithm::RS256 => Ok(()),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

struct RingSigner(RsaKeyPair);

impl Signer<Vec<u8>> for RingSigner {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message,
                &mut signature,
            )
            .map_err(|_| SignatureError::new())?;
        Ok(signature)
    }
}

impl JwtSigner for RingSigner {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

struct RingVerifier(UnparsedPublicKey<Vec<u8>>);

impl Verifier<Vec<u8>> for RingVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        self.0
            .verify(message, signature)
            .map_err(|_| SignatureError::new())
    }
}

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

//! JSON Web Tokens, with which an App says who it is.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

/// How far ahead a token may expire, in seconds.
const LONGEST: i64 = 600;

/// What a verified token said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Claims {
    /// Who made it: an App's id or its client id.
    pub iss: String,
    /// When it says that it was made, in seconds since 1970.
    pub iat: i64,
    /// When it expires.
    pub exp: i64,
}

/// Why GitHub takes no such token, in its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum JwtError {
    #[error("A JSON web token could not be decoded")]
    Undecodable,
    #[error("Missing 'issuer' claim ('iss') in assertion")]
    NoIssuer,
    #[error(
        "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
    )]
    IssuedLater,
    #[error(
        "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires"
    )]
    Expired,
    #[error("'Expiration time' claim ('exp') is too far in the future")]
    TooLong,
}

/// A token that was taken apart, and not believed yet.
#[derive(Debug)]
pub(super) struct Jwt<'a> {
    signed: &'a str,
    signature: Vec<u8>,
    claims: RawClaims,
}

#[derive(Debug, Deserialize)]
struct RawClaims {
    iss: Option<Value>,
    iat: Option<Value>,
    exp: Option<Value>,
}

#[derive(Deserialize)]
struct Head {
    alg: String,
}

impl<'a> Jwt<'a> {
    /// Takes a token apart, which must name the one algorithm that GitHub takes.
    pub(super) fn parse(token: &'a str) -> Result<Self, JwtError> {
        Self::take_apart(token).ok_or(JwtError::Undecodable)
    }

    fn take_apart(token: &'a str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (head, claims) = signed.split_once('.')?;
        let head: Head = part(head)?;
        (head.alg == "RS256").then_some(())?;
        Some(Self {
            signed,
            signature: BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?,
            claims: part(claims)?,
        })
    }

    /// Who says to have made it, a number or a string.
    pub(super) fn issuer(&self) -> Result<String, JwtError> {
        match &self.claims.iss {
            Some(Value::String(issuer)) => Ok(issuer.clone()),
            Some(Value::Number(issuer)) => Ok(issuer.to_string()),
            _ => Err(JwtError::NoIssuer),
        }
    }

    /// Believes it, if the key of its issuer (a PKCS#1 `RSAPublicKey` in DER) made its signature
    /// and its times are right.
    pub(super) fn verify(&self, key: &[u8], now: Timestamp) -> Result<Claims, JwtError> {
        let iss = self.issuer()?;
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key)
            .verify(self.signed.as_bytes(), &self.signature)
            .map_err(|_| JwtError::Undecodable)?;
        let now = now.as_second();
        let iat = seconds(self.claims.iat.as_ref()).ok_or(JwtError::IssuedLater)?;
        let exp = seconds(self.claims.exp.as_ref()).ok_or(JwtError::Expired)?;
        if exp <= now {
            return Err(JwtError::Expired);
        }
        if exp > now + LONGEST {
            return Err(JwtError::TooLong);
        }
        if iat > now {
            return Err(JwtError::IssuedLater);
        }
        Ok(Claims { iss, iat, exp })
    }
}

fn part<T: for<'de> Deserialize<'de>>(text: &str) -> Option<T> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn seconds(claim: Option<&Value>) -> Option<i64> {
    claim?.as_i64()
}

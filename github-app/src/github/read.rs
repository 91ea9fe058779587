//! Tells answers that are what was asked for from those that are not, and reads
//! them.

use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};

use super::{ApiPath, Error, lane::Identity, wire::Answer};

/// The most characters of GitHub's words that are passed on.
const MAX_MESSAGE: usize = 300;

#[derive(Deserialize)]
struct Message {
    message: String,
}

/// GitHub's words on what went wrong, if it has any.
pub(super) fn message(answer: &Answer) -> String {
    if answer.status.is_success() {
        return String::new();
    }
    serde_json::from_slice::<Message>(&answer.body)
        .map(|body| body.message.chars().take(MAX_MESSAGE).collect())
        .unwrap_or_default()
}

/// Makes an error of an answer that is none.
pub(super) fn check(answer: &Answer, path: &ApiPath, identity: Identity) -> Result<(), Error> {
    let status = answer.status;
    if status.is_success() || status == StatusCode::NOT_MODIFIED {
        return Ok(());
    }
    let message = message(answer);
    let path = path.shown().to_owned();
    Err(match (status, identity) {
        (StatusCode::UNAUTHORIZED, _) => Error::Unauthorized { message },
        (StatusCode::FORBIDDEN, Identity::Installation(installation_id))
            if is_suspended(&message) =>
        {
            Error::Suspended { installation_id }
        }
        (StatusCode::FORBIDDEN, _) => forbidden(answer, message, &path),
        (StatusCode::NOT_FOUND | StatusCode::GONE, _) => Error::NotFound { path },
        _ => Error::Refused {
            path,
            status,
            message,
        },
    })
}

/// Makes an error of an answer that is no token.
pub(super) fn check_token(
    answer: &Answer,
    path: &ApiPath,
    installation_id: i64,
) -> Result<(), Error> {
    match answer.status {
        StatusCode::NOT_FOUND | StatusCode::GONE => {
            Err(Error::InstallationGone { installation_id })
        }
        // The owner has not granted what a token is made for.
        StatusCode::UNPROCESSABLE_ENTITY => Err(forbidden(answer, message(answer), path.shown())),
        _ => check(answer, path, Identity::Installation(installation_id)),
    }
}

fn is_suspended(message: &str) -> bool {
    message.to_lowercase().contains("suspended")
}

fn forbidden(answer: &Answer, message: String, path: &str) -> Error {
    let accepted = answer.headers.get("x-accepted-github-permissions");
    let accepted_permissions = accepted
        .and_then(|accepted| accepted.to_str().ok())
        .map(str::to_owned);
    tracing::warn!(path, message, accepted_permissions, "GitHub refuses it");
    Error::Forbidden {
        message,
        accepted_permissions,
    }
}

/// Reads an answer whole.
pub(super) fn json<T: DeserializeOwned>(path: &ApiPath, body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|error| Error::Unreadable {
        path: path.shown().to_owned(),
        // serde_json's own words could hold a piece of a secret.
        problem: format!(
            "{:?} error in line {}, column {}",
            error.classify(),
            error.line(),
            error.column()
        )
        .to_lowercase(),
    })
}

/// Reads records one by one: an odd one is left out, and costs no other.
pub(super) fn records<T: DeserializeOwned>(path: &ApiPath, records: &[Box<RawValue>]) -> Vec<T> {
    let read = |record: &RawValue| match serde_json::from_str(record.get()) {
        Ok(record) => Some(record),
        Err(error) => {
            tracing::warn!(path = path.shown(), %error, "left out a record of GitHub's");
            None
        }
    };
    records.iter().filter_map(|record| read(record)).collect()
}

/// Reads a time however GitHub writes it: in RFC 3339 or in seconds.
pub(super) fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number
            .as_i64()
            .and_then(|seconds| Timestamp::from_second(seconds).ok()),
        _ => None,
    })
}

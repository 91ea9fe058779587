//! Signed requests to any receiver, as Standard Webhooks says.

mod payload;
mod secret;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};

use super::{
    links::Links,
    outbound::{Answer, Failure, Outbound, Post},
    provider::{ChannelFault, Handed, Parcel},
};

pub(crate) use secret::SigningSecret;

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// Sends to any receiver.
#[derive(Clone, Debug)]
pub(crate) struct Webhook {
    outbound: Outbound,
}

impl Webhook {
    /// Goes where `outbound` goes.
    pub(crate) fn new(outbound: Outbound) -> Self {
        Self { outbound }
    }

    /// Signs a parcel and posts it.
    pub(crate) async fn hand(
        &self,
        (url, secret): (&SecretString, &SecretString),
        parcel: &Parcel,
        links: &Links,
        now: Timestamp,
    ) -> Handed {
        let secret = match SigningSecret::parse(secret.expose_secret()) {
            Ok(secret) => secret,
            Err(error) => return Handed::refused(error.to_string(), ChannelFault::Gone),
        };
        let body = Bytes::from(payload::json(parcel, links, now));
        let Some(headers) = headers(&secret, &parcel.id, now, &body) else {
            let error = "the id of the message can not be sent";
            return Handed::refused(error, ChannelFault::Doubtful);
        };
        let post = Post { url, headers, body };
        match self.outbound.post(post, now).await {
            Ok(answer) => meaning(&answer),
            Err(Failure::Refused(refusal)) => Handed::refused(
                format!("Nothing is sent there: {refusal}"),
                ChannelFault::Doubtful,
            ),
            Err(Failure::Unavailable(problem)) => {
                Handed::later(format!("The receiver is not reached: {problem}"), None)
            }
            Err(Failure::Unanswered(problem)) => {
                Handed::unanswered(format!("The receiver did not answer: {problem}"))
            }
        }
    }
}

/// What a receiver is sent, as JSON for people.
pub(crate) fn preview(parcel: &Parcel, links: &Links, now: Timestamp) -> String {
    payload::pretty(parcel, links, now)
}

/// The three headers of the scheme.
fn headers(secret: &SigningSecret, id: &str, now: Timestamp, body: &[u8]) -> Option<HeaderMap> {
    let signature = secret.sign(id, now.as_second(), body);
    Some(HeaderMap::from_iter([
        (ID, HeaderValue::from_str(id).ok()?),
        (TIMESTAMP, HeaderValue::from(now.as_second())),
        (SIGNATURE, HeaderValue::from_str(&signature).ok()?),
    ]))
}

fn meaning(answer: &Answer) -> Handed {
    let status = answer.status;
    let told = status.as_u16().to_string();
    let error = format!("The receiver answered {told}.");
    let handed = match status {
        _ if status.is_success() => return Handed::sent(told),
        StatusCode::NOT_FOUND | StatusCode::GONE => Handed::refused(
            format!("{error} It is not there any more: look at the URL."),
            ChannelFault::Gone,
        ),
        _ if is_passing(status) => Handed::later(error, answer.retry_after),
        _ if status.is_redirection() => Handed::refused(
            format!("{error} Redirects are not followed: look at the URL."),
            ChannelFault::Doubtful,
        ),
        _ => Handed::refused(
            format!("{error} Look at its log, and whether it knows the secret."),
            ChannelFault::Doubtful,
        ),
    };
    handed.answered(told)
}

/// Whether a refusal is about now, not about the message.
fn is_passing(status: StatusCode) -> bool {
    let about_now = [
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::TOO_EARLY,
        StatusCode::TOO_MANY_REQUESTS,
    ];
    about_now.contains(&status) || status.is_server_error()
}

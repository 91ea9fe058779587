//! The headers that all answers have.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::{SignedDuration, Timestamp};

use super::answer::Answer;
use super::limit::Budget;
use super::refusal::Refusal;
use super::switches::Switches;
use crate::double::Double;
use crate::faults::RetryAfter;

/// The header that names the version of the API.
const VERSION: &str = "x-github-api-version";

/// What is said with an answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Envelope {
    pub(super) date: Timestamp,
    pub(super) request_id: String,
    pub(super) version: Option<&'static str>,
    pub(super) budget: Option<Budget>,
    pub(super) etag: Option<String>,
    pub(super) enterprise: Option<String>,
}

impl Envelope {
    pub(super) fn of(double: &Double, date: Timestamp) -> Self {
        Self {
            date,
            request_id: double.request_id(),
            enterprise: double.enterprise_version().map(str::to_owned),
            ..Self::default()
        }
    }

    fn write(&self, headers: &mut HeaderMap) {
        set(headers, "date", Some(http_date(self.date)));
        set(headers, "x-github-request-id", Some(&self.request_id));
        set(headers, "x-github-api-version-selected", self.version);
        set(
            headers,
            "x-github-enterprise-version",
            self.enterprise.as_ref(),
        );
        set(headers, "etag", self.etag.as_ref());
        set(
            headers,
            "x-github-media-type",
            Some("github.v3; format=json"),
        );
        set(
            headers,
            "cache-control",
            Some("private, max-age=60, s-maxage=60"),
        );
        if let Some(budget) = &self.budget {
            set(headers, "x-ratelimit-limit", Some(budget.limit));
            set(headers, "x-ratelimit-remaining", Some(budget.remaining));
            set(headers, "x-ratelimit-used", Some(budget.used));
            set(headers, "x-ratelimit-reset", Some(budget.reset));
            set(headers, "x-ratelimit-resource", Some("core"));
        }
    }
}

/// Puts an answer, its body and what is said with it together.
pub(super) fn respond(answer: &Answer, body: Bytes, envelope: &Envelope) -> Response {
    let has_body = !body.is_empty();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    envelope.write(headers);
    let json = "application/json; charset=utf-8";
    let content_type = if answer.html { "text/html" } else { json };
    set(headers, "content-type", has_body.then_some(content_type));
    set(headers, "link", answer.link.as_ref());
    set(headers, "location", answer.location.as_ref());
    set(headers, "retry-after", answer.retry_after.as_ref());
    set(
        headers,
        "x-accepted-github-permissions",
        answer.accepted.as_ref(),
    );
    response
}

fn set(headers: &mut HeaderMap, name: &'static str, value: Option<impl ToString>) {
    let value = value.and_then(|value| HeaderValue::from_str(&value.to_string()).ok());
    if let Some(value) = value {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// The version of the API that answers: the one that is asked for, if there is such a one.
pub(super) fn version(headers: &HeaderMap, switches: &Switches) -> Result<&'static str, Refusal> {
    let Some(wanted) = headers.get(VERSION) else {
        return Ok(switches.api_versions.first().copied().unwrap_or_default());
    };
    let mut versions = switches.api_versions.iter();
    let found = versions.find(|version| wanted == **version);
    found.copied().ok_or_else(|| {
        let wanted = String::from_utf8_lossy(wanted.as_bytes());
        Refusal::bad_request(format!(
            "{wanted:?} is not a supported version of the REST API"
        ))
    })
}

pub(super) fn retry_after(retry_after: RetryAfter, now: Timestamp) -> Option<String> {
    match retry_after {
        RetryAfter::Seconds(seconds) => Some(seconds.to_string()),
        RetryAfter::Date(seconds) => Some(http_date(now + SignedDuration::from_secs(seconds))),
        RetryAfter::None => None,
    }
}

/// A time as HTTP writes it.
fn http_date(time: Timestamp) -> String {
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_http_writes_them() {
        let time = "1994-11-06T08:49:37Z".parse().unwrap();
        assert_eq!(http_date(time), "Sun, 06 Nov 1994 08:49:37 GMT");
        let later = retry_after(RetryAfter::Date(30), time);
        assert_eq!(later.as_deref(), Some("Sun, 06 Nov 1994 08:50:07 GMT"));
        assert_eq!(
            retry_after(RetryAfter::Seconds(7), time).as_deref(),
            Some("7")
        );
        assert_eq!(retry_after(RetryAfter::None, time), None);
    }
}

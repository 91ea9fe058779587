//! What browsers are told of the pages of set-up beside what they are told of every answer: a
//! form may lead to GitHub, and tells where it comes from.

use axum::response::Response;
use http::{
    HeaderValue,
    header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY},
};

/// Of our own pages nothing but the host: `no-referrer` would also take from our own forms the
/// `Origin` by which they are known.
const REFERRER: HeaderValue = HeaderValue::from_static("strict-origin");

/// Where, besides here, a form of an answer may be sent to.
#[derive(Clone)]
pub(super) struct FormTarget(pub(super) String);

/// Puts the headers on an answer.
pub(super) fn put(mut response: Response) -> Response {
    let target = response.extensions_mut().remove::<FormTarget>();
    let headers = response.headers_mut();
    headers.insert(REFERRER_POLICY, REFERRER);
    headers.insert(CONTENT_SECURITY_POLICY, policy(target));
    response
}

fn policy(target: Option<FormTarget>) -> HeaderValue {
    let target = target.map(|FormTarget(origin)| format!(" {origin}"));
    let text = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
         img-src 'self'; form-action 'self'{}; base-uri 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'",
        target.unwrap_or_default()
    );
    HeaderValue::try_from(text).expect("an origin is visible characters")
}

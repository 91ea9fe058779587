//! What browsers are told of every answer, so that nothing on a page can be turned
//! against whoever reads it.

use axum::response::Response;
use http::{
    HeaderName, HeaderValue,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
        X_FRAME_OPTIONS,
    },
};

const ALWAYS: [(HeaderName, &str); 6] = [
    (CACHE_CONTROL, "no-store"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    // Of our own pages nothing but the host: `no-referrer` would also take from
    // our own forms the `Origin` by which they are known.
    (REFERRER_POLICY, "strict-origin"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// Where, besides here, a form of an answer may be sent to.
#[derive(Clone)]
pub(super) struct FormTarget(pub(super) String);

/// Puts the headers on an answer.
pub(super) fn put(mut response: Response) -> Response {
    let target = response.extensions_mut().remove::<FormTarget>();
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
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

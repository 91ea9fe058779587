//! The web UI, served: cache headers, its content security policy, and the page for every other path.

use axum::{
    body::Body,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode,
        header::{
            self, ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG,
            IF_NONE_MATCH, VARY,
        },
    },
};
use lampboard_web_ui::{Asset, CONTENT_SECURITY_POLICY, INDEX};

const FOR_EVER: &str = "public, max-age=31536000, immutable";
const ASK_AGAIN: &str = "no-cache";

/// Answers with an asset, or with the page: the UI's own router knows the path.
pub(crate) fn serve(request: &Request<Body>) -> Response<Body> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut refusal = status(StatusCode::METHOD_NOT_ALLOWED);
        let methods = HeaderValue::from_static("GET, HEAD");
        refusal.headers_mut().insert(ALLOW, methods);
        return refusal;
    }
    let path = request.uri().path().trim_start_matches('/');
    if let Some(asset) = lampboard_web_ui::asset(path) {
        return answer(asset, request.headers());
    }
    if is_file(path) {
        return status(StatusCode::NOT_FOUND);
    }
    match lampboard_web_ui::asset(INDEX) {
        Some(page) => answer(page, request.headers()),
        None => status(StatusCode::NOT_FOUND),
    }
}

/// Built files have a folder of their own. One that is not there is an old
/// page's, and must not be answered with HTML.
fn is_file(path: &str) -> bool {
    path.starts_with("assets/")
}

fn answer(asset: Asset, request: &HeaderMap) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(CONTENT_TYPE, &asset.mime);
    set(ETAG, &asset.etag);
    set(
        CACHE_CONTROL,
        if asset.immutable { FOR_EVER } else { ASK_AGAIN },
    );
    set(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    set(VARY, "accept-encoding");
    if value(request, IF_NONE_MATCH).contains(&asset.etag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    let accepted = value(request, ACCEPT_ENCODING);
    let copies = [("br", asset.brotli), ("gzip", asset.gzip)];
    let mut copies = copies
        .into_iter()
        .filter(|(coding, _)| accepts(accepted, coding));
    let body = match copies.find_map(|(coding, copy)| Some((coding, copy?))) {
        Some((coding, copy)) => {
            set(CONTENT_ENCODING, coding);
            copy
        }
        None => asset.body,
    };
    *response.body_mut() = Body::from(body.into_owned());
    response
}

/// Whether a list of codings, each with its weight, holds one.
fn accepts(list: &str, coding: &str) -> bool {
    list.split(',').any(|part| {
        let (name, weight) = part.split_once(';').unwrap_or((part, ""));
        let weight = weight.trim().trim_start_matches("q=");
        let is_refused = !weight.is_empty() && weight.parse().is_ok_and(|q: f32| q <= 0.0);
        name.trim().eq_ignore_ascii_case(coding) && !is_refused
    })
}

fn value(headers: &HeaderMap, name: HeaderName) -> &str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coding_is_accepted_that_is_listed_and_not_refused() {
        for (list, coding, accepted) in [
            ("gzip, deflate, br, zstd", "br", true),
            ("gzip;q=1.0, BR;q=0.5", "br", true),
            ("gzip", "br", false),
            ("br;q=0, gzip", "br", false),
            ("brotli", "br", false),
            ("", "gzip", false),
        ] {
            assert_eq!(accepts(list, coding), accepted, "{coding} of {list}");
        }
    }
}

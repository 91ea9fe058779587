//! What is checked of every request, whatever it is for: its method, and that all agree on its end.

use std::convert::Infallible;

use axum::{
    Router,
    body::Body,
    http::{
        HeaderValue, Method, Request, StatusCode,
        header::{ALLOW, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING},
    },
    response::{IntoResponse as _, Response},
};
use tower::ServiceExt as _;

/// All methods that any part of Lampboard has; no TRACE and no CONNECT.
const METHODS: [Method; 3] = [Method::GET, Method::HEAD, Method::POST];
const ALLOWED: HeaderValue = HeaderValue::from_static("GET, HEAD, POST");
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// Answers a request, by the router unless there is something wrong with it.
///
/// Of a body in chunks, hyper drops a length that follows, and a proxy before us
/// may have gone by that length. So whatever comes behind such a body is not
/// taken for a request: the connection ends with the answer.
pub(super) async fn answer(router: Router, request: Request<Body>) -> Result<Response, Infallible> {
    let in_chunks = request.headers().contains_key(TRANSFER_ENCODING);
    let mut response = if !METHODS.contains(request.method()) {
        (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, ALLOWED)]).into_response()
    } else if in_chunks && request.headers().contains_key(CONTENT_LENGTH) {
        StatusCode::BAD_REQUEST.into_response()
    } else {
        router.oneshot(request).await?
    };
    if in_chunks {
        response.headers_mut().insert(CONNECTION, CLOSE);
    }
    Ok(response)
}

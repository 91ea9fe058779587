//! What tonic does not check: content types, and which site a request comes from.
//!
//! tonic answers a call sent as `text/plain`, and tonic-web lets every HTTP/2
//! request and every origin through, so any web page could call us with a
//! visitor's cookie. These checks stand before both.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::State,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri,
        header::{ALLOW, AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN},
    },
    middleware::Next,
    response::IntoResponse as _,
};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::{Hosts, PortConfig, port::FromPort};

/// How long a browser may remember that a site may call.
const PREFLIGHT_AGE: Duration = Duration::from_mins(10);

/// All that gRPC and gRPC-Web clients send.
const GRPC_TYPES: [&[u8]; 6] = [
    b"application/grpc",
    b"application/grpc+proto",
    b"application/grpc-web",
    b"application/grpc-web+proto",
    b"application/grpc-web-text",
    b"application/grpc-web-text+proto",
];

/// Whether a content type is gRPC's or gRPC-Web's, to the letter.
pub(super) fn is_grpc(content_type: Option<&[u8]>) -> bool {
    content_type.is_some_and(|found| GRPC_TYPES.contains(&found))
}

/// Refuses calls that are not sent as gRPC: those a browser sends unasked.
pub(super) async fn grpc_only(request: Request<Body>, next: Next) -> Response<Body> {
    if request.method() != Method::POST {
        let allow = [(ALLOW, Method::POST.as_str())];
        return (StatusCode::METHOD_NOT_ALLOWED, allow).into_response();
    }
    let content_type = request.headers().get(CONTENT_TYPE);
    if !is_grpc(content_type.map(HeaderValue::as_bytes)) {
        let text = "gRPC is sent as application/grpc or application/grpc-web\n";
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, text).into_response();
    }
    next.run(request).await
}

/// Refuses requests that another site's page made, unless that site may call, and other hosts'
/// names.
pub(super) async fn same_origin(
    State(port): State<Arc<PortConfig>>,
    mut request: Request<Body>,
    next: Next,
) -> Response<Body> {
    request.extensions_mut().insert(FromPort);
    let host = host(request.uri(), request.headers());
    if !is_answered_for(&port.hosts, host) {
        let text = "Lampboard answers to localhost, and to the hosts of LAMPBOARD_ALLOWED_HOSTS\n";
        return (StatusCode::MISDIRECTED_REQUEST, text).into_response();
    }
    // A link from elsewhere may open a page; only GET and HEAD come that way.
    let opens_page = matches!(*request.method(), Method::GET | Method::HEAD);
    let is_foreign = !opens_page && is_cross_site(request.headers(), host);
    if is_foreign && !may_call(&port.cors_origins, &request) {
        let text = "requests from other sites are not answered\n";
        return (StatusCode::FORBIDDEN, text).into_response();
    }
    next.run(request).await
}

/// Whether a page of another site may make this call: a browser asks first, and then sends gRPC-Web,
/// which no form can.
fn may_call(origins: &[HeaderValue], request: &Request<Body>) -> bool {
    let mut sent = request.headers().get_all(ORIGIN).iter();
    let (Some(origin), None) = (sent.next(), sent.next()) else {
        return false;
    };
    let asks = request.method() == Method::OPTIONS;
    let mut types = request.headers().get_all(CONTENT_TYPE).iter();
    let calls = is_grpc(types.next().map(HeaderValue::as_bytes)) && types.next().is_none();
    origins.contains(origin) && (asks || calls)
}

/// Says to browsers which sites may call, and how. Only for routes that are gRPC's.
pub(super) fn cors(origins: &[HeaderValue]) -> CorsLayer {
    let sent = ["x-grpc-web", "x-user-agent", "grpc-timeout"].map(HeaderName::from_static);
    let shown = ["grpc-status", "grpc-message", "grpc-status-details-bin"];
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins.iter().cloned()))
        // Whom the list names may use the visitor's cookie; nobody else is answered at all.
        .allow_credentials(true)
        .allow_methods([Method::POST])
        .allow_headers(
            sent.into_iter()
                .chain([CONTENT_TYPE, AUTHORIZATION])
                .collect::<Vec<_>>(),
        )
        .expose_headers(shown.map(HeaderName::from_static))
        .max_age(PREFLIGHT_AGE)
}

fn is_cross_site(headers: &HeaderMap, host: Option<&str>) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let fetched_elsewhere =
        text("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none"));
    let other_origin = text(ORIGIN.as_str()).is_some_and(|origin| {
        let authority = origin.split_once("://").map(|(_, authority)| authority);
        authority.is_none() || authority != host
    });
    fetched_elsewhere || other_origin
}

/// HTTP/2 has it in the URI, HTTP/1 in a header.
fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    uri.authority()
        .map(axum::http::uri::Authority::as_str)
        .or_else(|| headers.get(HOST)?.to_str().ok())
}

fn is_answered_for(hosts: &Hosts, host: Option<&str>) -> bool {
    let Hosts::Named(named) = hosts else {
        return true;
    };
    host.map(name).is_some_and(|name| {
        is_loopback(name) || named.iter().any(|it| it.eq_ignore_ascii_case(name))
    })
}

/// A host without its port.
fn name(host: &str) -> &str {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    name.trim_start_matches('[').trim_end_matches(']')
}

fn is_loopback(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost")
        || name
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_loopback() {
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "127.0.0.1:80",
            "127.8.8.8",
            "[::1]:8080",
        ] {
            assert!(is_loopback(name(host)), "{host}");
        }
        for host in [
            "",
            "evil.test",
            "localhost.evil.test:8080",
            "10.0.0.1",
            "[::2]:80",
            "1",
        ] {
            assert!(!is_loopback(name(host)), "{host}");
        }
    }

    #[test]
    fn only_grpc_is_grpc() {
        for found in GRPC_TYPES {
            assert!(is_grpc(Some(found)));
        }
        let others: [&[u8]; 4] = [
            b"text/plain",
            b"application/grpcx",
            b"application/json",
            b"",
        ];
        for found in others {
            assert!(!is_grpc(Some(found)));
        }
        assert!(!is_grpc(None));
    }
}

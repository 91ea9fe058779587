//! What a browser is told of every answer, whichever part of Lampboard gives it.

use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::Full;

use crate::support::{WEBHOOK, lampboard::Lampboard};

const LIST: &str = "/lampboard.v1.BuildService/ListBuilds";

/// What every policy says, that of a page too.
const RULES: [&str; 4] = [
    "default-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
];

fn assert_guarded(headers: &HeaderMap, what: &str) {
    let header = |name: &str| {
        let mut values = headers.get_all(name).iter();
        let value = values
            .next()
            .unwrap_or_else(|| panic!("{what} has no {name}"));
        assert!(values.next().is_none(), "{what} has two of {name}");
        value.to_str().unwrap()
    };
    for rule in RULES {
        let policy = header("content-security-policy");
        assert!(policy.contains(rule), "{what}: {policy}");
        assert!(!policy.contains("unsafe"), "{what}: {policy}");
    }
    assert_eq!(header("x-content-type-options"), "nosniff", "{what}");
    assert_eq!(header("x-frame-options"), "DENY", "{what}");
    assert_eq!(
        header("cross-origin-opener-policy"),
        "same-origin",
        "{what}"
    );
    assert_eq!(
        header("cross-origin-resource-policy"),
        "same-origin",
        "{what}"
    );
    assert!(header("permissions-policy").contains("camera=()"), "{what}");
    assert!(!headers.contains_key("strict-transport-security"), "{what}");
    assert!(
        !headers.contains_key("access-control-allow-origin"),
        "{what}"
    );
}

#[tokio::test]
async fn every_answer_of_every_part_is_guarded() {
    let lampboard = Lampboard::serve().await;
    let get = |path| (Method::GET, path, StatusCode::OK, "no-store", "no-referrer");
    let cases = [
        (Method::GET, "/", StatusCode::OK, "no-cache", "no-referrer"),
        (
            Method::GET,
            "/a/b",
            StatusCode::OK,
            "no-cache",
            "no-referrer",
        ),
        get("/healthz"),
        get("/readyz"),
        get("/metrics"),
        (
            Method::POST,
            LIST,
            StatusCode::OK,
            "no-store",
            "no-referrer",
        ),
        (
            Method::GET,
            LIST,
            StatusCode::METHOD_NOT_ALLOWED,
            "no-store",
            "no-referrer",
        ),
        (
            Method::POST,
            WEBHOOK,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "no-store",
            "no-referrer",
        ),
        (
            Method::TRACE,
            "/",
            StatusCode::METHOD_NOT_ALLOWED,
            "no-store",
            "no-referrer",
        ),
        (
            Method::GET,
            "/assets/old.js",
            StatusCode::NOT_FOUND,
            "no-store",
            "no-referrer",
        ),
        (
            Method::GET,
            "/unsubscribe/x",
            StatusCode::NOT_FOUND,
            "no-store",
            "strict-origin",
        ),
    ];
    for (method, path, status, cache, referrer) in cases {
        let what = format!("{method} {path}");
        let mut request = Request::builder().method(&method).uri(path);
        if method == Method::POST {
            request = request.header("content-type", "application/grpc-web+proto");
        }
        let request = request.body(Full::from(&[0; 5][..])).unwrap();
        let answer = lampboard.hook().send(request).await.unwrap();
        assert_eq!(answer.status, status, "{what}");
        assert_guarded(&answer.headers, &what);
        assert_eq!(answer.headers["cache-control"], cache, "{what}");
        assert_eq!(answer.headers["referrer-policy"], referrer, "{what}");
    }
}

//! Links by which readers leave: what they change, and what does not go through.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode},
    response::Response,
};
use futures_util::future::BoxFuture;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::{
    parse::header,
    samples::{self, CHANNEL, tokens},
};
use crate::alerts::email::unsubscribe::{Leaver, Tokens, Unavailable, Unsubscribe, router};

#[derive(Default)]
struct Desk {
    left: Mutex<Vec<Leaver>>,
    is_down: bool,
}

impl Unsubscribe for Desk {
    fn unsubscribe(&self, leaver: Leaver) -> BoxFuture<'_, Result<(), Unavailable>> {
        Box::pin(async move {
            if self.is_down {
                return Err(Unavailable);
            }
            self.left.lock().expect("a list").push(leaver);
            Ok(())
        })
    }
}

impl Desk {
    fn router(self: &Arc<Self>) -> Router {
        router(tokens(), Arc::clone(self) as Arc<dyn Unsubscribe>)
    }

    fn left(&self) -> Vec<Leaver> {
        self.left.lock().expect("a list").clone()
    }
}

fn ada() -> Leaver {
    Leaver {
        channel: CHANNEL.to_owned(),
        address: "ada@example.com".to_owned(),
    }
}

async fn ask(router: Router, method: Method, path: &str, body: &str) -> (Response, String) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(body.to_owned()))
        .expect("a request");
    let response = router.oneshot(request).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.expect("a body").to_bytes();
    let text = String::from_utf8(bytes.to_vec()).expect("text");
    (Response::from_parts(parts, Body::empty()), text)
}

/// Where the link of a message leads to, without the host.
fn path() -> String {
    let link = header(&samples::mail(&samples::failure()), "List-Unsubscribe").expect("a link");
    link.trim_matches(['<', '>'])
        .strip_prefix("https://ci.example.com")
        .expect("a link to here")
        .to_owned()
}

#[tokio::test]
async fn opening_the_link_changes_nothing() {
    let desk = Arc::new(Desk::default());
    for method in [Method::GET, Method::HEAD] {
        let (response, page) = ask(desk.router(), method.clone(), &path(), "").await;
        assert_eq!(response.status(), StatusCode::OK);
        if method == Method::GET {
            assert!(page.contains("ada@example.com"), "{page}");
            assert!(page.contains("<form method=\"post\">"), "{page}");
        }
    }
    assert_eq!(desk.left(), []);
}

#[tokio::test]
async fn the_button_and_one_click_both_leave() {
    for body in ["", "List-Unsubscribe=One-Click"] {
        let desk = Arc::new(Desk::default());
        let (response, page) = ask(desk.router(), Method::POST, &path(), body).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert!(page.contains("Unsubscribed"), "{page}");
        assert_eq!(desk.left(), [ada()]);
    }
}

#[tokio::test]
async fn what_can_not_be_written_down_is_not_said_to_be_done() {
    let desk = Arc::new(Desk {
        is_down: true,
        ..Desk::default()
    });
    let (response, page) = ask(desk.router(), Method::POST, &path(), "").await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(response.headers().contains_key("retry-after"));
    assert!(page.contains("Not unsubscribed yet"), "{page}");
}

#[tokio::test]
async fn a_link_that_is_not_ours_is_not_found() {
    let desk = Arc::new(Desk::default());
    let others = Tokens::new(&[8; 32], []).sign(CHANNEL, "ada@example.com");
    for path in [
        "/unsubscribe/x".to_owned(),
        format!("/unsubscribe/{others}"),
        format!("{}A", path()),
        format!("/unsubscribe/{}", "x".repeat(5_000)),
    ] {
        for method in [Method::GET, Method::POST] {
            let (response, _) = ask(desk.router(), method, &path, "").await;
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
    assert_eq!(desk.left(), []);
}

#[tokio::test]
async fn pages_are_kept_out_of_caches_and_frames_and_their_form_keeps_its_origin() {
    let desk = Arc::new(Desk::default());
    let (response, _) = ask(desk.router(), Method::GET, &path(), "").await;
    let value = |name: &str| response.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(value("referrer-policy"), "strict-origin");
    let policy = value("content-security-policy");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    let (style, css) = ask(desk.router(), Method::GET, "/unsubscribe/style.css", "").await;
    assert_eq!(style.headers()["content-type"], "text/css; charset=utf-8");
    assert!(css.contains("light-dark("), "{css}");
}

#[test]
fn every_changed_character_makes_a_token_worthless() {
    let token = tokens().sign(CHANNEL, "ada@example.com");
    assert_eq!(tokens().open(&token), Some(ada()));
    for place in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).expect("text");
        assert_eq!(tokens().open(&changed), None, "{changed}");
    }
}

#[test]
fn links_outlive_the_key_they_were_signed_with() {
    let token = Tokens::new(&[1; 32], []).sign(CHANNEL, "ada@example.com");
    let older: [&[u8]; 1] = [&[1; 32]];
    assert_eq!(Tokens::new(&[2; 32], older).open(&token), Some(ada()));
    assert_eq!(Tokens::new(&[2; 32], []).open(&token), None);
}

//! What a reader sees who wants no more e-mail.

use axum::{
    http::{
        HeaderName, StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, RETRY_AFTER,
        },
    },
    response::{IntoResponse as _, Response},
};
use maud::{DOCTYPE, Markup, html};

const STYLE: &str = include_str!("style.css");

/// As on all pages, but for what the `Origin` of our own form needs, which `no-referrer` takes.
const HEADERS: [(HeaderName, &str); 3] = [
    (
        CONTENT_SECURITY_POLICY,
        lampboard_web_ui::CONTENT_SECURITY_POLICY,
    ),
    (REFERRER_POLICY, "strict-origin"),
    (HeaderName::from_static("x-robots-tag"), "noindex"),
];

/// The look of the pages.
pub(super) async fn style() -> Response {
    let headers = [
        (CONTENT_TYPE, "text/css; charset=utf-8"),
        (CACHE_CONTROL, "public, max-age=3600"),
    ];
    (headers, STYLE).into_response()
}

/// Asks whether it is meant.
pub(super) fn question(address: &str) -> Response {
    let main = html! {
        h1 { "Stop these messages?" }
        p { "This channel will send nothing more to " strong { (address) } "." }
        // To the address of this page: the link says whose it is.
        form method="post" { button { "Unsubscribe" } }
        p.muted { "Other recipients of the channel, and other channels, are not concerned." }
    };
    answer(StatusCode::OK, "Unsubscribe", &main)
}

/// Says that it is done.
pub(super) fn done(address: &str) -> Response {
    let main = html! {
        h1 { "Unsubscribed" }
        p { "This channel sends nothing more to " strong { (address) } "." }
        p.muted { "If that was a mistake, ask whoever looks after Lampboard to add the address again." }
    };
    answer(StatusCode::OK, "Unsubscribed", &main)
}

/// Says that the link is none of ours.
pub(super) fn unknown() -> Response {
    let main = html! {
        h1 { "This link does not work" }
        p {
            "It is not one that this Lampboard sent, or a part of it is missing. Copy the whole "
            "link from the end of the e-mail, or ask whoever looks after Lampboard."
        }
    };
    answer(StatusCode::NOT_FOUND, "Not found", &main)
}

/// Says that it is to be tried again.
pub(super) fn unavailable() -> Response {
    let main = html! {
        h1 { "Not unsubscribed yet" }
        p { "Lampboard can not write it down at the moment. Please try again in a minute." }
        form method="post" { button { "Try again" } }
    };
    let mut response = answer(StatusCode::SERVICE_UNAVAILABLE, "Try again", &main);
    let seconds = axum::http::HeaderValue::from_static("60");
    response.headers_mut().insert(RETRY_AFTER, seconds);
    response
}

fn answer(status: StatusCode, title: &str, main: &Markup) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " \u{b7} Lampboard" }
                link rel="stylesheet" href="style.css";
            }
            body { main { (main) } }
        }
    };
    (status, HEADERS, page).into_response()
}

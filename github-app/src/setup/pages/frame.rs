//! What all pages have around them.

use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use maud::{DOCTYPE, Markup, html};

/// The steps as people count them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Url,
    Create,
    Install,
    Data,
}

const STEPS: [(Step, &str); 4] = [
    (Step::Url, "URL"),
    (Step::Create, "Create App"),
    (Step::Install, "Install"),
    (Step::Data, "First data"),
];

/// A page of one of the steps.
pub(super) fn page(title: &str, step: Step, main: &Markup) -> Markup {
    document(title, &steps(step), main, false)
}

/// A page that keeps itself up to date.
pub(super) fn live_page(title: &str, step: Step, main: &Markup) -> Markup {
    document(title, &steps(step), main, true)
}

/// A page beside the steps.
pub(super) fn plain_page(title: &str, main: &Markup) -> Markup {
    document(title, &html! {}, main, false)
}

/// An answer that is a page.
pub(super) fn answer(status: StatusCode, page: Markup) -> Response {
    (status, page).into_response()
}

fn document(title: &str, steps: &Markup, main: &Markup, is_live: bool) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " \u{b7} Lampboard" }
                link rel="icon" href="/favicon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/setup/style.css";
                @if is_live { script src="/setup/progress.js" defer {} }
            }
            body {
                header { div.inner { (brand()) (steps) } }
                main { (main) }
            }
        }
    }
}

fn brand() -> Markup {
    html! {
        p.brand {
            svg width="24" height="24" viewBox="0 0 24 24" aria-hidden="true" {
                rect.board width="24" height="24" rx="6.5" {}
                circle.lamp cx="8" cy="8" r="2.9" {}
                circle.lamp cx="16" cy="8" r="2.9" {}
                circle.lamp cx="8" cy="16" r="2.9" {}
                circle.lit cx="16" cy="16" r="2.9" {}
            }
            "Lampboard"
        }
    }
}

fn steps(current: Step) -> Markup {
    html! {
        nav aria-label="Steps of the set-up" {
            ol.steps {
                @for (number, (step, name)) in (1..).zip(STEPS) {
                    li.done[step < current] aria-current=[(step == current).then_some("step")] {
                        span.number aria-hidden="true" {
                            @if step < current { (check()) } @else { (number) }
                        }
                        span.name {
                            (name)
                            @if step < current { span.visually-hidden { " (done)" } }
                        }
                    }
                }
            }
        }
    }
}

/// A check mark.
pub(super) fn check() -> Markup {
    html! {
        svg.icon width="12" height="12" viewBox="0 0 12 12" aria-hidden="true" {
            path d="M2 6.4 4.8 9.2 10 3.2" fill="none" stroke="currentColor" stroke-width="2"
                stroke-linecap="round" stroke-linejoin="round" {}
        }
    }
}

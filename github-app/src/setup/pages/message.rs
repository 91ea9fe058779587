//! Pages that say one thing, and what to do about it.

use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};

use super::frame::{self, Step};
use crate::setup::{states::StateProblem, steps::Failure};

/// Nobody without the cookie gets further than this.
pub(in crate::setup) fn no_access(path: &str) -> Response {
    let came_from_github = path == "/setup/github/installed";
    let main = html! {
        h1 { "Lampboard is being set up" }
        section.panel {
            @if came_from_github {
                p {
                    "GitHub sent you here after the installation. There is nothing to do on this \
                     page: go back to the tab in which Lampboard is being set up. It goes on by \
                     itself."
                }
            } @else {
                p {
                    "These pages open with a one-time link. Lampboard printed it on its terminal \
                     when it started; it begins with the address of this site and "
                    code { "/setup?token=" } "."
                }
                p {
                    "A link opens once, in one browser, for two hours. For a new one, start "
                    code { "lampboard serve" } " again: what was set up already is kept."
                }
            }
        }
    };
    let page = frame::plain_page("Set-up", &main);
    frame::answer(StatusCode::FORBIDDEN, page)
}

/// For everybody, once set-up is over.
pub(in crate::setup) fn closed() -> Response {
    let main = html! {
        h1 { "Set-up is closed" }
        section.panel {
            p {
                "This Lampboard has its App. If GitHub sent you here after an installation, there \
                 is nothing left to do: Lampboard notices by itself."
            }
            div.actions { a.button href="/" { "To the board" } }
        }
    };
    frame::answer(
        StatusCode::NOT_FOUND,
        frame::plain_page("Set-up is closed", &main),
    )
}

/// For whoever set it up.
pub(in crate::setup) fn finished() -> Response {
    let main = html! {
        h1 { "Set-up is finished" }
        section.panel {
            p { "Lampboard has its App, and these pages are closed." }
            div.actions { a.button.primary href="/" { "Open the board" } }
        }
    };
    frame::answer(
        StatusCode::OK,
        frame::plain_page("Set-up is finished", &main),
    )
}

pub(in crate::setup) fn not_found() -> Response {
    let main = html! {
        h1 { "There is no such page" }
        section.panel { (way_on("To the set-up", "/setup")) }
    };
    frame::answer(
        StatusCode::NOT_FOUND,
        frame::plain_page("No such page", &main),
    )
}

/// A form that another site's page sent.
pub(in crate::setup) fn foreign_form() -> Response {
    let text = "This was not sent by a page of Lampboard's own, so nothing was done.";
    problem(StatusCode::FORBIDDEN, Step::Url, "Not from here", text)
}

pub(in crate::setup) fn unreadable_form() -> Response {
    let text = "The form could not be read, so nothing was done. Is the file a private key? It \
                has about 2 KB.";
    let page = html! {
        h1 { "Not readable" }
        section.panel { p { (text) } (way_on("Back to the form", "/setup/existing")) }
    };
    frame::answer(
        StatusCode::BAD_REQUEST,
        frame::page("Not readable", Step::Create, &page),
    )
}

pub(in crate::setup) fn too_slow() -> Response {
    let text = "This took too long. What was begun goes on; look again in a minute.";
    problem(StatusCode::GATEWAY_TIMEOUT, Step::Url, "Too slow", text)
}

pub(in crate::setup) fn broken() -> Response {
    let text = "Something broke in Lampboard. Its log says more.";
    problem(StatusCode::INTERNAL_SERVER_ERROR, Step::Url, "Broken", text)
}

pub(in crate::setup) fn state_refused(problem: StateProblem) -> Response {
    let (title, text) = match problem {
        StateProblem::Unknown => (
            "Not from this set-up",
            "GitHub's answer does not belong to anything that was sent from here. If you did not \
             just create an App, somebody may have sent you a link to one of theirs: nothing of it \
             was taken.",
        ),
        StateProblem::Reused => (
            "Already taken",
            "This answer of GitHub's has been here before; each one is good for one time. Nothing \
             was changed by it.",
        ),
        StateProblem::Expired => (
            "Too late",
            "GitHub's answer is good for one hour, which is over. Nothing was kept; the App that \
             GitHub may have made can be deleted there.",
        ),
    };
    self::problem(StatusCode::BAD_REQUEST, Step::Create, title, text)
}

pub(in crate::setup) fn code_refused() -> Response {
    let text = "GitHub does not take its own code back: it was used already, or is older than an \
                hour. Nothing was kept. Delete the App at GitHub, if it made one, and create it \
                again.";
    problem(StatusCode::BAD_REQUEST, Step::Create, "Too late", text)
}

pub(in crate::setup) fn failed(failure: &Failure) -> Response {
    match failure {
        Failure::Code => code_refused(),
        Failure::GitHub(why) => again(
            StatusCode::BAD_GATEWAY,
            "GitHub does not answer as it should",
            "GitHub made the App, but its key is not here yet. Its code is good for an hour.",
            why,
        ),
        Failure::Save(why) => again(
            StatusCode::INSUFFICIENT_STORAGE,
            "The key can not be saved",
            "GitHub gives the App's key out once. Lampboard holds it in memory until it is saved: \
             do not stop it. Make room or give it the right to write, then try again.",
            why,
        ),
        Failure::Secret(why) => again(
            StatusCode::BAD_GATEWAY,
            "GitHub does not know the webhook secret yet",
            "The App is saved. GitHub made it without a webhook secret, and did not take ours.",
            why,
        ),
        Failure::Connect(why) => again(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Lampboard does not run with the App yet",
            "The App is saved, but could not be put to use.",
            why,
        ),
    }
}

/// Something failed, and somebody came back to it later.
pub(in crate::setup) fn unfinished() -> Response {
    let main = html! {
        h1 { "Not finished" }
        section.panel {
            p { "Something about the App did not work out, and can be tried again." }
            (try_again())
        }
        (give_up())
    };
    frame::answer(
        StatusCode::OK,
        frame::page("Not finished", Step::Create, &main),
    )
}

fn again(status: StatusCode, title: &str, text: &str, why: &str) -> Response {
    let main = html! {
        h1 { (title) }
        section.panel {
            p { (text) }
            p.note.danger { (why) }
            (try_again())
        }
        (give_up())
    };
    frame::answer(status, frame::page(title, Step::Create, &main))
}

fn problem(status: StatusCode, step: Step, title: &str, text: &str) -> Response {
    let main = html! {
        h1 { (title) }
        section.panel { p { (text) } (way_on("To the set-up", "/setup")) }
    };
    frame::answer(status, frame::page(title, step, &main))
}

fn way_on(label: &str, address: &str) -> Markup {
    html! { div.actions { a.button href=(address) { (label) } } }
}

fn try_again() -> Markup {
    html! {
        form.actions method="post" action="/setup/retry" {
            button.primary type="submit" { "Try again" }
        }
    }
}

fn give_up() -> Markup {
    html! {
        form.aside method="post" action="/setup/restart" {
            "No use? " button.link type="submit" { "Begin again" }
            ", and delete the App at GitHub."
        }
    }
}

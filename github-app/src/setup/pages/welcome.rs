//! Step 1: what Lampboard reads, and what has to be decided.

use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};

use super::{
    form::{Form, Line},
    frame::{self, Step, check},
};
use crate::setup::fields::{Fields, Problems};

pub(in crate::setup) fn welcome(fields: &Fields, problems: &Problems) -> Response {
    let form = Form { fields, problems };
    let main = html! {
        h1 { "Connect Lampboard to GitHub" }
        p.lead {
            "You make a GitHub App of your own, which belongs to you and reads what you let it \
             read. It takes three minutes and no restart."
        }
        (form.summary())
        (what_is_read())
        form.panel method="post" action="/setup" novalidate {
            (form.arrival())
            (owner(&form))
            (form.host())
            div.actions { button.primary type="submit" { "Continue" } }
        }
        p.aside {
            "There is one? " a href="/setup/existing" { "I already have an App" }
            ". Only want to look? Run " code { "lampboard demo" } "."
        }
    };
    frame::answer(status(problems), frame::page("Connect", Step::Url, &main))
}

/// Of a form that is shown for the first time, or again.
pub(super) fn status(problems: &Problems) -> StatusCode {
    if problems.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    }
}

fn what_is_read() -> Markup {
    html! {
        section.panel.reads aria-labelledby="reads" {
            h2 #reads { "What Lampboard reads" }
            ul {
                li { span.tone-success { (check()) } span {
                    strong { "Workflow runs and jobs" }
                    " (permission " code { "actions: read" } "), because they are what it shows."
                } }
                li { span.tone-success { (check()) } span {
                    strong { "Names of repositories" }
                    " (permission " code { "metadata: read" } "), which every App has to ask for."
                } }
                li { span.tone-muted { (cross()) } span {
                    strong { "Never your code." } " It does not ask for that permission."
                } }
                li { span.tone-muted { (cross()) } span {
                    strong { "It writes nothing" } " at GitHub. You choose the repositories there, \
                    and change or end it there whenever you like."
                } }
            }
        }
    }
}

fn owner(form: &Form<'_>) -> Markup {
    html! {
        fieldset {
            legend { "Who owns the App" }
            (form.choice("owner", "organization", "An organization",
                "Its owners can install the App on the organization's repositories."))
            div.only-organization {
                (form.line(&Line {
                    name: "organization",
                    label: "Name of the organization",
                    hint: "As in its address: github.com/NAME.",
                    kind: "text",
                    placeholder: "acme",
                }))
            }
            (form.choice("owner", "me", "My own account",
                "For the repositories that belong to you."))
        }
    }
}

fn cross() -> Markup {
    html! {
        svg.icon width="12" height="12" viewBox="0 0 12 12" aria-hidden="true" {
            path d="M2.5 2.5 9.5 9.5 M9.5 2.5 2.5 9.5" fill="none" stroke="currentColor"
                stroke-width="2" stroke-linecap="round" {}
        }
    }
}

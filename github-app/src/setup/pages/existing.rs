//! "I already have an App".

use axum::response::Response;
use maud::{Markup, html};

use super::{
    form::{Form, Line},
    frame::{self, Step},
    welcome,
};
use crate::setup::fields::{Fields, Problems};

pub(in crate::setup) fn existing(fields: &Fields, problems: &Problems) -> Response {
    let form = Form { fields, problems };
    let main = html! {
        h1 { "I already have an App" }
        p.lead {
            "GitHub is asked whether all of it is right before anything is kept. The App has to \
             have the permission " code { "actions: read" } "."
        }
        (form.summary())
        (at_github(&form))
        form.panel method="post" action="/setup/existing" enctype="multipart/form-data" novalidate {
            (app(&form))
            (form.arrival())
            (form.host())
            div.actions {
                button.primary type="submit" { "Check and keep" }
                a.button href="/setup" { "Back" }
            }
        }
    };
    frame::answer(
        welcome::status(problems),
        frame::page("I already have an App", Step::Create, &main),
    )
}

/// What is wrong with the App rather than with the form.
fn at_github(form: &Form<'_>) -> Markup {
    html! {
        @for name in ["github", "permissions", "events"] {
            @if let Some(problem) = form.problems.of(name) {
                p.note.danger { (problem) }
            }
        }
    }
}

fn app(form: &Form<'_>) -> Markup {
    html! {
        fieldset {
            legend { "The App" }
            (form.line(&Line {
                name: "app_id",
                label: "App ID",
                hint: "At the top of the App's settings.",
                kind: "text",
                placeholder: "123456",
            }))
            div.field {
                label for="private_key_file" { "Private key, as a file" }
                input #private_key_file name="private_key_file" type="file"
                    accept=".pem,application/x-pem-file" aria-describedby="private_key-remarks";
                label for="private_key" { "or as text" }
                textarea #private_key name="private_key" rows="4" spellcheck="false"
                    autocomplete="off" aria-describedby="private_key-remarks" {}
                (form.remarks("private_key",
                    "The .pem file that GitHub made under \u{201c}Private keys\u{201d}. It is kept in the data \
                     folder, readable by its owner only, and never shown again."))
            }
            (form.line(&Line {
                name: "webhook_secret",
                label: "Webhook secret",
                hint: "What deliveries are signed with. Polling needs none.",
                kind: "password",
                placeholder: "",
            }))
            details {
                summary { "For signing people in (later)" }
                (form.line(&Line {
                    name: "client_id",
                    label: "Client ID",
                    hint: "",
                    kind: "text",
                    placeholder: "",
                }))
                (form.line(&Line {
                    name: "client_secret",
                    label: "Client secret",
                    hint: "",
                    kind: "password",
                    placeholder: "",
                }))
            }
        }
    }
}

//! Step 2: the manifest, on its way to GitHub.

use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};
use serde_json::Value;

use super::frame::{self, Step};
use crate::setup::{
    address,
    choices::{Choices, Owner},
};

pub(in crate::setup) fn create(choices: &Choices, manifest: &Value, state: &str) -> Response {
    let shown = format!("{manifest:#}");
    let action = choices.registration_url(state);
    let main = html! {
        h1 { "Create the GitHub App" }
        p.lead {
            "GitHub shows you the App once more, asks for its name, and sends you back here. Names \
             are unique at GitHub: if " em { "Lampboard" } " is taken, add your own."
        }
        section.panel aria-labelledby="chosen" {
            h2 #chosen { "The App" }
            (summary(choices))
            details {
                summary { "Show manifest" }
                pre tabindex="0" aria-label="The manifest" { code { (shown) } }
            }
            form.actions method="post" action=(action) {
                input type="hidden" name="manifest" value=(manifest);
                button.primary type="submit" { "Create GitHub App" }
                a.button href="/setup" { "Change" }
            }
        }
        p.aside {
            "This takes an hour at most: what you send from this page is good for as long. Key and \
             secrets come straight from GitHub to this machine, and are never shown."
        }
    };
    frame::answer(
        StatusCode::OK,
        frame::page("Create the App", Step::Create, &main),
    )
}

fn summary(choices: &Choices) -> Markup {
    let place = &choices.place;
    html! {
        dl.facts {
            dt { "Owner" }
            dd {
                @match &choices.owner {
                    Owner::Me => "Your own account",
                    Owner::Organization(login) => { "The organization " strong { (login) } }
                }
            }
            dt { "At" }
            dd { (address::text(&place.web_url)) }
            dt { "Builds arrive" }
            dd {
                @match &place.public_url {
                    Some(url) if !place.polling => { "by webhook at " (address::text(url)) }
                    _ => "when Lampboard asks, every minute"
                }
            }
            dt { "Reads" }
            dd { code { "actions: read" } ", " code { "metadata: read" } }
            dt { "Writes" }
            dd { "nothing" }
        }
    }
}

//! Steps 3 and 4: installing the App, and seeing the first data come.

use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};

use super::frame::{self, Step, check};
use crate::setup::{
    arrival::{Arrival, Mark},
    steps::Known,
};

/// `leads_back` says whether GitHub sends this browser back here afterwards.
pub(in crate::setup) fn install(app: &Known, leads_back: bool, arrival: &Arrival) -> Response {
    let address = installation_url(app);
    let main = html! {
        h1 { "Install " (app.name) }
        p.lead {
            "The App is there, and Lampboard runs with it. Now choose at GitHub which repositories \
             it may read."
        }
        section.panel data-progress="install" aria-labelledby="choose" {
            h2 #choose { "Choose repositories" }
            p {
                "All of them, or some: you can change it at any time. If you do not own the \
                 organization, GitHub asks its owners for you."
            }
            div.actions {
                @if leads_back {
                    a.button.primary href=(address) { "Choose repositories at GitHub" }
                } @else {
                    a.button.primary href=(address) target="_blank" rel="noopener" {
                        "Choose repositories at GitHub"
                        span.visually-hidden { " (opens a new tab)" }
                    }
                }
            }
            (wait(arrival))
            @if !leads_back {
                p.hint {
                    "GitHub opens in a new tab. Come back to this one afterwards: it goes on by \
                     itself."
                }
            }
        }
        (another_app())
    };
    frame::answer(
        StatusCode::OK,
        frame::live_page("Install the App", Step::Install, &main),
    )
}

/// Somebody who is no owner asked for it.
pub(in crate::setup) fn requested(app: &Known, arrival: &Arrival) -> Response {
    let main = html! {
        h1 { "Requested" }
        p.lead {
            "GitHub has asked the owners of the organization. They find the request in their mail, \
             and among the organization's notifications."
        }
        section.panel data-progress="install" aria-labelledby="waiting" {
            h2 #waiting { "Waiting for an owner to approve" }
            p { "An owner can also install it right away. This is the address:" }
            p.copy { code { (installation_url(app)) } }
            (wait(arrival))
            p.hint {
                "This page goes on by itself. If it takes longer, you can end the set-up: Lampboard \
                 notices the approval whenever it comes."
            }
            (finish("End the set-up", false))
        }
    };
    frame::answer(
        StatusCode::OK,
        frame::live_page("Requested", Step::Install, &main),
    )
}

pub(in crate::setup) fn data(app: &Known, arrival: &Arrival) -> Response {
    let main = html! {
        h1 { "First data" }
        p.lead { "What GitHub sends and tells shows here as it comes." }
        section.panel data-progress="data" aria-labelledby="arrivals" {
            h2 #arrivals { "What has arrived" }
            ul.marks role="list" {
                (line("installation", "Installation", &arrival.installation))
                (line("history", "History", &arrival.history))
                (line("delivery", "First signed delivery", &arrival.delivery))
            }
            (backfills(arrival))
            @if let (false, Some(url)) = (app.polling, &app.webhook_url) {
                p.hint #no-delivery hidden[arrival.delivery.done] {
                    "GitHub delivers to " code { (url) } ". If nothing comes, it does not reach \
                     that address: the App's settings at GitHub list each delivery and what became \
                     of it, under Advanced."
                }
            }
            (finish("Open the board", arrival.ready))
            p.hint { "That ends the set-up, and closes these pages. The rest goes on by itself." }
            noscript { p { a href="/setup/data" { "Look again" } } }
        }
        p.aside #no-installation hidden[arrival.installation.done] {
            "Nothing installed yet? " a href="/setup/install" { "Back to the installation" }
        }
    };
    frame::answer(
        StatusCode::OK,
        frame::live_page("First data", Step::Data, &main),
    )
}

fn installation_url(app: &Known) -> String {
    format!("{}/installations/new", app.html_url)
}

fn wait(arrival: &Arrival) -> Markup {
    html! {
        p.wait role="status" #wait data-done=[arrival.installation.done.then_some("")] {
            span.dot aria-hidden="true" {}
            span #wait-text {
                @if arrival.installation.done { (arrival.installation.text) }
                @else { "Waiting for the installation" }
            }
        }
        noscript { p { a href="/setup/data" { "Look whether it is there" } } }
    }
}

fn line(id: &str, name: &str, mark: &Mark) -> Markup {
    html! {
        li id=(id) data-done=[mark.done.then_some("")] {
            span.mark aria-hidden="true" { (check()) }
            div {
                strong { (name) }
                p.text { (mark.text) }
            }
        }
    }
}

fn backfills(arrival: &Arrival) -> Markup {
    html! {
        ul.backfills #backfills aria-label="Histories that are being loaded" {
            @for it in &arrival.backfills {
                li {
                    span.repository { (it.repository) }
                    progress max="100" value=(it.percent) aria-label=(it.repository) {}
                    span.runs { (it.text) }
                }
            }
        }
    }
}

fn finish(label: &str, is_ready: bool) -> Markup {
    html! {
        form.actions method="post" action="/setup/finish" {
            button #finish.primary[is_ready] type="submit" { (label) }
        }
    }
}

fn another_app() -> Markup {
    html! {
        form.aside method="post" action="/setup/restart" {
            "The wrong App, or the wrong owner? "
            button.link type="submit" { "Begin again with another one" }
        }
    }
}

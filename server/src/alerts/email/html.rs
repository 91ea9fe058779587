//! A message as HTML: no images, all that matters inline, in light and dark.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::letter::{Fact, Group, Letter, State};

/// For mail programs that know dark mode; what they leave out is light.
const DARK: &str = ":root{color-scheme:light dark}@media(prefers-color-scheme:dark){\
.c{background:#101114!important}.p{background:#17181c!important;border-color:#2a2c32!important}\
.t{color:#ebebe9!important}.m{color:#a2a5ac!important}.r{border-color:#2a2c32!important}\
.a{color:#8eb2ff!important}.bad{color:#ff8a84!important}.good{color:#56c97e!important}\
.warn{color:#e6b84f!important}}";

const BODY: &str = "margin:0;padding:16px 8px;background:#f6f6f4;\
font:15px/1.5 -apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif";
const PANEL: &str = "max-width:600px;margin:0 auto;background:#fff;border:1px solid #e4e2dd";
const PADDING: &str = "padding:20px;overflow-wrap:anywhere;word-break:break-word";
const TEXT: &str = "color:#1b1a18";
const NAME: &str = "color:#5e5b55;text-align:left;vertical-align:top;font-weight:400;\
padding:3px 12px 3px 0;white-space:nowrap;width:1%";
const VALUE: &str = "color:#1b1a18;vertical-align:top;padding:3px 0";
const HEADING: &str = "color:#1b1a18;font-size:15px;margin:20px 0 4px";
const LIST: &str = "color:#1b1a18;margin:0;padding-left:20px";
const LINK: &str = "color:#2453c4";
const NOTES: &str = "color:#5e5b55;font-size:13px;margin:20px 0 0;padding-top:12px;\
border-top:1px solid #e4e2dd";

/// Writes a message as HTML.
pub(super) fn html(letter: &Letter) -> String {
    let (tone, colour) = tone(letter.state);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="supported-color-schemes" content="light dark";
                title { (letter.subject) }
                style { (PreEscaped(DARK)) }
            }
            body.c style=(BODY) {
                div.p style=(PANEL) {
                    div style={ "height:4px;background:" (colour) } {}
                    div style=(PADDING) { (content(letter, tone, colour)) }
                }
            }
        }
    };
    page.into_string()
}

fn content(letter: &Letter, tone: &str, colour: &str) -> Markup {
    html! {
        h1 style="font-size:20px;line-height:1.3;margin:0 0 16px" {
            span class=(tone) style={ "color:" (colour) } { (letter.headline) ":" }
            " "
            span.t style=(TEXT) { (letter.about) }
        }
        @if !letter.facts.is_empty() {
            table cellspacing="0" cellpadding="0" style="border:0;width:100%" {
                @for fact in &letter.facts { (row(fact)) }
            }
        }
        @for group in &letter.groups { (list(group)) }
        @if !letter.next.is_empty() {
            h2.t style=(HEADING) { "What to do next" }
            ul.t style=(LIST) { @for step in &letter.next { li { (step) } } }
        }
        p style="margin:20px 0 0;line-height:2" {
            @for (place, (name, url)) in letter.links.iter().enumerate() {
                @if place > 0 { br; }
                a.a style=(LINK) href=(url) { (name) }
            }
        }
        p class="m r" style=(NOTES) {
            @for (place, note) in letter.notes.iter().enumerate() {
                @if place > 0 { br; }
                (note)
            }
            @if let Some(url) = &letter.unsubscribe {
                br;
                a.m style="color:#5e5b55" href=(url) { "No more of these to this address" }
            }
        }
    }
}

fn row((name, lines): &Fact) -> Markup {
    html! {
        tr {
            th.m scope="row" style=(NAME) { (name) }
            td.t style=(VALUE) {
                @for (place, line) in lines.iter().enumerate() {
                    @if place > 0 { br; }
                    (line)
                }
            }
        }
    }
}

fn list(group: &Group) -> Markup {
    html! {
        h2.t style=(HEADING) { (group.name) " (" (group.lines.len()) ")" }
        ul.t style=(LIST) { @for line in &group.lines { li { (line) } } }
    }
}

/// The class and the colour of a state. It is always said in words, too.
fn tone(state: State) -> (&'static str, &'static str) {
    match state {
        State::Failing | State::StillFailing => ("bad", "#b8202a"),
        State::Recovered => ("good", "#18733a"),
        State::Slow | State::Waiting => ("warn", "#855600"),
        State::Summary | State::Test => ("a", "#2453c4"),
    }
}

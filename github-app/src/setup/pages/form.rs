//! The pieces of which forms consist.

use maud::{Markup, html};

use crate::setup::fields::{Fields, Problems};

/// A form that is being filled in, and what is wrong with it.
pub(super) struct Form<'a> {
    pub(super) fields: &'a Fields,
    pub(super) problems: &'a Problems,
}

/// A line to type into.
pub(super) struct Line {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
    pub(super) kind: &'static str,
    pub(super) placeholder: &'static str,
}

impl Form<'_> {
    /// One of several things to choose from.
    pub(super) fn choice(&self, name: &str, value: &str, label: &str, hint: &str) -> Markup {
        let id = format!("{name}-{value}");
        let hint_id = format!("{id}-hint");
        html! {
            div.choice {
                input type="radio" id=(id) name=(name) value=(value)
                    checked[self.fields.get(name) == value] aria-describedby=(hint_id);
                div {
                    label for=(id) { (label) }
                    p.hint id=(hint_id) { (hint) }
                }
            }
        }
    }

    /// A line to type into. What is secret is not shown again.
    pub(super) fn line(&self, line: &Line) -> Markup {
        let is_secret = line.kind == "password";
        let value = if is_secret {
            ""
        } else {
            self.fields.get(line.name)
        };
        html! {
            div.field {
                label for=(line.name) { (line.label) }
                input type=(line.kind) id=(line.name) name=(line.name) value=(value)
                    placeholder=[some(line.placeholder)] autocomplete="off" spellcheck="false"
                    autocapitalize="none" aria-describedby=(describing(line.name))
                    aria-invalid=[self.problems.of(line.name).map(|_| "true")];
                (self.remarks(line.name, line.hint))
            }
        }
    }

    /// The hint to a field, and what is wrong with it.
    pub(super) fn remarks(&self, name: &str, hint: &str) -> Markup {
        html! {
            div id=(describing(name)) {
                (self.problem(name))
                @if !hint.is_empty() { p.hint { (hint) } }
            }
        }
    }

    /// What is wrong with a field, if anything is.
    pub(super) fn problem(&self, name: &str) -> Markup {
        html! {
            @if let Some(problem) = self.problems.of(name) {
                p.problem { (problem) }
            }
        }
    }

    /// Says at the top that there is something to mend below.
    pub(super) fn summary(&self) -> Markup {
        html! {
            @if !self.problems.is_empty() {
                p.note.danger role="alert" { "Not yet: something below has to be put right." }
            }
        }
    }

    /// How builds get here.
    pub(super) fn arrival(&self) -> Markup {
        html! {
            fieldset {
                legend { "How builds arrive" }
                (self.choice("arrival", "webhooks", "Webhooks",
                    "GitHub tells Lampboard, and the board changes within a second. GitHub has to \
                     reach this address; it never delivers to localhost."))
                (self.choice("arrival", "polling", "Poll only",
                    "Lampboard asks GitHub every minute. Nothing has to reach it: right behind a \
                     firewall, or on your own machine."))
                (self.line(&Line {
                    name: "public_url",
                    label: "Public URL",
                    hint: "Where GitHub, and you, reach this Lampboard. Polling needs none.",
                    kind: "url",
                    placeholder: "https://ci.example.com",
                }))
            }
        }
    }

    /// Where GitHub is.
    pub(super) fn host(&self) -> Markup {
        html! {
            fieldset {
                legend { "Where your GitHub is" }
                (self.choice("host", "github", "github.com", ""))
                (self.choice("host", "own", "GitHub Enterprise Server or ghe.com", ""))
                div.only-own {
                    (self.line(&Line {
                        name: "web_url",
                        label: "Its web address",
                        hint: "",
                        kind: "url",
                        placeholder: "https://github.example.com",
                    }))
                    (self.line(&Line {
                        name: "api_url",
                        label: "Its API, if that is somewhere unusual",
                        hint: "Left empty: /api/v3 on a server of your own, api.NAME.ghe.com for \
                               NAME.ghe.com.",
                        kind: "url",
                        placeholder: "",
                    }))
                }
            }
        }
    }
}

fn describing(name: &str) -> String {
    format!("{name}-remarks")
}

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

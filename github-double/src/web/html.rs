//! HTML, put together so that nothing can be forgotten to be escaped.

/// A piece of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Html(String);

impl Html {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// This and what follows it.
    #[must_use]
    pub(super) fn and(mut self, next: impl Into<Self>) -> Self {
        self.0.push_str(&next.into().0);
        self
    }
}

impl From<&str> for Html {
    fn from(text: &str) -> Self {
        let mut html = String::with_capacity(text.len());
        push_escaped(text, &mut html);
        Self(html)
    }
}

impl From<String> for Html {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl FromIterator<Html> for Html {
    fn from_iter<I: IntoIterator<Item = Html>>(pieces: I) -> Self {
        pieces.into_iter().fold(Self::default(), Self::and)
    }
}

/// Names of attributes with their values.
type Attributes<'a> = &'a [(&'static str, &'a str)];

/// An element with what is in it.
pub(super) fn element(name: &str, attributes: Attributes<'_>, content: impl Into<Html>) -> Html {
    let Html(mut html) = open(name, attributes);
    html.push_str(&content.into().0);
    html.extend(["</", name, ">"]);
    Html(html)
}

/// An element that nothing can be in, or the opening tag of another one.
pub(super) fn open(name: &str, attributes: Attributes<'_>) -> Html {
    let mut html = format!("<{name}");
    for (attribute, value) in attributes {
        html.push(' ');
        html.push_str(attribute);
        html.push_str("=\"");
        push_escaped(value, &mut html);
        html.push('"');
    }
    html.push('>');
    Html(html)
}

pub(super) fn paragraph(content: impl Into<Html>) -> Html {
    element("p", &[], content)
}

pub(super) fn link(address: &str, text: &str) -> Html {
    element("a", &[("href", address)], text)
}

/// A form that is posted.
pub(super) fn form(action: &str, content: Html) -> Html {
    element("form", &[("method", "post"), ("action", action)], content)
}

/// A field that nobody sees; none without a value.
pub(super) fn hidden(name: &str, value: Option<&str>) -> Html {
    value.map_or_else(Html::default, |value| {
        open(
            "input",
            &[("type", "hidden"), ("name", name), ("value", value)],
        )
    })
}

/// A button that sends the form, and says by a field that it was the one.
pub(super) fn button(name: &str, value: &str, label: &str) -> Html {
    element("button", &[("name", name), ("value", value)], label)
}

/// A choice among others (`radio`) or by itself (`checkbox`), with its label.
pub(super) fn choice(kind: &str, name: &str, value: &str, chosen: bool, label: &str) -> Html {
    let mut attributes = vec![("type", kind), ("name", name), ("value", value)];
    if chosen {
        attributes.push(("checked", "checked"));
    }
    let input = open("input", &attributes);
    paragraph(element("label", &[], input.and(format!(" {label}"))))
}

fn push_escaped(text: &str, html: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            letter => html.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_attributes_are_escaped() {
        let html = element("p", &[("title", "\"'")], "<script>&");
        let expected = "<p title=\"&quot;&#39;\">&lt;script&gt;&amp;</p>";
        assert_eq!(html.as_str(), expected);
    }

    #[test]
    fn pieces_are_not_escaped_again() {
        let html = paragraph(link("/?a&b", "acme").and(" & more"));
        assert_eq!(
            html.as_str(),
            "<p><a href=\"/?a&amp;b\">acme</a> &amp; more</p>"
        );
    }
}

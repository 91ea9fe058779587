//! Slack's markup, in which text of others stays text.

use jiff::Timestamp;
use url::Url;

use crate::alerts::wording::{self, clean};

/// The most units of a header.
pub(super) const HEADER: usize = 150;
/// The most units of a section.
pub(super) const SECTION: usize = 3000;
/// The most units of a button's label.
pub(super) const LABEL: usize = 75;
/// The most bytes of the address of a page on GitHub. Longer ones are left out.
const ADDRESS: usize = 300;

/// Text of others where there is no markup, at most so many units long.
pub(super) fn escaped(text: &str, most: usize) -> String {
    wording::clip_by(
        &clean(text),
        most,
        size,
        |escaped, character| match entity(character) {
            Some(entity) => escaped.push_str(entity),
            None => escaped.push(character),
        },
    )
}

/// Text of others within markup: as code, in which nothing else means anything.
pub(super) fn code(text: &str, most: usize) -> String {
    let text = escaped(&text.replace('`', "'"), most);
    if text.is_empty() {
        "–".to_owned()
    } else {
        format!("`{text}`")
    }
}

/// A link with a label of ours.
pub(super) fn link(url: &Url, label: &str) -> String {
    let address = url.as_str().replace('&', "&amp;").replace('|', "%7C");
    format!("<{address}|{label}>")
}

/// A page on GitHub, unless it is not by https, or of an odd shape.
pub(super) fn github(url: &str) -> Option<Url> {
    let url = Url::parse(url).ok()?;
    let plain = url.scheme() == "https" && url.username().is_empty() && url.password().is_none();
    (plain && url.as_str().len() <= ADDRESS).then_some(url)
}

/// A time that Slack shows in the zone of the reader.
pub(super) fn date(time: Timestamp) -> String {
    let fallback = wording::time(time);
    format!(
        "<!date^{}^{{date_short_pretty}} {{time}}|{fallback}>",
        time.as_second()
    )
}

fn size(character: char) -> usize {
    entity(character).map_or(character.len_utf16(), str::len)
}

fn entity(character: char) -> Option<&'static str> {
    match character {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_others_means_nothing() {
        let cases = [
            ("<!channel>", "`&lt;!channel&gt;`"),
            ("<@U1>", "`&lt;@U1&gt;`"),
            (
                "<http://evil|github.com>",
                "`&lt;http://evil|github.com&gt;`",
            ),
            ("*bold* _it_ ~gone~", "`*bold* _it_ ~gone~`"),
            ("a ` b ``` c", "`a ' b ''' c`"),
            ("&lt;", "`&amp;lt;`"),
            ("a\n\n> quote", "`a &gt; quote`"),
            ("\0\u{202e}", "–"),
        ];
        for (text, shown) in cases {
            assert_eq!(code(text, 100), shown);
        }
    }

    #[test]
    fn what_is_cut_is_cut_between_entities() {
        assert_eq!(escaped("<<<", 12), "&lt;&lt;&lt;");
        assert_eq!(escaped("<<<", 11), "&lt;&lt;…");
        assert_eq!(escaped("<<<", 8), "&lt;…");
    }

    #[test]
    fn only_plain_pages_are_linked() {
        let long = format!("https://github.com/{}", "a".repeat(300));
        for url in [
            "javascript:alert(1)",
            "http://github.com/a/b",
            "https://github.com@evil.example/",
            "",
            &long,
        ] {
            assert_eq!(github(url), None, "{url}");
        }
        let odd = github("https://github.com/a/b?x=1&y=|>`").unwrap();
        let shown = link(&odd, "log");
        assert_eq!(shown, "<https://github.com/a/b?x=1&amp;y=%7C%3E`|log>");
    }
}

//! Patterns of filters: a text in which a star stands for any run of characters.

use serde::{Deserialize, Serialize};

/// A text in which each star stands for any run of characters, the empty one
/// included. There is no way to write a star that is meant literally, and no
/// need: neither git nor GitHub allows one in the names that are matched.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Pattern(String);

impl Pattern {
    /// Takes the text as it is; every text is a pattern.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The same pattern for a text whose ASCII letters are all lower-case.
    pub(crate) fn to_ascii_lowercase(&self) -> Self {
        Self(self.0.to_ascii_lowercase())
    }

    /// Whether it has no star, so that it matches only itself.
    pub(crate) fn is_exact(&self) -> bool {
        !self.0.contains('*')
    }

    /// Whether it matches, letter by letter.
    pub(crate) fn matches(&self, text: &str) -> bool {
        matches(&self.0, text)
    }

    /// Whether it matches when ASCII case is ignored, as GitHub does in the
    /// names of accounts and repositories.
    pub(crate) fn matches_ignoring_case(&self, text: &str) -> bool {
        matches(&self.0.to_ascii_lowercase(), &text.to_ascii_lowercase())
    }
}

/// Takes the first place for each part between stars, which is enough: a later
/// place would leave less room for the parts that follow.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some(place) = rest.find(part) else {
            return false;
        };
        rest = &rest[place + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_match_any_run() {
        let table = [
            ("main", "main", true),
            ("main", "mains", false),
            ("main", "", false),
            ("", "", true),
            ("", "x", false),
            ("*", "", true),
            ("*", "anything/at all", true),
            ("release/*", "release/1.2", true),
            ("release/*", "release", false),
            ("*[bot]", "dependabot[bot]", true),
            ("*[bot]", "bot", false),
            ("a*b*c", "abc", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "acb", false),
            ("ab*ba", "aba", false),
            ("**x**", "x", true),
            ("a*é", "aüé", true),
            ("?", "x", false),
            ("[ab]", "a", false),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(
                Pattern::new(pattern).matches(text),
                expected,
                "{pattern} on {text}"
            );
        }
    }

    #[test]
    fn case_is_ignored_only_when_asked() {
        let pattern = Pattern::new("Acme/*");
        assert!(!pattern.matches("acme/api"));
        assert!(pattern.matches_ignoring_case("aCME/api"));
    }
}

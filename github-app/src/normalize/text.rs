//! Brings GitHub's texts into the sizes and forms that are kept.

/// The most characters of a name, a login, a label or a branch.
const MAX_NAME: usize = 255;
/// The most characters of a word for a status or a conclusion.
const MAX_WORD: usize = 100;
/// The most characters of a title.
const MAX_TITLE: usize = 1000;
/// The most characters of a URL. A longer one is left out: cut, it would lead
/// elsewhere.
const MAX_URL: usize = 2000;

/// Keeps a name: of a workflow, a job, a branch, an account.
pub(super) fn name(text: Option<&str>) -> String {
    text.map_or_else(String::new, short)
}

/// Keeps the first line that is not blank, as a title.
pub(super) fn title(text: Option<&str>) -> String {
    let text = text.unwrap_or_default();
    let first_line = text.trim_start().lines().next().unwrap_or_default();
    capped(first_line.trim_end(), MAX_TITLE)
}

/// Keeps the name of a person, unless it is an e-mail address.
pub(super) fn person(text: Option<&str>) -> String {
    let name = name(text);
    let is_address = name.contains('@') && !name.contains(char::is_whitespace);
    if is_address { String::new() } else { name }
}

/// Keeps a URL that a browser may be sent to.
pub(super) fn url(text: Option<&str>) -> &str {
    let text = text.unwrap_or_default();
    let is_web = text.starts_with("https://") || text.starts_with("http://");
    let is_clean = !text.contains(|c: char| c.is_control() || c.is_whitespace());
    if is_web && is_clean && text.chars().count() <= MAX_URL {
        text
    } else {
        ""
    }
}

/// Keeps a SHA-1 or SHA-256, in lower case.
pub(super) fn commit_sha(text: Option<&str>) -> String {
    let text = text.unwrap_or_default();
    let is_sha = matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit());
    if is_sha {
        text.to_ascii_lowercase()
    } else {
        String::new()
    }
}

/// Keeps the path of a workflow file, without the ref that may follow it.
pub(super) fn workflow_path(text: &str) -> String {
    let end = [".yml@", ".yaml@"]
        .iter()
        .filter_map(|mark| Some(text.find(mark)? + mark.len() - 1))
        .min();
    short(&text[..end.unwrap_or(text.len())])
}

/// Keeps a word that GitHub has for a status or a conclusion, and we have not.
pub(super) fn word(text: &str) -> String {
    capped(text, MAX_WORD)
}

/// Keeps a text as long as a name may be.
pub(super) fn short(text: &str) -> String {
    capped(text, MAX_NAME)
}

/// Drops NULs, which no database takes, and what goes beyond `max` characters.
fn capped(text: &str, max: usize) -> String {
    if text.len() <= max && !text.contains('\0') {
        return text.to_owned();
    }
    text.chars().filter(|c| *c != '\0').take(max).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_characters_and_not_bytes() {
        assert_eq!(name(Some(&"ä".repeat(300))), "ä".repeat(255));
        assert_eq!(name(Some(&"ä".repeat(255))), "ä".repeat(255));
        assert_eq!(title(Some(&"x".repeat(5000))).len(), 1000);
    }

    #[test]
    fn drops_nothing_but_nuls() {
        assert_eq!(name(Some("a\0b\u{202e}c<b>\n")), "ab\u{202e}c<b>\n");
        assert_eq!(name(None), "");
    }

    #[test]
    fn takes_the_first_line_for_a_title() {
        assert_eq!(title(Some("Fix it\r\n\r\nBecause.")), "Fix it");
        assert_eq!(title(Some("\n\n  Fix it \nmore")), "Fix it");
        assert_eq!(title(Some("\n")), "");
    }

    #[test]
    fn keeps_no_address_for_a_name() {
        assert_eq!(person(Some("mona@example.com")), "");
        assert_eq!(person(Some("Mona @ Work")), "Mona @ Work");
        assert_eq!(person(Some("dependabot[bot]")), "dependabot[bot]");
    }

    #[test]
    fn keeps_only_web_addresses_that_are_whole() {
        let good = "https://github.com/acme/api/actions/runs/1";
        assert_eq!(url(Some(good)), good);
        let long = format!("https://github.com/{}", "x".repeat(2000));
        for bad in [
            "",
            "javascript:alert(1)",
            "//evil",
            "https://a\nb",
            "https://a b",
            &long,
        ] {
            assert_eq!(url(Some(bad)), "", "{bad}");
        }
    }

    #[test]
    fn keeps_whole_shas_only() {
        assert_eq!(commit_sha(Some(&"AB".repeat(20))), "ab".repeat(20));
        assert_eq!(commit_sha(Some(&"AB".repeat(32))), "ab".repeat(32));
        for bad in [
            String::new(),
            "ab".repeat(19),
            "ab".repeat(21),
            "xy".repeat(20),
        ] {
            assert_eq!(commit_sha(Some(&bad)), "", "{bad}");
        }
    }

    #[test]
    fn cuts_the_ref_off_a_workflow_path() {
        assert_eq!(
            workflow_path(".github/workflows/ci.yml@main"),
            ".github/workflows/ci.yml"
        );
        assert_eq!(workflow_path("a/b@c.yaml@refs/x.yml@y"), "a/b@c.yaml");
        assert_eq!(workflow_path("dynamic/pages@2"), "dynamic/pages@2");
    }
}

//! Puts the figures into the README, between two markers.

use anyhow::{Context as _, Result};

const START: &str = "<!-- bench:start -->";
const END: &str = "<!-- bench:end -->";

/// The text with what stood between the markers replaced.
pub(crate) fn splice(text: &str, figures: &str) -> Result<String> {
    let (before, rest) = text
        .split_once(START)
        .with_context(|| format!("the README has no line `{START}`; put it where figures go"))?;
    let (_, after) = rest
        .split_once(END)
        .with_context(|| format!("the README has no line `{END}` after `{START}`"))?;
    Ok(format!(
        "{before}{START}\n{}\n{END}{after}",
        figures.trim_end()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_only_what_is_between_the_markers() {
        let text = format!("# A\n\n{START}\nold\nolder\n{END}\n\n## B\n");
        assert_eq!(
            splice(&text, "new\n").unwrap(),
            format!("# A\n\n{START}\nnew\n{END}\n\n## B\n")
        );
    }

    #[test]
    fn twice_is_once() {
        let once = splice(&format!("{START}{END}\n"), "| a |").unwrap();
        assert_eq!(splice(&once, "| a |").unwrap(), once);
    }

    #[test]
    fn says_which_marker_is_missing() {
        let missing = |text: &str| splice(text, "").unwrap_err().to_string();
        assert!(missing("# A\n").contains(START));
        assert!(missing(&format!("{END}\n{START}\n")).contains(END));
    }
}

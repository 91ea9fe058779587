//! Replaces what stands between two markers.

use anyhow::{Context as _, Result};

/// The text with what stood between the markers of a part replaced.
pub(super) fn splice(text: &str, part: &str, figures: &str) -> Result<String> {
    let (start, end) = markers(part);
    let (before, rest) = text
        .split_once(&start)
        .with_context(|| format!("there is no line `{start}`; put it where figures go"))?;
    let (_, after) = rest
        .split_once(&end)
        .with_context(|| format!("there is no line `{end}` after `{start}`"))?;
    Ok(format!(
        "{before}{start}\n{}\n{end}{after}",
        figures.trim_end()
    ))
}

fn markers(part: &str) -> (String, String) {
    (
        format!("<!-- bench:{part}:start -->"),
        format!("<!-- bench:{part}:end -->"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_only_what_is_between_the_markers() {
        let (start, end) = markers("a");
        let text = format!("# A\n\n{start}\nold\nolder\n{end}\n\n## B\n");
        assert_eq!(
            splice(&text, "a", "new\n").unwrap(),
            format!("# A\n\n{start}\nnew\n{end}\n\n## B\n")
        );
    }

    #[test]
    fn twice_is_once() {
        let (start, end) = markers("a");
        let once = splice(&format!("{start}{end}\n"), "a", "| a |").unwrap();
        assert_eq!(splice(&once, "a", "| a |").unwrap(), once);
    }

    #[test]
    fn says_which_marker_is_missing() {
        let (start, end) = markers("a");
        let missing = |text: &str| splice(text, "a", "").unwrap_err().to_string();
        assert!(missing("# A\n").contains(&start));
        assert!(missing(&format!("{end}\n{start}\n")).contains(&end));
    }
}

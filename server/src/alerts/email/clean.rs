//! Cleans what others wrote, before it gets into a header or onto a line.

/// The most characters that a header's value keeps of one text.
const HEADER_LIMIT: usize = 200;

/// Makes a text fit to stand in a header. Every text that gets into one comes through here.
pub(super) fn clean_header(text: &str) -> String {
    clean(text, HEADER_LIMIT)
}

/// Takes out what ends lines, what turns the direction of reading and what can not be seen, and
/// cuts what is longer than `limit` characters.
pub(super) fn clean(text: &str, limit: usize) -> String {
    // Far more than is kept, so that an endless text costs no more than a long one.
    let visible: String = text
        .chars()
        .take(limit.saturating_mul(8))
        .filter(|c| !is_hidden(*c))
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let one_line = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    shorten(&one_line, limit)
}

/// Cuts a text in its middle: both ends of a long name tell more than one of them.
fn shorten(text: &str, limit: usize) -> String {
    let length = text.chars().count();
    if length <= limit {
        return text.to_owned();
    }
    let kept = limit.saturating_sub(1);
    let tail = kept / 3;
    let head: String = text.chars().take(kept - tail).collect();
    let end: String = text.chars().skip(length - tail).collect();
    format!("{}\u{2026}{}", head.trim_end(), end.trim_start())
}

/// Marks of direction, and characters without width that only make two names look the same.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_that_ends_a_line_or_turns_it() {
        let hostile = "ma\0in\r\nBcc: all@evil.test\u{85}\u{2028}\u{202e}txt\u{2066}\u{9b}x";
        assert_eq!(clean_header(hostile), "ma in Bcc: all@evil.test txt x");
    }

    #[test]
    fn both_ends_of_a_long_text_are_kept() {
        let cleaned = clean_header(&format!("start{}end", "x".repeat(5_000)));
        assert_eq!(cleaned.chars().count(), 200);
        assert!(cleaned.starts_with("start"), "{cleaned}");
        assert_eq!(clean("abcdefghij", 7), "abcd\u{2026}ij");
    }
}

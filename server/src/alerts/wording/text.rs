//! Makes text of others harmless before it is put into a line of ours.

/// Without controls, and without what turns or hides text; white space is one space.
pub(in crate::alerts) fn clean(text: &str) -> String {
    let visible: String = text
        .chars()
        .filter(|character| !is_hidden(*character))
        .map(|character| if is_break(character) { ' ' } else { character })
        .collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// At most so many units; what is cut off shows as `…`.
pub(in crate::alerts) fn clip(text: &str, most: usize) -> String {
    clip_by(text, most, char::len_utf16, |clipped, character| {
        clipped.push(character);
    })
}

/// Appends characters as `push` writes them, as long as their sizes fit.
pub(in crate::alerts) fn clip_by(
    text: &str,
    most: usize,
    size: impl Fn(char) -> usize,
    push: impl Fn(&mut String, char),
) -> String {
    let mut clipped = String::new();
    let mut room = most;
    // Where the text ends if it turns out to be too long: with room for the mark.
    let mut end = 0;
    for character in text.chars() {
        let size = size(character);
        if size > room {
            clipped.truncate(end);
            clipped.push('…');
            return clipped;
        }
        room -= size;
        push(&mut clipped, character);
        if room > 0 {
            end = clipped.len();
        }
    }
    clipped
}

/// How long others count a text: in units of UTF-16, which is never less than in characters.
pub(in crate::alerts) fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

fn is_break(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

/// Marks of direction, and spaces of no width. Joiners stay: writing and emoji need them.
fn is_hidden(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hidden_is_left() {
        assert_eq!(clean(" a\r\nb\0\tc\u{202e}d\u{200b} \u{2028} "), "a b cd");
        assert_eq!(clean("👩\u{200d}💻 ok"), "👩\u{200d}💻 ok");
        assert_eq!(clean("\u{1b}[31mred"), "[31mred");
    }

    #[test]
    fn a_long_text_shows_that_it_was_cut() {
        assert_eq!(clip("abc", 3), "abc");
        assert_eq!(clip("abcd", 3), "ab…");
        assert_eq!(clip("ab😀", 3), "ab…");
        assert_eq!(clip("a😀", 3), "a😀");
        assert_eq!(clip("😀😀", 3), "😀…");
        assert_eq!(clip("", 0), "");
    }
}

//! The SHA of a commit as bytes, which are in the same order as its digits.

/// Two digits in a byte. Nothing, if it is none: not an even number of lower-case
/// hexadecimal digits.
pub(in crate::store) fn pack(sha: &str) -> Option<Vec<u8>> {
    if sha.is_empty() || !sha.len().is_multiple_of(2) {
        return None;
    }
    let digits: Vec<u8> = sha.bytes().map(digit).collect::<Option<_>>()?;
    Some(digits.chunks_exact(2).map(join).collect())
}

/// The digits of bytes.
pub(in crate::store) fn unpack(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let letter = |digit: u8| char::from_digit(digit.into(), 16);
    digits.filter_map(letter).collect()
}

/// From which bytes on, and before which ones if any, a commit begins with some
/// digits.
pub(in crate::store) fn range(prefix: &str) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
    let mut digits: Vec<u8> = prefix.bytes().map(digit).collect::<Option<_>>()?;
    let first = digits.chunks(2).map(join).collect();
    while digits.last() == Some(&15) {
        digits.pop();
    }
    let end = digits.last_mut().map(|last| {
        *last += 1;
    });
    Some((first, end.map(|()| digits.chunks(2).map(join).collect())))
}

fn join(digits: &[u8]) -> u8 {
    let digit = |place| digits.get(place).copied().unwrap_or_default();
    digit(0) << 4 | digit(1)
}

fn digit(letter: u8) -> Option<u8> {
    match letter {
        b'0'..=b'9' => Some(letter - b'0'),
        b'a'..=b'f' => Some(letter - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_commit_is_not_packed() {
        for odd in ["", "a", "abc", "AB", "zz", "ü", "0g", " 1"] {
            assert_eq!(pack(odd), None, "{odd}");
        }
        assert_eq!(pack("00ff10"), Some(vec![0, 255, 16]));
        assert_eq!(range("AB"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn commits_are_found_by_how_they_begin(
            sha in "([0-9a-f]{2}){1,3}|f{4}|[0-9a-f]{40}",
            prefix in "[0-9a-f]{1,4}|f{1,4}",
        ) {
            let bytes = pack(&sha).unwrap();
            prop_assert_eq!(unpack(&bytes), sha.clone());
            let (first, end) = range(&prefix).unwrap();
            let within = bytes >= first && end.is_none_or(|end| bytes < end);
            // A commit is longer than what is asked for.
            prop_assume!(sha.len() > prefix.len());
            prop_assert_eq!(within, sha.starts_with(&prefix));
        }
    }
}

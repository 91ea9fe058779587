//! As much of DER as a key needs: a sequence of numbers.

use num_bigint::BigUint;

const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;

/// Writes a sequence of numbers.
pub(super) fn sequence(numbers: &[&BigUint]) -> Vec<u8> {
    let content: Vec<u8> = numbers.iter().flat_map(|number| integer(number)).collect();
    value(SEQUENCE, &content)
}

fn integer(number: &BigUint) -> Vec<u8> {
    let mut bytes = number.to_bytes_be();
    // A first bit that is set would make it negative.
    if bytes[0] >= 0x80 {
        bytes.insert(0, 0);
    }
    value(INTEGER, &bytes)
}

fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut value = vec![tag];
    value.extend(length(content.len()));
    value.extend(content);
    value
}

fn length(length: usize) -> Vec<u8> {
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => vec![short],
        _ => {
            let bytes = BigUint::from(length).to_bytes_be();
            let count = u8::try_from(bytes.len()).expect("a length has eight bytes at most");
            [vec![0x80 | count], bytes].concat()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_never_negative() {
        let zero = [0x02, 0x01, 0x00];
        let large = [0x02, 0x02, 0x00, 0x80];
        assert_eq!(integer(&BigUint::ZERO), zero);
        assert_eq!(integer(&0x80_u32.into()), large);
        assert_eq!(
            sequence(&[&BigUint::ZERO, &0x80_u32.into()]),
            [&[0x30, 0x07][..], &zero, &large].concat()
        );
    }

    #[test]
    fn lengths_are_as_short_as_can_be() {
        assert_eq!(length(0x7f), [0x7f]);
        assert_eq!(length(0x80), [0x81, 0x80]);
        assert_eq!(length(0x1234), [0x82, 0x12, 0x34]);
    }
}
